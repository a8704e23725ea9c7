import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { createJobs } from '../../../src/jobs/index.js';
import { checkPlan } from '../../../src/jobs/worker/plan.js';
import { takeRun } from '../../../src/jobs/worker/take-run.js';
import { LoadedBundle } from '../../../src/pipeline/deploy/host/bundle.js';
import { ServingHost } from '../../../src/pipeline/deploy/host/serving-host.js';
import { folderModelFiles, type ModelFiles } from '../../../src/pipeline/deploy/index.js';
import { shopClock } from '../../../src/pipeline/index.js';
import type { EvaluationRow, RunRow } from '../../../src/store/index.js';
import { shopWithRates } from '../../support/shop-with-rates.js';
import { storeHistory } from '../../support/stored-history.js';
import { type Api, noServing, silentLog, startApi } from '../api-harness.js';

const PATIENCE_MS = 240_000;
const REPORTS = `query ($id: ID!) { modelVersion(id: $id) { ensembleReports {
  task method prune metric isLessBetter studentVersionId members { modelVersionId architecture isKept weight }
  outOfFold { by cuts reason }
  calibration { method temperature validationBefore validationAfter testBefore testAfter }
  subsets { kind members isChosen validation { value low high } test { value } p50Ms p99Ms bytes } } } }`;

interface Report {
  readonly task: string;
  readonly metric: string;
  readonly members: { modelVersionId: string; isKept: boolean; weight: number | null }[];
  readonly outOfFold: { by: string; cuts: string[]; reason: string | null } | null;
  readonly calibration: Record<string, unknown> | null;
  readonly studentVersionId: string | null;
  readonly subsets: {
    kind: string;
    members: number[];
    isChosen: boolean;
    validation: { value: number };
    p50Ms: number;
    p99Ms: number;
    bytes: number;
  }[];
}

interface ServedChurn {
  readonly users: {
    edges: { node: { id: string; predictions: { churn: { probability: number; threshold: number } } } }[];
  };
}

let api: Api;
let directory: string;
let files: ModelFiles;
/** Versions to combine: plain ones, nets, and one that chose its thresholds by costs. */
let members: string[];

async function work(mutation: string, variables?: Record<string, unknown>): Promise<RunRow> {
  const started = await api.ask<Record<string, { id: string }>>(mutation, variables);
  expect(started.errors).toBeUndefined();
  const [{ id }] = Object.values(started.data);
  const workshop = { store: api.database.store, files, log: silentLog(), checkpointSeconds: 60 };
  await takeRun(workshop, 'default', id, new AbortController().signal);
  const [run] = await api.shop.runsByIds([id]);
  expect(run).toMatchObject({ status: 'SUCCEEDED', error: null });
  return run!;
}

const train = (input: string) => work(`mutation { startTraining(input: { ${input} }) { id } }`);
const combine = (input: object) =>
  work('mutation ($input: StartEnsembleInput!) { startEnsemble(input: $input) { id } }', { input });

async function reportsOf(run: RunRow): Promise<Report[]> {
  const { data, errors } = await api.ask<{ modelVersion: { ensembleReports: Report[] } }>(REPORTS, {
    id: run.modelVersionId,
  });
  expect(errors).toBeUndefined();
  return data.modelVersion.ensembleReports;
}

async function evaluationsOf(run: RunRow): Promise<EvaluationRow[]> {
  const [evaluations] = await api.shop.evaluationsByRuns([run.id]);
  return evaluations;
}

const figureOf = (rows: readonly EvaluationRow[], task: string, split: string, name: string): number =>
  rows.find((row) => row.task === task && row.split === split)?.metrics.find((metric) => metric.name === name)
    ?.value ?? Number.NaN;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-ensembles-'));
  files = folderModelFiles(directory);
  api = await startApi({
    jobs: ({ url, store }) =>
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
      createJobs({ databaseUrl: url, store, checkPlan: async (plan) => checkPlan(plan) }),
    serving: ({ store }) => {
      const host = new ServingHost(store, files);
      return {
        ...noServing(),
        scoreUsers: (...request) => host.scoreUsers(...request),
        rankItems: (...request) => host.rankItems(...request),
        reload: (shopKey) => host.reload(shopKey),
        close: () => host.close(),
      };
    },
  });
  await storeHistory(api.shop, shopWithRates({ users: 300, items: 20, days: 400, seed: 3 }).history);
  const costs = '{ CHURN: { by: "COST", costOfMiss: 50, costOfFalseAlarm: 1 } }';
  const churn = 'kind: SINGLE_TASK, tasks: [CHURN]';
  const ranking = 'kind: SINGLE_TASK, tasks: [RECOMMENDATION]';
  const runs = [
    await train(`${churn}, architecture: "logistic-regression", hyperparameters: { epochs: 1 }`),
    await train(`${churn}, architecture: "recency", hyperparameters: { threshold: ${costs} }`),
    await train(`${ranking}, architecture: "popular"`),
    await train(`${ranking}, architecture: "item-knn"`),
  ];
  members = runs.map(({ modelVersionId }) => modelVersionId!);
}, PATIENCE_MS);
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
}, PATIENCE_MS);

