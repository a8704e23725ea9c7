import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { createJobs, type Jobs, waitForRun } from '../../../src/jobs/index.js';
import { decodeTensors } from '../../../src/nn/tensor-file.js';
import { DAY_MS } from '../../../src/pipeline/index.js';
import type { RunRow, ShopStore } from '../../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { type RunningProcess, startProcess, stopProcess, until } from '../../support/processes.js';
import { shopWithTastes, TASTE_START } from '../../support/shop-with-tastes.js';
import { storeHistory } from '../../support/stored-history.js';

const HISTORY = shopWithTastes({ users: 210, items: 40, groups: 4, days: 300, seed: 1 });
/** Users pause for months at a time, so that there is something to foresee. */
const isActive = (row: number): boolean => {
  const { user, occurredAt } = HISTORY.behaviours;
  return (user[row] * 7 + Math.floor((occurredAt[row] - TASTE_START) / (40 * DAY_MS)) * 13) % 10 < 6;
};
/** Long enough to be killed in its middle, on small batches. */
const REQUEST = {
  kind: 'SINGLE_TASK',
  tasks: ['PURCHASE_INTENT'],
  architecture: 'dense',
  hyperparameters: { epochs: 12, batchSize: 32 },
  seed: 7,
} as const;
const FIT = 'dense/PURCHASE_INTENT/validation/dense-PURCHASE_INTENT';

let database: TestDatabase;
let twin: ShopStore;
let jobs: Jobs;
let directory: string;
const workers: RunningProcess[] = [];

const startWorker = () => {
  const worker = startProcess('worker', [], {
    env: { DATABASE_URL: database.url, TANDEM_DATA: directory, TANDEM_CHECKPOINT_SECONDS: '0' },
  });
  workers.push(worker);
  return worker;
};
const kill = async (worker: RunningProcess) => {
  worker.child.kill('SIGKILL');
  expect(await worker.ended).toBe('SIGKILL');
};
const readRun = async (shop: ShopStore, id: string): Promise<RunRow> => {
  const [run] = await shop.runsByIds([id]);
  if (!run) throw new Error(`The run ${id} is gone.`);
  return run;
};
/** Where the first fit's last checkpoint stands: [epoch, row]; null before there is one. */
async function checkpointOf(runId: string): Promise<[number, number] | null> {
  const bytes = await database.shop.readCheckpoint(runId, FIT);
  if (!bytes) return null;
  const { epoch, row } = JSON.parse(decodeTensors(bytes).metadata.training) as { epoch: number; row: number };
  return [epoch, row];
}

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), 'tandem-death-'));
  twin = await database.store.createShop('twin', 'Twin');
  await storeHistory(database.shop, HISTORY, isActive);
  await storeHistory(twin, HISTORY, isActive);
  jobs = await createJobs({ databaseUrl: database.url, store: database.store });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map(stopProcess));
});
afterAll(async () => {
  await jobs.close();
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

describe('a worker killed in mid-training', () => {
  test('leaves a run that others finish from its last checkpoint, with the very result of an uninterrupted one', async () => {
    const run = await jobs.startTraining('default', REQUEST);
    const first = startWorker();
    await until(
      async () => ((await checkpointOf(run.id))?.[0] ?? 0) >= 2,
      120_000,
      () => first.output.stderr,
    );
    await kill(first);
    const left = await checkpointOf(run.id);
    expect(left?.[0]).toBeLessThan(12);
    expect((await readRun(database.shop, run.id)).status).toBe('RUNNING');

    const untouched = await jobs.startTraining('twin', REQUEST);
    const others = [startWorker(), startWorker()];
    const seen: [number, number][] = [];
    await until(
      async () => {
        const at = await checkpointOf(run.id);
        if (at) seen.push(at);
        return (await readRun(database.shop, run.id)).status === 'SUCCEEDED';
      },
      120_000,
      () => `${JSON.stringify(seen)} ${others.map(({ output }) => output.stderr).join('')}`,
    );
    // Nothing before the checkpoint was trained anew.
    expect(seen.every(([epoch, row]) => epoch > left![0] || (epoch === left![0] && row >= left![1]))).toBe(
      true,
    );

    const [resumed, whole] = [await readRun(database.shop, run.id), await waitForRun(twin, untouched.id)];
    expect(resumed.attempts).toBe(2);
    expect(whole).toMatchObject({ status: 'SUCCEEDED', attempts: 1 });
    const [ours] = await database.shop.modelVersionsByIds([resumed.modelVersionId ?? '']);
    const [theirs] = await twin.modelVersionsByIds([whole.modelVersionId ?? '']);
    expect(ours?.contentHash).toBe(theirs?.contentHash);
    const epochsOf = async (shop: ShopStore, id: string) =>
      (await shop.epochMetricsByRuns([id]))[0].map(({ model, epoch, trainLoss }) => ({
        model,
        epoch,
        trainLoss,
      }));
    const epochs = await epochsOf(database.shop, run.id);
    expect(epochs.filter(({ model }) => model === 'dense')).toHaveLength(12);
    expect(epochs).toEqual(await epochsOf(twin, untouched.id));
    const figuresOf = async (shop: ShopStore, id: string) =>
      (await shop.evaluationsByRuns([id]))[0].map(({ architecture, split, loss, metrics }) => ({
        architecture,
        split,
        loss,
        metrics,
      }));
    const figures = await figuresOf(database.shop, run.id);
    expect(figures.map(({ architecture }) => architecture)).toContain('dense');
    expect(figures).toEqual(await figuresOf(twin, untouched.id));
  }, 300_000);

  test('three times over fails the run and says so', async () => {
    const run = await jobs.startTraining('default', { ...REQUEST, seed: 8 });
    for (let death = 1; death <= 3; death++) {
      const worker = startWorker();
      await until(
        async () => {
          const { status, attempts } = await readRun(database.shop, run.id);
          return status === 'RUNNING' && attempts === death;
        },
        120_000,
        () => worker.output.stderr,
      );
      await kill(worker);
    }
    startWorker();
    const ended = await waitForRun(database.shop, run.id);
    expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'INTERNAL' } });
    expect(ended.error?.message).toContain('taken up 3 times and each time its worker died');
    expect(ended.finishedAt).not.toBeNull();
    // The kind is free again.
    const next = await jobs.startTraining('default', { ...REQUEST, seed: 9 });
    await jobs.cancel('default', next.id);
    expect((await waitForRun(database.shop, next.id)).status).toBe('CANCELLED');
  }, 300_000);
});
