import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';

import { HistoryBuilder } from '../../../../src/pipeline/collect/index.js';
import type { LoadedBundle } from '../../../../src/pipeline/deploy/host/index.js';
import { ServingHost } from '../../../../src/pipeline/deploy/host/index.js';
import { Shelf } from '../../../../src/pipeline/deploy/host/shelf.js';
import { folderModelFiles, modelDirectory, writeManifest } from '../../../../src/pipeline/deploy/index.js';
import { shopClock } from '../../../../src/pipeline/index.js';
import { recency } from '../../../../src/pipeline/single-task/index.js';
import type { DeploymentRow, ModelVersionRow, ShopStore, Store } from '../../../../src/store/index.js';
import type { TaskName } from '../../../../src/tasks/index.js';

const USERS = 1000;
const builder = new HistoryBuilder();
for (let user = 0; user < USERS; user++) {
  const occurredAt = new Date(Date.UTC(2026, 0, 1) + user * 3_600_000);
  builder.addBehaviour({ eventId: `${user}`, userId: `u${user}`, type: 'PURCHASE', occurredAt });
}
const history = builder.build('GBP');
const asOf = shopClock(history);

let dataDir: string;
let deployments: DeploymentRow[];
let versions: Map<string, ModelVersionRow>;
let host: ServingHost;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'host-'));
  deployments = [];
  versions = new Map();
  const shop: Partial<ShopStore> = {
    activeDeployments: () => Promise.resolve([...deployments]),
    modelVersionsByIds: (ids) => Promise.resolve(ids.map((id) => versions.get(id) ?? null)),
  };
  const store: Partial<Store> = { forShop: () => Promise.resolve(shop as ShopStore) };
  host = new ServingHost(store as Store, folderModelFiles(dataDir));
});
afterEach(() => rm(dataDir, { recursive: true }));

/** Deploys a version that gives every user the same probability, whatever the task. */
async function deploy(id: string, probability: number, trafficShare = 1, tasks: TaskName[] = ['CHURN']) {
  const files = folderModelFiles(dataDir);
  const staged = await files.stage();
  await mkdir(join(staged, 'recency'));
  const rates = Object.fromEntries(tasks.map((task) => [task, Array<number>(7).fill(probability)]));
  await writeFile(join(staged, 'recency', 'recency.json'), JSON.stringify({ tasks, rates }));
  const entry = {
    architecture: 'recency',
    family: 'BASELINE' as const,
    directory: 'recency',
    threshold: 0.4,
  };
  const entries = Object.fromEntries(tasks.map((task) => [task, entry]));
  const cut = new Date(asOf).toISOString();
  await writeManifest(staged, { version: 1, tasks: entries, cut, seed: 1, data: {}, notes: [] });
  const { contentHash } = await files.commit(staged);
  versions.set(id, { id, contentHash, tasks } as ModelVersionRow);
  const deployment = { id: `d-${id}`, modelVersionId: id, tasks, trafficShare } as DeploymentRow;
  deployments.unshift(deployment);
  return contentHash;
}
const score = async (task: TaskName = 'CHURN') => {
  const { probabilities, servedBy } = await host.scoreUsers('default', history, asOf, [task]);
  return { probabilities: [...(probabilities[task] ?? [])], servedBy: servedBy[task] ?? [] };
};