test(
  'stacking learns from members fitted again on earlier cuts, is calibrated, pruned and reported',
  async () => {
    const run = await combine({
      members,
      method: 'STACKING',
      calibration: 'ISOTONIC',
      prune: 'BACKWARD_ELIMINATION',
      deploy: true,
    });
    const reports = await reportsOf(run);
    expect(reports.map(({ task }) => task).sort()).toEqual(['CHURN', 'RECOMMENDATION']);
    const evaluations = await evaluationsOf(run);
    for (const report of reports) {
      expect(report.outOfFold).toMatchObject({ by: 'TIME' });
      expect(report.outOfFold!.cuts.length).toBeGreaterThan(0);
      const validationCut = Date.parse(report.outOfFold!.cuts[0]);
      expect(validationCut).toBeLessThan(shopClock(await api.shop.readHistory()));
      const chosen = report.subsets.filter(({ isChosen }) => isChosen);
      expect(chosen).toHaveLength(1);
      const kept = report.members.flatMap(({ isKept }, at) => (isKept ? [at] : []));
      expect(chosen[0].members).toEqual(kept);
      // What the report says of the chosen ones is what the evaluation says.
      const value = figureOf(evaluations, report.task, 'VALIDATION', report.metric);
      expect(chosen[0].validation.value).toBeCloseTo(value, 9);
      expect(report.subsets.filter(({ kind }) => kind === 'MEMBER')).toHaveLength(report.members.length);
      for (const { p50Ms, p99Ms, bytes } of report.subsets) {
        expect(p50Ms).toBeGreaterThan(0);
        expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
        expect(bytes).toBeGreaterThan(0);
      }
    }
    const churn = reports.find(({ task }) => task === 'CHURN')!;
    expect(churn.calibration).toMatchObject({ method: 'ISOTONIC', temperature: null });
    for (const split of ['VALIDATION', 'TEST']) {
      const key = split.toLowerCase();
      expect(churn.calibration![`${key}Before`]).toBeCloseTo(
        figureOf(evaluations, 'CHURN', split, 'ECE_UNCALIBRATED'),
        9,
      );
      expect(churn.calibration![`${key}After`]).toBeCloseTo(figureOf(evaluations, 'CHURN', split, 'ECE'), 9);
    }
    // Choosing among items has one scale for all: a temperature.
    expect(reports.find(({ task }) => task === 'RECOMMENDATION')!.calibration).toMatchObject({
      method: 'TEMPERATURE',
    });
  },
  PATIENCE_MS,
);

test(
  'what serves is the version’s own combination, at the threshold of the members’ rule',
  async () => {
    const run = await combine({ members, method: 'SOFT_VOTING', calibration: 'TEMPERATURE', deploy: true });
    const { data, errors } = await api.ask<ServedChurn>(
      '{ users(first: 5) { edges { node { id predictions { churn { probability threshold } } } } } }',
    );
    expect(errors).toBeUndefined();
    const [version] = await api.shop.modelVersionsByIds([run.modelVersionId!]);
    const bundle = await LoadedBundle.open(files, version!.contentHash);
    try {
      const { model, entry } = bundle.predictor('CHURN');
      const history = await api.shop.readHistory();
      for (const { node } of data.users.edges) {
        const users = Int32Array.of(history.users.findIndex(({ id }) => id === node.id));
        const scores = await model.users!.scoreUsers({ history, users, asOf: shopClock(history) });
        expect(node.predictions.churn.probability).toBeCloseTo(scores.CHURN![0], 5);
        expect(node.predictions.churn.threshold).toBe(entry.threshold);
      }
      // A miss is fifty times dearer than a false alarm, says the run of the second member: most are flagged.
      const test = (await evaluationsOf(run)).find((row) => row.task === 'CHURN' && row.split === 'TEST')!;
      const [[trueNegatives, falsePositives], [falseNegatives, truePositives]] = test.confusionMatrix!.counts;
      const flagged = falsePositives + truePositives;
      expect(flagged / (flagged + trueNegatives + falseNegatives)).toBeGreaterThan(0.6);
    } finally {
      bundle.dispose();
    }
  },
  PATIENCE_MS,
);

