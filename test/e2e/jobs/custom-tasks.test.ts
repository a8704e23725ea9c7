import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { createJobs } from '../../../src/jobs/index.js';
import { takeRun } from '../../../src/jobs/worker/take-run.js';
import { ServingHost } from '../../../src/pipeline/deploy/host/index.js';
import { folderModelFiles } from '../../../src/pipeline/deploy/index.js';
import { liveQuality } from '../../../src/pipeline/monitor/live-quality.js';
import { shopWithViews } from '../../support/shop-with-views.js';
import { storeHistory } from '../../support/stored-history.js';
import { type Api, containing, noServing, silentLog, startApi } from '../api-harness.js';

const PATIENCE_MS = 240_000;
const DEFINE = `mutation ($input: DefineTaskInput!) { defineTask(input: $input) {
  name title description behaviours counts category windowDays atLeast threshold activeDays } }`;
const PREDICT = `query ($id: ID!, $task: ID!) { user(id: $id) { predictions { custom(task: $task) {
  task { name } probability label threshold expectedCount modelVersion { id tasks customTasks }
  explanation(first: 3) { feature contribution } } } } }`;
const SOON = { name: 'SHOES_SOON', behaviours: ['VIEW'], category: 'Shoes', windowDays: 7, atLeast: 3 };
const MANY = { name: 'SHOE_VIEWS', behaviours: ['VIEW'], category: 'Shoes', windowDays: 14 };

const shop = shopWithViews({ users: 240, days: 150, seed: 9 });
let api: Api;
let directory: string;
let host: ServingHost;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-custom-'));
  const files = folderModelFiles(directory);
  api = await startApi({
    jobs: ({ url, store }) => createJobs({ databaseUrl: url, store }),
    serving: ({ store }) => {
      host = new ServingHost(store, files);
      const plain = noServing();
      return Object.assign(host, {
        checkPlan: () => plain.checkPlan({ kind: 'SINGLE_TASK', tasks: [], config: {} }),
        status: () => plain.status(),
      });
    },
  });
  await storeHistory(api.shop, shop.history);
}, PATIENCE_MS);
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
}, PATIENCE_MS);

const train = (input: string): Promise<string> => carryOut('startTraining', `${input}, deploy: true`);

/** Starts a run and carries it out. @returns its id */
async function carryOut(mutation: string, input: string): Promise<string> {
  const { data, errors } = await api.ask<Record<string, { id: string }>>(
    `mutation { ${mutation}(input: { ${input} }) { id tasks customTasks } }`,
  );
  expect(errors).toBeUndefined();
  const workshop = {
    store: api.database.store,
    files: folderModelFiles(directory),
    log: silentLog(),
    checkpointSeconds: 60,
  };
  const { id } = data[mutation];
  await takeRun(workshop, 'default', id, new AbortController().signal);
  const [run] = await api.shop.runsByIds([id]);
  expect(run).toMatchObject({ status: 'SUCCEEDED', error: null });
  await host.reload('default');
  return id;
}

interface Predicted {
  readonly user: {
    readonly predictions: {
      readonly custom: {
        readonly probability: number | null;
        readonly expectedCount: number | null;
        readonly label: boolean | null;
        readonly threshold: number | null;
        readonly modelVersion: { readonly tasks: string[]; readonly customTasks: string[] };
        readonly explanation: readonly { readonly feature: string }[];
      };
    };
  };
}
const predict = async (id: string, task: string) =>
  (await api.ask<Predicted>(PREDICT, { id, task })).data.user.predictions.custom;