describe('serving host', () => {
  test('without a deployed model for the task says so, and answers as soon as there is one', async () => {
    await expect(score()).rejects.toMatchObject({ code: 'NOT_READY' });
    await deploy('a', 0.25);
    await host.reload('default');
    const { probabilities, servedBy } = await score();
    expect(new Set(probabilities)).toEqual(new Set([0.25]));
    expect(servedBy[0]).toEqual({ modelVersionId: 'a', threshold: 0.4 });
    await expect(score('FRAUD')).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  test('a share of the traffic goes to the newer version, the same users every time', async () => {
    await deploy('a', 0.25);
    await deploy('b', 0.75, 0.3);
    const { probabilities, servedBy } = await score();
    const newer = probabilities.filter((probability) => probability === 0.75).length;
    // Three standard deviations of a binomial with 1,000 draws.
    expect(Math.abs(newer - 300)).toBeLessThan(3 * Math.sqrt(1000 * 0.3 * 0.7));
    servedBy.forEach(({ modelVersionId }, user) => {
      expect(probabilities[user]).toBe(modelVersionId === 'b' ? 0.75 : 0.25);
    });
    expect((await score()).probabilities).toEqual(probabilities);
  });

  test('a task that the newest version lacks stays with the one before', async () => {
    await deploy('a', 0.25, 1, ['CHURN', 'PURCHASE_INTENT']);
    await deploy('b', 0.75, 1, ['CHURN']);
    expect((await score('CHURN')).servedBy[0].modelVersionId).toBe('b');
    expect((await score('PURCHASE_INTENT')).servedBy[0].modelVersionId).toBe('a');
    expect((await host.loaded()).map(({ modelVersionId }) => modelVersionId)).toEqual(['b', 'a']);
  });

  test('damaged files are never served: the models before them go on', async () => {
    await deploy('a', 0.25);
    expect((await score()).probabilities[0]).toBe(0.25);
    const hash = await deploy('b', 0.75);
    await appendFile(join(modelDirectory(dataDir, hash), 'recency', 'recency.json'), ' ');
    await expect(host.reload('default')).rejects.toMatchObject({ code: 'INTERNAL' });
    expect((await score()).probabilities[0]).toBe(0.25);
    await rm(modelDirectory(dataDir, hash), { recursive: true });
    await expect(host.reload('default')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect((await score()).probabilities[0]).toBe(0.25);
  });

  test('reloads at once leave the newest in place and answering', async () => {
    await deploy('a', 0.25);
    await score();
    await deploy('b', 0.75);
    const scores = await Promise.all([host.reload('default'), host.reload('default'), score(), score()]);
    const answers = [...scores[2].probabilities, ...scores[3].probabilities];
    expect(answers.every((probability) => probability === 0.25 || probability === 0.75)).toBe(true);
    expect(new Set((await score()).probabilities)).toEqual(new Set([0.75]));
  });

  test('closed, it holds no model and answers what was asked before', async () => {
    await deploy('a', 0.25);
    await host.reload('default');
    const [asked] = await Promise.all([score(), host.close()]);
    expect(new Set(asked.probabilities)).toEqual(new Set([0.25]));
    expect(await host.loaded()).toEqual([]);
    expect((await score()).probabilities[0]).toBe(0.25);
  });

  test('a model with several tasks is asked once', async () => {
    let calls = 0;
    const load = recency.load.bind(recency);
    jest.spyOn(recency, 'load').mockImplementation(async (directory) => {
      const model = await load(directory);
      const scorer = model.users!;
      const scoreUsers = scorer.scoreUsers.bind(scorer);
      scorer.scoreUsers = (request) => {
        calls++;
        return scoreUsers(request);
      };
      return model;
    });
    const tasks: TaskName[] = ['CHURN', 'PURCHASE_INTENT'];
    await deploy('a', 0.25, 1, tasks);
    const { probabilities } = await host.scoreUsers('default', history, asOf, tasks);
    jest.restoreAllMocks();
    expect(calls).toBe(1);
    expect(probabilities.PURCHASE_INTENT).toEqual(probabilities.CHURN);
    expect(probabilities.CHURN).toHaveLength(USERS);
  });
});

test('models that are set aside are disposed of once, when the last call on them has ended', async () => {
  let disposals = 0;
  const bundle = { dispose: () => disposals++ } as unknown as LoadedBundle;
  const shelf = new Shelf([{ deployment: {} as DeploymentRow, bundle }]);
  let finish: () => void = () => undefined;
  const call = shelf.use(() => new Promise<void>((resolve) => (finish = resolve)));
  await shelf.use(() => Promise.resolve());
  shelf.setAside();
  expect(disposals).toBe(0);
  finish();
  await call;
  expect(disposals).toBe(1);
  shelf.setAside();
  expect(disposals).toBe(1);
});
