import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import pino from 'pino';

import { createServingClient, type ServingClient } from '../../../../src/pipeline/deploy/index.js';

/** A host that answers `similarItems` with what it was asked, dies when asked for "die", keeps silent for "silence". */
const HOST = `
process.on('message', ({ id, method, args }) => {
  if (method === 'status') {
    return process.send({ id, ok: true, value: { ready: true, pid: process.pid, isNative: false, loaded: [], calls: 0 } });
  }
  if (args[1] === 'die') process.kill(process.pid, 'SIGKILL');
  if (args[1] === 'silence') return;
  if (args[1] === 'unknown') {
    return process.send({ id, ok: false, code: 'NOT_READY', message: 'Train one.', details: { task: 'CHURN' } });
  }
  process.send({ id, ok: true, value: { items: [], servedBy: { modelVersionId: args[1], threshold: process.pid } } });
});
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
process.send({ ready: true });
`;

const options = { first: 1, allowed: null, excludeBought: false };
let directory: string;
let client: ServingClient | undefined;
const lines: string[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serving-'));
  await writeFile(join(directory, 'host.mjs'), HOST);
  await writeFile(join(directory, 'broken.mjs'), 'process.exit(3);');
});
afterEach(async () => {
  await client?.close();
  client = undefined;
});
afterAll(() => rm(directory, { recursive: true }));

function open(entry = 'host.mjs', callTimeoutMs?: number, startAfter?: Promise<unknown>): ServingClient {
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  client = createServingClient({
    databaseUrl: 'postgres://nowhere',
    dataDir: directory,
    log,
    entry: join(directory, entry),
    callTimeoutMs,
    startAfter,
  });
  return client;
}
const ask = async (serving: ServingClient, item: string) =>
  (await serving.similarItems('default', item, options)).servedBy;

describe('client of the serving host', () => {
  test('keeps answers apart that are asked for at once, from the first moment on', async () => {
    const serving = open();
    const asked = Array.from({ length: 50 }, (_, at) => `item-${at}`);
    const answers = await Promise.all(asked.map((item) => ask(serving, item)));
    expect(answers.map(({ modelVersionId }) => modelVersionId)).toEqual(asked);
    expect(await serving.status()).toMatchObject({ ready: true, calls: 50 });
  });

  test('says at once that what the host needs is being set up, and answers when it is there', async () => {
    let finish: () => void = () => undefined;
    const setUp = new Promise<void>((resolve) => (finish = resolve));
    const serving = open('host.mjs', undefined, setUp);
    await expect(ask(serving, 'a')).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('being set up') as unknown,
    });
    expect(await serving.status()).toMatchObject({ ready: false });
    finish();
    await setUp;
    expect((await ask(serving, 'a')).modelVersionId).toBe('a');
  });

  test('hands on the host’s errors with code and details', async () => {
    await expect(ask(open(), 'unknown')).rejects.toMatchObject({
      code: 'NOT_READY',
      message: 'Train one.',
      details: { task: 'CHURN' },
    });
  });

  test('a host that dies fails what waits for it, and another answers what is asked the moment after', async () => {
    const serving = open();
    const { threshold: firstPid } = await ask(serving, 'a');
    const silent = ask(serving, 'silence');
    await expect(Promise.all([silent, ask(serving, 'die')])).rejects.toMatchObject({ code: 'NOT_READY' });
    await expect(silent).rejects.toMatchObject({ code: 'NOT_READY' });
    // The next host is not there yet: the call waits for it.
    const again = await ask(serving, 'b');
    expect(again.modelVersionId).toBe('b');
    expect(again.threshold).not.toBe(firstPid);
  });

  test('gives up on a host that keeps silent, and goes on with others', async () => {
    const serving = open('host.mjs', 300);
    while (!(await serving.status()).ready) await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(ask(serving, 'silence')).rejects.toMatchObject({ code: 'NOT_READY' });
    expect((await ask(serving, 'c')).modelVersionId).toBe('c');
  });

  test('closes while its host is dead, and refuses calls from then on', async () => {
    const serving = open();
    await expect(ask(serving, 'die')).rejects.toMatchObject({ code: 'NOT_READY' });
    await serving.close();
    await expect(ask(serving, 'd')).rejects.toMatchObject({ code: 'NOT_READY' });
  });

  test('waits longer before each start of a host that cannot start', async () => {
    lines.length = 0;
    const serving = open('broken.mjs', 2500);
    await expect(ask(serving, 'e')).rejects.toMatchObject({ code: 'NOT_READY' });
    const deadline = Date.now() + 20_000;
    while (lines.length < 3 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    const delays = lines.map((line) => (JSON.parse(line) as { delay: number }).delay);
    expect(delays.slice(0, 3)).toEqual([250, 500, 1000]);
  });
});
