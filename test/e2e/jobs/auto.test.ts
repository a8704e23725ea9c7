import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { createJobs } from '../../../src/jobs/index.js';
import { takeRun } from '../../../src/jobs/worker/take-run.js';
import { folderModelFiles } from '../../../src/pipeline/deploy/index.js';
import { shopWithRates } from '../../support/shop-with-rates.js';
import { storeHistory } from '../../support/stored-history.js';
import { type Api, containing, silentLog, startApi } from '../api-harness.js';

const PATIENCE_MS = 240_000;
const COMPARE = `query ($ids: [ID!]!) { compareModels(ids: $ids) {
  transferReports { architecture protocol seeds modelVersion { id }
    gains { task together metric alone shared gain low high verdict } groups { tasks sharing } affinities { task other cosine low high } } } }`;

interface Compared {
  readonly compareModels: {
    readonly transferReports: {
      readonly seeds: number[];
      readonly protocol: string;
      readonly gains: { task: string; together: string[]; gain: number; low: number; high: number }[];
      readonly groups: { tasks: string[]; sharing: string }[];
      readonly affinities: { task: string; other: string; cosine: number; low: number; high: number }[];
    }[];
  };
}

let api: Api;
let directory: string;
beforeAll(async () => {
  api = await startApi({
    jobs: ({ url, store }) => createJobs({ databaseUrl: url, store }),
  });
  directory = await mkdtemp(join(tmpdir(), 'tandem-auto-'));
  await storeHistory(api.shop, shopWithRates({ users: 450, items: 20, days: 330, seed: 2 }).history);
}, PATIENCE_MS);
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
}, PATIENCE_MS);

test(
  'an AUTO run says whether the tasks help each other, and keeps the best model of each',
  async () => {
    const started = await api.ask<{ startTraining: { id: string; kind: string } }>(
      `mutation { startTraining(input: { kind: AUTO, tasks: [PURCHASE_INTENT, CHURN], hyperparameters: { epochs: 2 } }) { id kind } }`,
    );
    expect(started.errors).toBeUndefined();
    const { id, kind } = started.data.startTraining;
    expect(kind).toBe('AUTO');
    const again = await api.ask('mutation { startTraining(input: { kind: AUTO }) { id } }');
    expect(again.errors?.[0].extensions).toMatchObject({ code: 'CONFLICT', runId: id });
    const workshop = {
      store: api.database.store,
      files: folderModelFiles(directory),
      log: silentLog(),
      checkpointSeconds: 60,
    };
    await takeRun(workshop, 'default', id, new AbortController().signal);
    const [run] = await api.shop.runsByIds([id]);
    expect(run).toMatchObject({ status: 'SUCCEEDED', error: null, progress: 1 });

    const { data } = await api.ask<Compared>(COMPARE, { ids: [run?.modelVersionId] });
    const [report] = data.compareModels.transferReports;
    expect(report).toMatchObject({ seeds: [1, 2], protocol: containing('the same seeds') });
    expect(report.gains.map(({ task, together }) => [task, together.length])).toEqual([
      ['PURCHASE_INTENT', 2],
      ['CHURN', 2],
    ]);
    for (const { low, gain, high } of report.gains) {
      expect(low).toBeLessThanOrEqual(gain);
      expect(gain).toBeLessThanOrEqual(high);
      expect(Math.abs(gain)).toBeLessThan(0.3);
    }
    expect(report.groups.flatMap(({ tasks }) => tasks).sort()).toEqual(['CHURN', 'PURCHASE_INTENT']);

    const [affinity] = report.affinities;
    expect(report.affinities).toHaveLength(1);
    expect(affinity).toMatchObject({ task: 'PURCHASE_INTENT', other: 'CHURN' });
    expect(-1 <= affinity.low && affinity.low <= affinity.cosine && affinity.cosine <= affinity.high).toBe(
      true,
    );
    expect(affinity.high).toBeLessThanOrEqual(1);

    const [evaluations] = await api.shop.evaluationsByRuns([id]);
    const served = evaluations.filter(({ isServed, split }) => isServed && split === 'TEST');
    expect(served.map(({ task }) => task).sort()).toEqual(['CHURN', 'PURCHASE_INTENT']);
    const [version] = await api.shop.modelVersionsByIds([run?.modelVersionId ?? '']);
    const entries = Object.entries((version?.manifest as { tasks: object }).tasks) as [
      string,
      { architecture: string; family: string },
    ][];
    expect(entries.map(([task, { architecture }]) => `${task} ${architecture}`).sort()).toEqual(
      served.map(({ task, architecture }) => `${task} ${architecture}`).sort(),
    );
    for (const [task, { family }] of entries) {
      const onValidation = evaluations.filter((row) => row.task === task && row.split === 'VALIDATION');
      const [ensemble] = onValidation.filter((row) => row.family === 'ENSEMBLE');
      // Together only where that is better than any of them alone.
      expect(family === 'ENSEMBLE').toBe(ensemble !== undefined);
      const auc = (row: (typeof onValidation)[number]) =>
        row.metrics.find(({ name }) => name === 'AUC')?.value ?? NaN;
      const best = Math.max(...onValidation.map(auc));
      expect(auc(onValidation.find(({ isServed }) => isServed)!)).toBe(best);
    }
    const isShared = report.groups.some(({ sharing }) => sharing !== 'APART');
    expect(evaluations.some(({ architecture }) => architecture === 'mmoe')).toBe(isShared);
  },
  PATIENCE_MS,
);

test('of several runs of a kind that start at the very same time, one is taken', async () => {
  const start = () => api.ask('mutation { startCrossValidation(input: { task: CHURN }) { id } }');
  const answers = await Promise.all(Array.from({ length: 6 }, start));
  const refused = answers.flatMap(({ errors }) => errors ?? []);
  expect(refused.map(({ extensions }) => extensions.code)).toEqual(new Array(5).fill('CONFLICT'));
  expect((await api.shop.runs({ first: 10 }, { kinds: ['CROSS_VALIDATION'] })).rows).toHaveLength(1);
});

test('an AUTO run of one task is refused', async () => {
  const { errors } = await api.ask(
    'mutation { startTraining(input: { kind: AUTO, tasks: [CHURN] }) { id } }',
  );
  expect(errors?.[0]).toMatchObject({
    message: 'tasks: AUTO needs at least two tasks to learn together.',
    extensions: { code: 'BAD_USER_INPUT' },
  });
});