test(
  'a rule of the ensemble’s own goes before those of its members; a hard vote decides by majority; one net learns what it answers',
  async () => {
    const thresholds = [{ task: 'CHURN', by: 'COST', costOfMiss: 1, costOfFalseAlarm: 50 }];
    const run = await combine({
      members: members.slice(0, 2),
      method: 'HARD_VOTING',
      thresholds,
      distil: 'shared-bottom',
    });
    const evaluations = await evaluationsOf(run);
    const [test] = evaluations.filter(
      (row) => row.modelVersionId === run.modelVersionId && row.split === 'TEST',
    );
    expect(test.confusionMatrix!.threshold).toBeCloseTo(2 / 3, 5);
    const [[, falsePositives], [, truePositives]] = test.confusionMatrix!.counts;
    expect((falsePositives + truePositives) / test.examples).toBeLessThan(0.5);
    const [report] = await reportsOf(run);
    expect(report.members.map(({ weight }) => weight)).toEqual(report.members.map(() => null));

    const [version] = await api.shop.modelVersionsByIds([report.studentVersionId!]);
    expect(version).toMatchObject({ architecture: 'distillation', tasks: ['CHURN'], runId: run.id });
    const [student] = report.subsets.filter(({ kind }) => kind === 'STUDENT');
    expect(student).toMatchObject({ members: [], isChosen: false });
    expect(student.bytes).toBeGreaterThan(0);
    expect(student.p50Ms).toBeLessThanOrEqual(student.p99Ms);
    const [own] = evaluations.filter(
      (row) => row.modelVersionId === version!.id && row.split === 'VALIDATION',
    );
    expect(student.validation.value).toBe(own.metrics.find(({ name }) => name === 'AUC')!.value);
    // Its teacher tells more and less likely churners apart, and so does it.
    expect(student.validation.value).toBeGreaterThan(0.6);
    const bundle = await LoadedBundle.open(files, version!.contentHash);
    const { hyperparameters } = JSON.parse(
      await readFile(
        join(
          await files.open(version!.contentHash),
          bundle.manifest.tasks.CHURN!.directory,
          'collaborative.json',
        ),
        'utf8',
      ),
    ) as { hyperparameters: { teacherVersion: string } };
    bundle.dispose();
    expect(hyperparameters.teacherVersion).toBe(run.modelVersionId);
  },
  PATIENCE_MS,
);

test(
  'snapshots of one training vote softly; models without a learning rate have none',
  async () => {
    const run = await combine({ members: [members[0]], method: 'SNAPSHOT', snapshots: 2 });
    const [report] = await reportsOf(run);
    expect(report.members.map(({ weight }) => weight)).toEqual([1 / 2, 1 / 2]);
    const alone = report.subsets.filter(({ kind }) => kind === 'MEMBER');
    expect(new Set(alone.map(({ validation }) => validation.value)).size).toBeGreaterThan(1);
    const started = await api.ask<{ startEnsemble: { id: string } }>(
      'mutation ($input: StartEnsembleInput!) { startEnsemble(input: $input) { id } }',
      { input: { members: [members[2]], method: 'SNAPSHOT' } },
    );
    const { id } = started.data.startEnsemble;
    const workshop = { store: api.database.store, files, log: silentLog(), checkpointSeconds: 60 };
    await takeRun(workshop, 'default', id, new AbortController().signal);
    const [refused] = await api.shop.runsByIds([id]);
    expect(refused?.error).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(refused?.error?.message).toMatch(/expected members with nets.*got (popular|item-knn)/);
  },
  PATIENCE_MS,
);

test.each([
  [{ method: 'STACKING', snapshots: 3 }, /snapshots: STACKING takes none/],
  [{ method: 'SOFT_VOTING', distil: 'boosted-trees' }, /distillation: architecture: .*got "boosted-trees"/],
  [{ method: 'HARD_VOTING', calibration: 'ISOTONIC' }, /calibration: HARD_VOTING counts votes/],
  [{ method: 'STACKING', thresholds: [{ task: 'CHURN', by: 'PRECISION', target: 3 }] }, /threshold\.CHURN/],
  [
    { method: 'STACKING', thresholds: [{ task: 'FRAUD', by: 'F1' }] },
    /thresholds: the run learns CHURN, RECOMMENDATION/,
  ],
])('%j is refused', async (options, message) => {
  const { errors } = await api.ask(
    'mutation ($input: StartEnsembleInput!) { startEnsemble(input: $input) { id } }',
    { input: { members, ...options } },
  );
  expect(errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
  expect(errors?.[0].message).toMatch(message);
});