test('a task is defined with defaults, listed, and refused where it makes no sense', async () => {
  const defined = await api.ask(DEFINE, { input: { ...SOON, name: 'shoes-soon' } });
  expect(defined.errors).toBeUndefined();
  expect(defined.data.defineTask).toEqual({
    ...SOON,
    title: 'Shoes soon',
    description:
      'Probability that a user shows at least 3 behaviours of the type VIEW in the category Shoes within 7 days.',
    counts: 'BEHAVIOURS',
    threshold: { by: 'F1' },
    activeDays: 90,
  });
  expect((await api.ask(DEFINE, { input: MANY })).errors).toBeUndefined();
  const { data } = await api.ask('{ customTasks { name } }');
  expect(data.customTasks).toEqual([{ name: 'SHOES_SOON' }, { name: 'SHOE_VIEWS' }]);

  const refused = async (input: object) => (await api.ask(DEFINE, { input })).errors?.[0];
  expect(await refused({ ...SOON, name: '3x' })).toMatchObject({
    message: containing('name: expected 2 to 40 of A-Z'),
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect(await refused({ ...SOON, name: 'OTHER', windowDays: 0 })).toMatchObject({
    message: containing('windowDays'),
    extensions: { code: 'BAD_USER_INPUT' },
  });
  expect(await refused({ ...SOON, atLeast: 4 })).toMatchObject({ extensions: { code: 'CONFLICT' } });
  // Words may change, and so may the rule of the threshold.
  expect((await api.ask(DEFINE, { input: { ...SOON, title: 'Shoes' } })).errors).toBeUndefined();
});

test('runs that cannot learn a task say so before they are queued', async () => {
  const refused = async (input: string) =>
    (await api.ask(`mutation { startTraining(input: { ${input} }) { id } }`)).errors?.[0];
  expect(await refused('kind: SINGLE_TASK, customTasks: ["NONE"]')).toMatchObject({
    message: 'customTasks: the shop has defined SHOES_SOON, SHOE_VIEWS; got NONE.',
    extensions: { code: 'NOT_FOUND' },
  });
  expect(
    await refused('kind: COLLABORATIVE, collaboration: "CO_TRAINING", customTasks: ["SHOE_VIEWS"]'),
  ).toMatchObject({ message: containing('CO_TRAINING'), extensions: { code: 'BAD_USER_INPUT' } });
  const many = Array.from({ length: 8 }, (_, at) => `T${at}X`);
  for (const name of many) await api.ask(DEFINE, { input: { ...SOON, name } });
  expect(
    await refused(`kind: AUTO, tasks: [CHURN, PURCHASE_INTENT], customTasks: ${JSON.stringify(many)}`),
  ).toMatchObject({ message: containing('at most 9 tasks; got 10') });
  for (const name of many) await api.ask(`mutation { deleteTask(name: "${name}") { name } }`);
  expect(await refused('kind: SINGLE_TASK, tasks: [CUSTOM]')).toMatchObject({
    extensions: { code: 'BAD_USER_INPUT' },
  });
  const rare =
    'kind: SINGLE_TASK, customTasks: ["SHOE_VIEWS"], resampling: [{ task: CUSTOM, customTask: "SHOE_VIEWS", method: "SMOTE" }]';
  expect(await refused(rare)).toMatchObject({ message: containing('no rare class') });
});

test(
  'a task is learnt alone and with others, measured against a baseline, served, explained, and deleted',
  async () => {
    const before = await api.ask<Predicted>(PREDICT, { id: 'u3', task: 'SHOES_SOON' });
    expect(before.errors?.[0].extensions.code).toBe('NOT_READY');

    const alone = await train('kind: SINGLE_TASK, customTasks: ["SHOES_SOON", "SHOE_VIEWS"]');
    const { data, errors } = await api.ask<{ trainingRun: Record<string, unknown> }>(
      `{ trainingRun(id: "${alone}") { tasks customTasks epochs { task customTask }
        evaluations { task customTask split family architecture isServed metrics { name value } } } }`,
    );
    expect(errors).toBeUndefined();
    const { tasks, customTasks, evaluations, epochs } = data.trainingRun as {
      tasks: string[];
      customTasks: string[];
      epochs: { task: string; customTask: string }[];
      evaluations: {
        task: string;
        customTask: string;
        split: string;
        family: string;
        isServed: boolean;
        metrics: { name: string; value: number }[];
      }[];
    };
    expect([tasks, customTasks]).toEqual([['CUSTOM'], ['SHOES_SOON', 'SHOE_VIEWS']]);
    expect(epochs.every(({ task, customTask }) => task === 'CUSTOM' && customTask.startsWith('SHOE'))).toBe(
      true,
    );
    const tests = evaluations.filter(({ split }) => split === 'TEST');
    expect(tests).toHaveLength(6);
    const auc = tests
      .filter(({ customTask }) => customTask === 'SHOES_SOON')
      .map(({ metrics }) => metrics.find(({ name }) => name === 'AUC')!.value);
    expect(Math.min(...auc)).toBeGreaterThan(0.7);
    const counts = tests.filter(({ customTask }) => customTask === 'SHOE_VIEWS');
    expect(counts.every(({ metrics }) => metrics[0].name === 'POISSON_DEVIANCE')).toBe(true);

    await train(
      'kind: MULTI_TASK, tasks: [PURCHASE_INTENT], customTasks: ["SHOES_SOON", "SHOE_VIEWS"], architecture: "shared-bottom"',
    );
    const busy = shop.shoes.indexOf(Math.max(...shop.shoes));
    const idle = shop.shoes.indexOf(Math.min(...shop.shoes));
    const [much, little] = [await predict(`u${busy}`, 'SHOES_SOON'), await predict(`u${idle}`, 'SHOES_SOON')];
    expect(much.probability! - little.probability!).toBeGreaterThan(0.5);
    expect(much).toMatchObject({ label: true, expectedCount: null });
    expect(little.label).toBe(false);
    expect(much.modelVersion).toMatchObject({
      tasks: ['PURCHASE_INTENT', 'CUSTOM'],
      customTasks: ['SHOES_SOON', 'SHOE_VIEWS'],
    });
    expect(much.explanation).toHaveLength(3);
    const number = await predict(`u${busy}`, 'SHOE_VIEWS');
    expect(number).toMatchObject({ probability: null, label: null, threshold: null });
    expect(Math.abs(number.expectedCount! / (14 * shop.shoes[busy]) - 1)).toBeLessThan(0.5);
    const all = await api.ask(`{ user(id: "u${busy}") { predictions { allCustom { task { name } } } } }`);
    expect(all.data).toEqual({
      user: {
        predictions: { allCustom: [{ task: { name: 'SHOES_SOON' } }, { task: { name: 'SHOE_VIEWS' } }] },
      },
    });

    // What serves is looked after as every task is; nothing has happened since training.
    const [deployment] = await api.shop.activeDeployments();
    const [version] = await api.shop.modelVersionsByIds([deployment.modelVersionId]);
    const live = await liveQuality({
      shopKey: 'default',
      history: shop.history,
      clock: version!.dataUntil.getTime(),
      versions: new Map([['CUSTOM_SHOES_SOON', version!]]),
      scorers: host,
      seed: 1,
    });
    expect(live).toEqual([
      expect.objectContaining({ task: 'CUSTOM_SHOES_SOON', reason: containing('7 days') }),
    ]);

    expect((await api.ask('mutation { deleteTask(name: "SHOES_SOON") { name } }')).errors).toBeUndefined();
    const gone = await api.ask(PREDICT, { id: 'u3', task: 'SHOES_SOON' });
    expect(gone.errors?.[0].extensions.code).toBe('NOT_FOUND');
    // Another definition of the name is not what the deployed model has learnt.
    await api.ask(DEFINE, { input: { ...SOON, atLeast: 5 } });
    const other = await api.ask(PREDICT, { id: 'u3', task: 'SHOES_SOON' });
    expect(other.errors?.[0].extensions.code).toBe('NOT_READY');
  },
  PATIENCE_MS,
);

interface Evaluated {
  readonly task: string;
  readonly customTask: string | null;
  readonly family: string;
  readonly architecture: string;
  readonly split: string;
  readonly isServed: boolean;
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

test(
  'a task goes wherever others go: folds, searches, collaborations, AUTO runs and ensembles',
  async () => {
    const evaluationsOf = async (id: string, more = '') => {
      const { data, errors } = await api.ask<{
        trainingRun: Record<string, unknown> & { evaluations: Evaluated[] };
      }>(
        `{ trainingRun(id: "${id}") { modelVersion { id ${more} }
          trials { value settings isBest }
          crossValidation { metric models { model metrics { name } } }
          evaluations { task customTask family architecture split isServed metrics { name value } } } }`,
      );
      expect(errors).toBeUndefined();
      return data.trainingRun;
    };
    const versionOf = async (id: string) => ((await evaluationsOf(id)).modelVersion as { id: string }).id;

    const folds = await carryOut(
      'startCrossValidation',
      'task: CUSTOM, customTask: "SHOE_VIEWS", architectures: ["own-rate", "custom-regression"], folds: 2, seeds: 1, hyperparameters: { epochs: 2 }',
    );
    const { crossValidation } = await evaluationsOf(folds);
    expect(crossValidation).toMatchObject({ metric: 'POISSON_DEVIANCE' });

    const searched = await carryOut(
      'startSearch',
      'task: CUSTOM, customTask: "SHOE_VIEWS", architecture: "custom-regression", method: RANDOM, trials: 2, budget: { least: 1, most: 2 }',
    );
    const trials = (await evaluationsOf(searched)).trials as {
      value: number;
      settings: object;
      isBest: boolean;
    }[];
    const best = Math.min(...trials.map(({ value }) => value));
    expect(trials.find(({ isBest }) => isBest)?.value).toBe(best);
    expect(trials.every(({ settings }) => !('customTasks' in settings))).toBe(true);

    const together = 'tasks: [PURCHASE_INTENT], customTasks: ["SHOE_VIEWS"]';
    const mutual = await carryOut(
      'startTraining',
      `kind: COLLABORATIVE, ${together}, hyperparameters: { members: 2, epochs: 2 }`,
    );
    const counted = (await evaluationsOf(mutual)).evaluations.filter(
      ({ customTask }) => customTask === 'SHOE_VIEWS',
    );
    expect(counted).toHaveLength(2);
    expect(counted.every(({ metrics }) => Number.isFinite(metrics[0].value))).toBe(true);

    const automatic = await carryOut(
      'startTraining',
      `kind: AUTO, ${together}, hyperparameters: { epochs: 1 }`,
    );
    const served = (await evaluationsOf(automatic)).evaluations.filter(({ isServed }) => isServed);
    expect(new Set(served.map(({ customTask }) => customTask))).toEqual(new Set([null, 'SHOE_VIEWS']));
    const compared = await api.ask<{
      compareModels: {
        transferReports: {
          gains: { customTask: string | null; customTogether: string[]; metric: string }[];
          groups: { customTasks: string[] }[];
        }[];
      };
    }>(
      'query ($ids: [ID!]!) { compareModels(ids: $ids) { transferReports { gains { task customTask together customTogether metric } groups { customTasks } } } }',
      { ids: [await versionOf(automatic)] },
    );
    const [{ gains, groups }] = compared.data.compareModels.transferReports;
    expect(groups.flatMap(({ customTasks }) => customTasks)).toEqual(['SHOE_VIEWS']);
    expect(gains.every(({ customTogether }) => customTogether.join() === 'SHOE_VIEWS')).toBe(true);
    expect(new Set(gains.map(({ customTask, metric }) => `${customTask} ${metric}`))).toEqual(
      new Set(['null AUC', 'SHOE_VIEWS POISSON_DEVIANCE']),
    );

    const members = [await versionOf(mutual), await versionOf(automatic)];
    const ensemble = await carryOut(
      'startEnsemble',
      `members: ${JSON.stringify(members)}, method: WEIGHTED_AVERAGE, calibration: TEMPERATURE, deploy: true`,
    );
    const made = (
      (await evaluationsOf(ensemble, 'ensembleReports { task customTask metric subsets { test { value } } }'))
        .modelVersion as { ensembleReports: { customTask: string | null; metric: string }[] }
    ).ensembleReports;
    expect(made.map(({ customTask, metric }) => [customTask, metric])).toEqual([
      [null, 'AUC'],
      ['SHOE_VIEWS', 'POISSON_DEVIANCE'],
    ]);
    const busy = shop.shoes.indexOf(Math.max(...shop.shoes));
    const number = await predict(`u${busy}`, 'SHOE_VIEWS');
    expect(Math.abs(number.expectedCount! / (14 * shop.shoes[busy]) - 1)).toBeLessThan(0.5);

    const other = await carryOut(
      'startTraining',
      'kind: SINGLE_TASK, customTasks: ["SHOES_SOON"], architecture: "own-rate"',
    );
    const older = (await api.shop.modelVersions({ first: 20 })).rows.findLast(({ tasks }) =>
      tasks.includes('CUSTOM_SHOES_SOON'),
    );
    const refused = await api.ask(
      `mutation { startEnsemble(input: { members: ["${older!.id}", "${await versionOf(other)}"], method: SOFT_VOTING }) { id } }`,
    );
    expect(refused.errors?.[0]).toMatchObject({
      message: containing('different definitions of SHOES_SOON'),
      extensions: { code: 'BAD_USER_INPUT' },
    });
  },
  PATIENCE_MS,
);
