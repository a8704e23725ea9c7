import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import net from 'node:net';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { folderModelFiles, modelDirectory } from '../../../src/pipeline/deploy/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type RunningProcess, startProcess, stopProcess, until } from '../../support/processes.js';

const PATIENCE_MS = 120_000;
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

let directory: string;
const running: RunningProcess[] = [];

beforeAll(async () => {
  // Where another account can reach it as well.
  directory = await mkdtemp('/var/tmp/tandem-server-');
  await chmod(directory, 0o755);
});
afterEach(async () => {
  await Promise.all(running.splice(0).map(stopProcess));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Workers and TensorFlow are of no part in what is tested here. */
const serve = (env: NodeJS.ProcessEnv, options = {}) => {
  const server = startProcess('main', [], {
    env: {
      TANDEM_WORKERS: '0',
      TANDEM_SAMPLE: 'off',
      HOST: '127.0.0.1',
      PORT: '0',
      DATABASE_URL: '',
      ...env,
    },
    ...options,
  });
  running.push(server);
  return server;
};
async function urlOf(server: RunningProcess): Promise<string> {
  await server.saysOnError(/Serving on http/, PATIENCE_MS);
  return /Serving on (http:\/\/[^ ]+)/.exec(server.output.stderr)![1];
}
async function ask(url: string, query: string) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as {
    data: Record<string, unknown> | null;
    errors?: { message: string; extensions: { code: string; id?: string } }[];
  };
}
const statusOf = async (url: string, path: string) => (await fetch(url + path)).status;

/** A way to the database that can be cut. */
class Line {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  port = 0;

  constructor(private readonly target: URL) {}

  async open(): Promise<void> {
    this.server = createServer((socket) => {
      const upstream = net.connect(Number(this.target.port), this.target.hostname);
      for (const end of [socket, upstream]) {
        this.sockets.add(end);
        end.on('error', () => undefined);
        end.once('close', () => {
          this.sockets.delete(end);
          socket.destroy();
          upstream.destroy();
        });
      }
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => this.server?.listen(this.port, '127.0.0.1', resolve));
    const address = this.server.address();
    if (address && typeof address === 'object') this.port = address.port;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

describe('a server that cannot start', () => {
  test('says that its port is in use, and ends with 1', async () => {
    const database = await createTestDatabase();
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    try {
      const server = serve({ PORT: String(port), DATABASE_URL: database.url, TANDEM_DATA: directory });
      expect(await server.ended).toBe(1);
      expect(server.output.stderr).toContain(`Port ${port} is in use on 127.0.0.1`);
      expect(server.output.stderr).not.toMatch(/^\s+at /m);
    } finally {
      holder.close();
      await database.drop();
    }
  }, 150_000);

  test('says which database cannot be used, without its password, and ends with 1', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as { port: number };
    await new Promise((resolve) => holder.close(resolve));
    const server = serve({ DATABASE_URL: `postgresql://shop:geheim@127.0.0.1:${port}/orders` });
    expect(await server.ended).toBe(1);
    expect(server.output.stderr).toContain(`The database orders at 127.0.0.1:${port} cannot be used`);
    expect(server.output.stderr).toContain('ECONNREFUSED');
    expect(server.output.stderr).not.toContain('geheim');
    expect(server.output.stderr).not.toMatch(/^\s+at /m);
  }, 150_000);

  test('names each wrong setting, and ends with 2', async () => {
    const server = serve({ PORT: 'four thousand', TANDEM_WORKERS: '-1' });
    expect(await server.ended).toBe(2);
    expect(server.output.stderr).toContain(
      'PORT: must be a whole number from 0 to 65535; got "four thousand"',
    );
    expect(server.output.stderr).toContain('TANDEM_WORKERS: must be a whole number');
  }, 150_000);
});

describe('a database that goes down while the server serves', () => {
  let database: TestDatabase;
  let line: Line;
  beforeAll(async () => {
    database = await createTestDatabase();
    line = new Line(new URL(database.url));
    await line.open();
  });
  afterAll(async () => {
    await line.cut();
    await database.drop();
  });

  test('shows in readiness and in errors without detail, and is found again by itself', async () => {
    const { pathname, username } = new URL(database.url);
    const server = serve({
      DATABASE_URL: `postgresql://${username}@127.0.0.1:${line.port}${pathname}`,
      TANDEM_DATA: directory,
    });
    const url = await urlOf(server);
    const query = '{ users(first: 1) { totalCount } }';
    expect((await ask(url, query)).data).toEqual({ users: { totalCount: 0 } });
    await until(async () => (await statusOf(url, '/health/ready')) === 200, PATIENCE_MS);

    await line.cut();
    const { errors } = await ask(url, query);
    expect(errors?.[0].extensions).toEqual({ code: 'INTERNAL', id: expect.any(String) as unknown });
    expect(errors?.[0].message).not.toMatch(/ECONN|SELECT|postgres/i);
    await server.saysOnError(errors?.[0].extensions.id ?? 'no id');
    expect(await statusOf(url, '/health/ready')).toBe(503);
    expect(await statusOf(url, '/health/live')).toBe(200);

    await line.open();
    await until(async () => (await statusOf(url, '/health/ready')) === 200, PATIENCE_MS);
    expect((await ask(url, query)).data).toEqual({ users: { totalCount: 0 } });
    expect(await stopProcess(server)).toBe(0);
  }, 300_000);
});

describe('a model in service whose files are not as they were', () => {
  test.each(['missing', 'damaged'])(
    '%s: callers hear that it is not ready, the log why',
    async (how) => {
      const database = await createTestDatabase();
      const dataDir = join(directory, how);
      try {
        const files = folderModelFiles(dataDir);
        const staged = await files.stage();
        await writeFile(join(staged, 'manifest.json'), '{}');
        const { contentHash, sizeBytes } = await files.commit(staged);
        if (how === 'missing') await rm(modelDirectory(dataDir, contentHash), { recursive: true });
        else await writeFile(join(modelDirectory(dataDir, contentHash), 'manifest.json'), '{ }');
        const { shop } = database;
        const run = await shop.createRun({
          kind: 'SINGLE_TASK',
          tasks: ['RECOMMENDATION'],
          config: {},
          seed: 1,
        });
        const { id } = await shop.createModelVersion({
          runId: run.id,
          contentHash,
          sizeBytes,
          tasks: ['RECOMMENDATION'],
          architecture: 'popular',
          dataUntil: new Date('2026-01-01T00:00:00Z'),
          manifest: {},
        });
        await shop.createDeployment({ modelVersionId: id, tasks: ['RECOMMENDATION'], trafficShare: 1 });
        const server = serve({ DATABASE_URL: database.url, TANDEM_DATA: dataDir });
        const { errors } = await ask(await urlOf(server), '{ recommendations(userId: "u1") { rank } }');
        expect(errors?.[0].extensions.code).toBe('NOT_READY');
        expect(errors?.[0].message).toContain('missing or damaged');
        expect(errors?.[0].message).not.toContain(dataDir);
        await server.saysOnError(how === 'missing' ? 'are not in' : 'are damaged');
        expect(await stopProcess(server)).toBe(0);
      } finally {
        await database.drop();
      }
    },
    150_000,
  );
});

describe('a server with its own PostgreSQL', () => {
  const record = `mutation { upsertUsers(input: [{ id: "u1", attributes: { city: "Köln" } }]) { accepted } }`;
  const query = '{ users(first: 5) { edges { node { id } } } }';
  const found = { users: { edges: [{ node: { id: 'u1' } }] } };

  test('killed on the spot, comes back on the same data', async () => {
    const env = { TANDEM_DATA: join(directory, 'killed') };
    const first = serve(env);
    expect((await ask(await urlOf(first), record)).data).toEqual({ upsertUsers: { accepted: 1 } });
    first.child.kill('SIGKILL');
    expect(await first.ended).toBe('SIGKILL');

    const second = serve(env);
    expect((await ask(await urlOf(second), query)).data).toEqual(found);
    expect(await stopProcess(second)).toBe(0);

    const third = serve(env);
    expect((await ask(await urlOf(third), query)).data).toEqual(found);
    expect(await stopProcess(third)).toBe(0);
  }, 300_000);

  (isRoot ? test : test.skip)(
    'serves a plain user as well',
    async () => {
      const own = await mkdtemp(join(directory, 'plain-'));
      await chown(own, NOBODY, NOBODY);
      const env = { TANDEM_DATA: join(own, 'data'), HOME: own };
      const server = serve(env, { uid: NOBODY, gid: NOBODY });
      const url = await urlOf(server);
      expect((await ask(url, record)).data).toEqual({ upsertUsers: { accepted: 1 } });
      expect((await ask(url, query)).data).toEqual(found);
      expect(await stopProcess(server)).toBe(0);
    },
    150_000,
  );
});
