/**
 * Requests a second of `recommendations` over real HTTP: the server as it is started by a user, with the bundled shop and its deployed
 * models, beside a bare Node server that sends as many bytes, in the same run.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import autocannon from 'autocannon';

import { Random } from '../src/nn/random.js';
import { PROJECT_ROOT } from '../src/root.js';

const QUERY = `query ($userId: ID!) {
  recommendations(userId: $userId, first: 10) { rank score item { id title price } reason { kind text } impressionId }
}`;
const RECORD = `mutation ($input: [BehaviourInput!]!) { recordBehaviours(input: $input) { accepted } }`;
const USERS_QUERY =
  'query ($after: String) { users(first: 100, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }';
const ITEMS_QUERY = 'query { items(first: 100, filter: { available: true }) { edges { node { id } } } }';
const HEADERS = { 'content-type': 'application/json' };
const WARM_UP_SECONDS = 2;
/** With --fresh one request in so many records a purchase of the user asked for next. */
const RECORD_EVERY = 2;
const PATIENCE_MS = 15 * 60_000;

interface Figures {
  readonly req_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly errors: number;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      connections: { type: 'string', default: '16' },
      seconds: { type: 'string', default: '10' },
      fresh: { type: 'boolean', default: false },
      /** Folder of the server's data; kept, so that a second run need not train. */
      data: { type: 'string', default: join(PROJECT_ROOT, '.data', 'bench-recommend') },
      json: { type: 'boolean' },
    },
  });
  const load = { connections: Number(flags.connections), seconds: Number(flags.seconds) };
  if (!(load.connections >= 1) || !(load.seconds >= 1))
    throw new Error(`Expected --connections and --seconds of at least 1, got ${JSON.stringify(load)}.`);
  const server = await startServer(flags.data);
  try {
    const bodies = await requestBodies(server.url, flags.fresh);
    await measure(`${server.url}/graphql`, bodies, { ...load, seconds: WARM_UP_SECONDS });
    const figures = await measure(`${server.url}/graphql`, bodies, load);
    const answer = await post(server.url, bodies[bodies.length - 1]);
    const bare = await measureBare(JSON.stringify(answer), load);
    console.log(
      JSON.stringify({
        ...figures,
        bare_req_s: bare.req_s,
        ratio_to_bare: round(figures.req_s / bare.req_s),
        ...load,
        fresh: flags.fresh,
      }),
    );
  } finally {
    await server.stop();
  }
}

/** Starts the product and waits until a ranker is deployed; the first time it imports and trains. */
async function startServer(data: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const child = fork(join(PROJECT_ROOT, 'dist', 'src', 'main.js'), {
    env: { ...process.env, PORT: '0', HOST: '127.0.0.1', TANDEM_DATA: data, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const url = await addressOf(child);
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await post(url, body(QUERY, { userId: 'nobody' }));
    if (!answer.errors) break;
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`No ranker serves: ${JSON.stringify(answer)}`);
    await sleep(1000);
  }
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`The server ended with code ${code} before it served.`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      const url = /Serving on (http:\S+)/.exec(text)?.[1];
      if (url) resolve(url);
      else process.stderr.write(text);
    });
  });
}

interface Answer {
  readonly data?: Record<
    string,
    { edges: { node: { id: string } }[]; pageInfo?: { hasNextPage: boolean; endCursor: string } }
  >;
  readonly errors?: unknown;
}

async function post(url: string, payload: string): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: HEADERS, body: payload });
  return (await response.json()) as Answer;
}

const body = (query: string, variables: object = {}): string => JSON.stringify({ query, variables });

/** One request a user, in random order; with `fresh` a purchase comes before, so that no list can be an older one. */
async function requestBodies(url: string, isFresh: boolean): Promise<string[]> {
  const users: string[] = [];
  let after: string | null = null;
  do {
    const page: Answer = await post(url, body(USERS_QUERY, { after }));
    if (!page.data) throw new Error(`The users could not be read: ${JSON.stringify(page.errors)}`);
    const { edges, pageInfo } = page.data.users;
    users.push(...edges.map(({ node }) => node.id));
    after = pageInfo?.hasNextPage ? pageInfo.endCursor : null;
  } while (after !== null);
  const random = new Random(1);
  const order = [...random.permutation(users.length)].map((at) => users[at]);
  if (!isFresh) return order.map((userId) => body(QUERY, { userId }));
  const items = ((await post(url, body(ITEMS_QUERY))).data?.items.edges ?? []).map(({ node }) => node.id);
  const record = (userId: string, at: number) => ({
    eventId: `bench-${process.pid}-${at}`,
    userId,
    itemId: items[random.integer(items.length)],
    type: 'VIEW',
    occurredAt: new Date(LATEST_RECORD_MS).toISOString(),
  });
  return order
    .slice(0, order.length - (order.length % RECORD_EVERY))
    .flatMap((userId, at) => [body(RECORD, { input: [record(userId, at)] }), body(QUERY, { userId })]);
}

/** Before the bundled shop's last behaviour, so that its clock stands still. */
const LATEST_RECORD_MS = Date.parse('2011-12-01T00:00:00Z');

async function measure(
  url: string,
  bodies: readonly string[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Figures> {
  let next = 0;
  let refused = 0;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    method: 'POST',
    headers: HEADERS,
    requests: [
      {
        setupRequest: (request) => ({ ...request, body: bodies[next++ % bodies.length] }),
        // GraphQL answers errors with status 200.
        onResponse: (_status, text) => {
          if (text.includes('"errors":[')) refused++;
        },
      },
    ],
  });
  return {
    req_s: round(result.requests.average),
    p50_ms: result.latency.p50,
    p99_ms: result.latency.p99,
    errors: result.errors + result.non2xx + refused,
  };
}

/** The machine's limit for one Node process: the same bytes, sent without any work. */
async function measureBare(text: string, load: { connections: number; seconds: number }): Promise<Figures> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, HEADERS).end(text));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await measure(`http://127.0.0.1:${port}/`, [body(QUERY, { userId: 'nobody' })], load);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const round = (value: number): number => Math.round(1000 * value) / 1000;
