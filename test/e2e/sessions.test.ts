/** Sessions through the real thing: stored by the API, answered by a serving host with models that were trained on a shop whose truth is known. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { ServingHost } from '../../src/pipeline/deploy/host/index.js';
import { deployModel, folderModelFiles, writeManifest } from '../../src/pipeline/deploy/index.js';
import { BEHAVIOUR_TYPES, DAY_MS, shopClock } from '../../src/pipeline/index.js';
import { markovChain, sessionDense } from '../../src/pipeline/single-task/index.js';
import { SESSION_START, shopWithSessions } from '../support/shop-with-sessions.js';
import { type Api, noServing, startApi } from './api-harness.js';

const history = shopWithSessions({ users: 90, items: 9, days: 50, seed: 4 });
const cut = shopClock(history);
const ANSWERS = `id behaviourCount isOpen hasPurchase
  nextBehaviour { label probabilities { type probability } modelVersion { id } explanation(first: 3) { feature description value contribution } }
  outcome { probability label threshold modelVersion { architecture } explanation { feature description contribution } }`;

const INTO_THE_CART = [
  ['VIEW', 0],
  ['ADD_TO_CART', 2],
] as const;

let api: Api;
let host: ServingHost;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'session-models-'));
  api = await startApi({
    serving: ({ store }) => {
      host = new ServingHost(store, folderModelFiles(directory));
      const none = noServing();
      return {
        ...none,
        scoreSessions: host.scoreSessions.bind(host),
        explainSessions: host.explainSessions.bind(host),
      };
    },
  });
  const { behaviours } = history;
  await api.shop.upsertItems(history.items.map(({ id, title }) => ({ id, title, price: '2.00' })));
  await api.shop.recordBehaviours(
    Array.from(behaviours.type, (type, row) => ({
      eventId: `e${row}`,
      userId: history.users[behaviours.user[row]].id,
      itemId: history.items[behaviours.item[row]].id,
      type: BEHAVIOUR_TYPES[type],
      occurredAt: new Date(behaviours.occurredAt[row]),
      sessionId: `s${behaviours.session[row]}`,
      value: String(behaviours.value[row]),
    })),
  );
});
afterAll(async () => {
  await host.close();
  await api.close();
  await rm(directory, { recursive: true });
});

const ask = async (query: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await api.ask<Record<string, Session>>(query, variables);
  expect(errors).toBeUndefined();
  return Object.values(data)[0];
};

const openSession = (behaviours: readonly (readonly [string, number])[], userId: string | null = null) =>
  ask(`query ($session: OpenSessionInput!) { openSession(session: $session) { ${ANSWERS} } }`, {
    session: {
      userId,
      behaviours: behaviours.map(([type, minute]) => ({
        type,
        itemId: 'i1',
        occurredAt: new Date(SESSION_START + 51 * DAY_MS + minute * 60_000).toISOString(),
      })),
    },
  });

test('before a model is deployed a session is there, its answers say NOT_READY', async () => {
  const { data, errors } = await api.ask<{ user: { sessions: Session[] } }>(
    `{ user(id: "u1") { sessions(first: 2) { id behaviourCount nextBehaviour { label } } } }`,
  );
  expect(data.user.sessions).toHaveLength(2);
  expect(data.user.sessions[0].nextBehaviour).toBeNull();
  expect(errors?.[0].extensions.code).toBe('NOT_READY');
});

test('stored sessions and those in progress are answered as the shop’s truth has it', async () => {
  await trainAndDeploy();
  const [row] = history.userOffsets.subarray(3, 4);
  const id = `s${history.behaviours.session[row]}`;
  const stored = `query ($steps: Int) { session(userId: "u3", sessionId: "${id}", steps: $steps) { ${ANSWERS} } }`;
  const all = await ask(stored);
  const begun = await ask(stored, { steps: 1 });
  expect(all.id).toBe(id);
  expect(begun.behaviourCount).toBe(1);
  // From a view: on 0.6, cart 0.2, end 0.2.
  const chances = new Map(begun.nextBehaviour?.probabilities.map((one) => [one.type, one.probability]));
  expect([...chances.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  expect(begun.nextBehaviour?.label).toBe('VIEW');
  expect(chances.get('VIEW')).toBeCloseTo(0.6, 1);
  // A session in progress holds what a stored one holds: asked in the same words it is answered alike.
  const { behaviours } = history;
  const again = await ask(
    `query ($session: OpenSessionInput!) { openSession(session: $session) { ${ANSWERS} } }`,
    {
      session: {
        userId: 'u3',
        behaviours: [
          {
            type: 'VIEW',
            itemId: history.items[behaviours.item[row]].id,
            occurredAt: new Date(behaviours.occurredAt[row]).toISOString(),
          },
        ],
      },
    },
  );
  expect(again.nextBehaviour).toEqual(begun.nextBehaviour);
  expect(again.outcome).toEqual(begun.outcome);
  // Buyers (every third user) buy from the cart with 0.7, others with 0.1.
  const buyer = await openSession(INTO_THE_CART, 'u3');
  const other = await openSession(INTO_THE_CART, 'u4');
  const stranger = await openSession(INTO_THE_CART);
  expect(buyer.outcome?.probability).toBeGreaterThan((other.outcome?.probability ?? 1) + 0.2);
  expect(stranger.outcome?.modelVersion.architecture).toBe('session');
  expect(buyer.outcome?.label).toBe((buyer.outcome?.probability ?? 0) >= (buyer.outcome?.threshold ?? 1));
  const whatWasBefore = ({ outcome }: Session) =>
    outcome?.explanation.find(({ feature }) => feature === 'earlier')?.contribution ?? Number.NaN;
  expect(whatWasBefore(buyer)).toBeGreaterThan(whatWasBefore(other) + 0.5);
  expect(whatWasBefore(stranger)).toBeNaN();
  expect(buyer.nextBehaviour?.explanation.map(({ feature }) => feature)).toContain('behaviour 2');
});

test('a session with a purchase has no outcome left, an order that was handed in is no visit', async () => {
  const bought = await openSession([
    ['VIEW', 0],
    ['ADD_TO_CART', 1],
    ['PURCHASE', 2],
  ]);
  expect(bought).toMatchObject({ hasPurchase: true, outcome: null, nextBehaviour: { label: 'END' } });
  expect(await openSession([['PURCHASE', 0]])).toMatchObject({ outcome: null, nextBehaviour: null });
});

test.each([
  ['no behaviour', [], 'BAD_USER_INPUT', /at least one/],
  [
    'too many',
    Array.from({ length: 501 }, () => ({ type: 'VIEW', occurredAt: '2026-01-01T00:00:00Z' })),
    'LIMIT_EXCEEDED',
    /500/,
  ],
  [
    'a value that is none',
    [{ type: 'VIEW', occurredAt: '2026-01-01T00:00:00Z', value: 'much' }],
    'BAD_USER_INPUT',
    /behaviours\[0\]\.value/,
  ],
])('%s is refused', async (_name, behaviours, code, message) => {
  const { errors } = await api.ask(
    'query ($session: OpenSessionInput!) { openSession(session: $session) { behaviourCount } }',
    { session: { behaviours } },
  );
  expect(errors?.[0].extensions.code).toBe(code);
  expect(errors?.[0].message).toMatch(message);
});

test('an unknown session is null, and steps below one are refused', async () => {
  const { data } = await api.ask('{ session(userId: "u3", sessionId: "none") { id } }');
  expect(data).toEqual({ session: null });
  const id = `s${history.behaviours.session[0]}`;
  const { errors } = await api.ask(`{ session(userId: "u0", sessionId: "${id}", steps: 0) { id } }`);
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
});

/** A version with a chain for what comes next and a net for the outcome. */
async function trainAndDeploy(): Promise<void> {
  const files = folderModelFiles(directory);
  const staged = await files.stage();
  const tasks = {
    NEXT_BEHAVIOUR: markovChain.create(['NEXT_BEHAVIOUR'], {}),
    SESSION_OUTCOME: sessionDense.create(['SESSION_OUTCOME'], { epochs: 4, batchSize: 64, members: 1 }),
  };
  const entries: Record<string, object> = {};
  for (const [task, model] of Object.entries(tasks)) {
    await model.fit(
      { history, cut },
      {
        seed: 1,
        signal: new AbortController().signal,
        onEpoch: () => undefined,
        onProgress: () => undefined,
      },
    );
    await mkdir(join(staged, task));
    await model.save(join(staged, task));
    model.dispose();
    entries[task] = {
      architecture: model.architecture,
      family: model.family,
      directory: task,
      threshold: 0.4,
    };
  }
  const manifest = {
    version: 1,
    tasks: entries,
    cut: new Date(cut).toISOString(),
    seed: 1,
    data: {},
    notes: [],
  };
  await writeManifest(staged, manifest as unknown as Parameters<typeof writeManifest>[1]);
  const { contentHash, sizeBytes } = await files.commit(staged);
  const names = ['NEXT_BEHAVIOUR', 'SESSION_OUTCOME'] as const;
  const run = await api.shop.createRun({ kind: 'SINGLE_TASK', tasks: [...names], config: {}, seed: 1 });
  const version = await api.shop.createModelVersion({
    runId: run.id,
    contentHash,
    tasks: [...names],
    architecture: 'session',
    dataUntil: new Date(cut),
    sizeBytes,
    manifest: {},
  });
  await deployModel(api.database.store, api.shop, version.id, 1);
  await host.reload(api.shop.shopKey);
}

interface Why {
  readonly feature: string;
  readonly contribution: number;
}
interface Session {
  readonly id: string | null;
  readonly behaviourCount: number;
  readonly nextBehaviour: {
    readonly label: string;
    readonly probabilities: { readonly type: string; readonly probability: number }[];
    readonly explanation: Why[];
  } | null;
  readonly outcome: {
    readonly probability: number;
    readonly label: boolean;
    readonly threshold: number;
    readonly modelVersion: { readonly architecture: string };
    readonly explanation: Why[];
  } | null;
}
