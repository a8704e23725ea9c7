import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { createJobs } from '../../../src/jobs/index.js';
import { checkPlan } from '../../../src/jobs/worker/plan.js';
import { takeRun } from '../../../src/jobs/worker/take-run.js';
import { LoadedBundle } from '../../../src/pipeline/deploy/host/bundle.js';
import { folderModelFiles, type ModelFiles } from '../../../src/pipeline/deploy/index.js';
import type { RunRow } from '../../../src/store/index.js';
import { shopWithRates } from '../../support/shop-with-rates.js';
import { storeHistory } from '../../support/stored-history.js';
import { type Api, containing, silentLog, startApi } from '../api-harness.js';

const PATIENCE_MS = 240_000;
const { history } = shopWithRates({ users: 240, items: 20, days: 330, seed: 2 });
const QUICK = 'hiddenUnits: [16, 8], epochs: 2';

let api: Api;
let directory: string;
let files: ModelFiles;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-collaborations-'));
  files = folderModelFiles(directory);
  api = await startApi({
    jobs: ({ url, store }) =>
      createJobs({
        databaseUrl: url,
        store,
        // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
        checkPlan: async (plan) => checkPlan(plan),
      }),
  });
  await storeHistory(api.shop, history);
}, PATIENCE_MS);
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
}, PATIENCE_MS);

const start = (input: string) =>
  api.ask<{ startTraining: { id: string } }>(`mutation { startTraining(input: { ${input} }) { id } }`);

async function train(input: string): Promise<RunRow> {
  const started = await start(input);
  expect(started.errors).toBeUndefined();
  const workshop = { store: api.database.store, files, log: silentLog(), checkpointSeconds: 60 };
  await takeRun(workshop, 'default', started.data.startTraining.id, new AbortController().signal);
  const [run] = await api.shop.runsByIds([started.data.startTraining.id]);
  return run!;
}

test(
  'a student learns from a version, is measured and compared like others, deployed and explained',
  async () => {
    const teacher = await train(
      `kind: MULTI_TASK, tasks: [PURCHASE_INTENT, CHURN], architecture: "boosted-hazards", hyperparameters: { trees: 20 }`,
    );
    expect(teacher).toMatchObject({ status: 'SUCCEEDED' });
    const run = await train(
      `kind: COLLABORATIVE, collaboration: "DISTILLATION", tasks: [PURCHASE_INTENT, CHURN],
       hyperparameters: { teacherVersion: "${teacher.modelVersionId}", ${QUICK} }`,
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED', error: null });
    const [evaluations] = await api.shop.evaluationsByRuns([run.id]);
    expect(new Set(evaluations.map(({ family, architecture }) => `${family}/${architecture}`))).toEqual(
      new Set(['COLLABORATIVE/distillation']),
    );
    const { data, errors } = await api.ask<{
      compareModels: { figures?: unknown };
      deployModel: { trafficShare: number };
    }>(`query ($ids: [ID!]!) { compareModels(ids: $ids) { __typename } }`, {
      ids: [teacher.modelVersionId, run.modelVersionId],
    });
    expect(errors).toBeUndefined();
    expect(data.compareModels).toBeDefined();
    const [version] = await api.shop.modelVersionsByIds([run.modelVersionId!]);
    const bundle = await LoadedBundle.open(files, version!.contentHash);
    const [net] = bundle.manifest.sharing ?? [];
    expect(net).toMatchObject({ directory: bundle.manifest.tasks.CHURN?.directory, tasks: run.tasks });
    expect(net.weights.map(({ task }) => task)).toEqual(run.tasks);
    const request = { history, users: Int32Array.of(0, 1), asOf: Date.parse(bundle.manifest.cut) };
    const [reasons] = await bundle.predictor('CHURN').model.users!.explainUsers(request, 'CHURN', 3);
    expect(reasons).toHaveLength(3);
    bundle.dispose();
    const deployed = await api.ask<{ deployModel: { trafficShare: number } }>(
      `mutation ($id: ID!) { deployModel(id: $id) { trafficShare } }`,
      { id: run.modelVersionId },
    );
    expect(deployed.errors).toBeUndefined();
  },
  PATIENCE_MS,
);

test(
  'nets of several architectures learn from each other where nothing else is said',
  async () => {
    const run = await train(
      `kind: COLLABORATIVE, tasks: [CHURN], hyperparameters: { members: ["shared-bottom", "mmoe"], ${QUICK} }`,
    );
    expect(run).toMatchObject({ status: 'SUCCEEDED', error: null });
    const [version] = await api.shop.modelVersionsByIds([run.modelVersionId!]);
    expect(version).toMatchObject({ architecture: 'mutual-learning', tasks: ['CHURN'] });
    const [epochs] = await api.shop.epochMetricsByRuns([run.id]);
    expect(epochs.map(({ model }) => model)).toContain('mutual-learning');
  },
  PATIENCE_MS,
);

test(
  'co-training says when there is nothing without a label',
  async () => {
    const run = await train(`kind: COLLABORATIVE, collaboration: "CO_TRAINING"`);
    expect(run.tasks).toEqual(['FRAUD']);
    expect(run).toMatchObject({
      status: 'FAILED',
      error: { code: 'TOO_FEW_DATA', message: containing('labels') },
    });
  },
  PATIENCE_MS,
);

test.each([
  ['collaboration: "TELEPATHY"', 'BAD_USER_INPUT', /collaboration: expected MUTUAL_LEARNING.*TELEPATHY/],
  [
    'collaboration: "CO_TRAINING", tasks: [RECOMMENDATION]',
    'BAD_USER_INPUT',
    /CO_TRAINING labels examples of PURCHASE_INTENT, CHURN, FRAUD; got RECOMMENDATION/,
  ],
  ['hyperparameters: { members: 1 }', 'BAD_USER_INPUT', /members/],
  ['architecture: "dense"', 'BAD_USER_INPUT', /a collaboration is one of nets: expected shared-bottom/],
  ['hyperparameters: { members: ["esmm", "mmoe"] }', 'BAD_USER_INPUT', /nets of the funnel \(esmm\)/],
  [
    'collaboration: "DISTILLATION", hyperparameters: { teacherVersion: "6f0e7e0e-0000-4000-8000-000000000000" }',
    'NOT_FOUND',
    /there is no model version/,
  ],
  [
    'collaboration: "DISTILLATION", hyperparameters: { teacherVersion: 7 }',
    'BAD_USER_INPUT',
    /teacherVersion: expected the id of a model version; got 7/,
  ],
  [
    'collaboration: "DISTILLATION", hyperparameters: { teachers: { CHURN: "oracle" } }',
    'BAD_USER_INPUT',
    /teachers: expected .*got "oracle"/,
  ],
  [
    'collaboration: "DOMAIN_ADVERSARIAL", tasks: [DEMAND], hyperparameters: { domain: "COUNTRY" }',
    'BAD_USER_INPUT',
    /DEMAND is about no user/,
  ],
])('refuses %s before it is queued', async (input, code, message) => {
  const { errors } = await start(`kind: COLLABORATIVE, ${input}`);
  expect(errors?.[0].extensions.code).toBe(code);
  expect(errors?.[0].message).toMatch(message);
});
