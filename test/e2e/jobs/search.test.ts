import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';

import { createJobs, waitForRun } from '../../../src/jobs/index.js';
import { type RunningProcess, startProcess, stopProcess, until } from '../../support/processes.js';
import { shopWithRates } from '../../support/shop-with-rates.js';
import { storeHistory } from '../../support/stored-history.js';
import { type Api, startApi } from '../api-harness.js';

const PATIENCE_MS = 240_000;
const TRIALS = `query ($id: ID!) { trainingRun(id: $id) { status error
  trials { number status hyperparameters settings budget value isBest attempts error
    results { rung budget value threshold seconds metrics { name value } } }
  evaluations { split protocol seed cut fold confusionMatrix { threshold } segments { dimension name examples metrics { name value low high } } } } }`;

interface Trial {
  readonly number: number;
  readonly status: string;
  readonly hyperparameters: Record<string, unknown>;
  readonly settings: Record<string, unknown>;
  readonly budget: number;
  readonly value: number | null;
  readonly isBest: boolean;
  readonly attempts: number;
  readonly error: string | null;
  readonly results: { rung: number; budget: number; value: number | null; threshold: number | null }[];
}
interface Searched {
  readonly trainingRun: {
    readonly status: string;
    readonly trials: Trial[];
    readonly evaluations: {
      readonly split: string;
      readonly protocol: string;
      readonly seed: number;
      readonly confusionMatrix: { threshold: number };
      readonly segments: { dimension: string; name: string; examples: number; metrics: { name: string }[] }[];
    }[];
  };
}

let api: Api;
let directory: string;
const workers: RunningProcess[] = [];
const startWorker = () => {
  const worker = startProcess('worker', [], {
    env: { DATABASE_URL: api.database.url, TANDEM_DATA: directory, TANDEM_CHECKPOINT_SECONDS: '0' },
  });
  workers.push(worker);
  return worker;
};

beforeAll(async () => {
  api = await startApi({ jobs: ({ url, store }) => createJobs({ databaseUrl: url, store }) });
  directory = await mkdtemp(join(tmpdir(), 'tandem-search-'));
  await storeHistory(api.shop, shopWithRates({ users: 260, items: 20, days: 330, seed: 2 }).history);
}, PATIENCE_MS);
afterEach(async () => {
  await Promise.all(workers.splice(0).map(stopProcess));
}, PATIENCE_MS);
afterAll(async () => {
  await api.close();
  await rm(directory, { recursive: true, force: true });
}, PATIENCE_MS);

const readTrials = async (id: string) => {
  const { data, errors } = await api.ask<Searched>(TRIALS, { id });
  expect(errors).toBeUndefined();
  return data.trainingRun;
};

describe('a search', () => {
  test(
    'is carried on by other workers when one dies in the midst of a trial, and its best trial can be trained',
    async () => {
      const { data, errors } = await api.ask<{ startSearch: { id: string } }>(
        `mutation { startSearch(input: { task: CHURN, architecture: "dense", method: ASHA, trials: 4, parallel: 2, seed: 3,
          parameters: [{ name: "learningRate", type: LOG, low: 0.0005, high: 0.02, default: 0.001 },
            { name: "dropout", type: FLOAT, low: 0, high: 0.5, default: 0.3 }]
          budget: { least: 2, most: 6 }, hyperparameters: { batchSize: 64 },
          thresholds: [{ task: CHURN, by: COST, costOfMiss: 50, costOfFalseAlarm: 1 }] }) { id } }`,
      );
      expect(errors).toBeUndefined();
      const { id } = data.startSearch;
      const first = startWorker();
      const second = startWorker();
      const all = () => `${first.output.stderr}${second.output.stderr}`;
      // The other took a trial too: both are at it.
      await until(
        async () => (await readTrials(id)).trials.filter(({ status }) => status === 'RUNNING').length === 2,
        120_000,
        all,
      );
      first.child.kill('SIGKILL');
      await first.ended;
      const ended = await waitForRun(api.shop, id);
      expect(ended).toMatchObject({ status: 'SUCCEEDED', error: null });
      const { trials, evaluations } = await readTrials(id);
      expect(trials.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
      expect(trials[0].hyperparameters).toEqual({ learningRate: 0.001, dropout: 0.3 });
      // What the dead one had in hand was taken up a second time, nothing a third.
      expect(trials.filter(({ attempts }) => attempts > 1).length).toBeLessThanOrEqual(1);
      for (const trial of trials) {
        expect(trial).toMatchObject({ error: null, settings: { batchSize: 64, epochs: trial.budget } });
        expect(trial.results.map(({ rung, budget }) => [rung, budget])).toEqual(
          [
            [0, 2],
            [1, 6],
          ].slice(0, trial.results.length),
        );
        expect(trial.status).toBe(trial.results.length === 2 ? 'SUCCEEDED' : 'PAUSED');
      }
      expect(trials.filter(({ results }) => results.length === 2).length).toBeGreaterThanOrEqual(1);
      const [best] = trials.filter(({ isBest }) => isBest);
      for (const { budget, value } of trials)
        if (budget === 6) expect(best.value).toBeGreaterThanOrEqual(value ?? 0);

      // Chosen on validation, judged on test once, with the threshold of validation by the rule asked for.
      expect(evaluations).toHaveLength(1);
      const [judged] = evaluations;
      expect(judged).toMatchObject({ split: 'TEST', seed: 3 });
      expect(judged.protocol).toContain(`trial ${best.number}, the best of 4 on validation`);
      expect(judged.confusionMatrix.threshold).toBeCloseTo(best.results[1].threshold ?? Number.NaN, 6);
      // A miss is dear: nearly all are called.
      expect(judged.confusionMatrix.threshold).toBeLessThan(0.3);

      const training = await api.ask<{ trainTrial: { id: string; config: Record<string, unknown> } }>(
        `mutation { trainTrial(runId: "${id}") { id config } }`,
      );
      expect(training.data.trainTrial.config).toMatchObject({
        architecture: 'dense',
        hyperparameters: { ...best.settings },
        threshold: { CHURN: { by: 'COST', costOfMiss: 50, costOfFalseAlarm: 1 } },
      });
      await api.ask(`mutation { cancelRun(id: "${training.data.trainTrial.id}") { id } }`);
      await waitForRun(api.shop, training.data.trainTrial.id);
    },
    PATIENCE_MS,
  );

  test('tells the space of a kind of model, and refuses what cannot be searched', async () => {
    const space = await api.ask<{ searchSpace: unknown }>(
      '{ searchSpace(architecture: "fraud-logistic-regression") { architecture budget { parameter } parameters { name type low high values default } } }',
    );
    expect(space.data.searchSpace).toEqual({
      architecture: 'fraud-logistic-regression',
      budget: null,
      parameters: [{ name: 'penalty', type: 'LOG', low: 0.01, high: 100, values: null, default: 1 }],
    });
    const refused: [string, RegExp][] = [
      ['task: FRAUD, architecture: "fraud-logistic-regression", method: ASHA', /ASHA has no budget/],
      ['task: CHURN, method: ASHA, budget: { least: 3, most: 5 }', /most of at least three times the least/],
      ['task: CHURN, method: ASHA, space: { epochs: [1, 2] }', /space.epochs: ASHA gives it/],
      [
        'task: CHURN, space: { dropout: [0.1] }, hyperparameters: { dropout: 0.2 }',
        /hyperparameters.dropout: it is searched/,
      ],
      ['task: CHURN, space: { dropout: 0.1 }', /values/],
      ['task: CHURN, thresholds: [{ task: CHURN, by: PRECISION }]', /threshold.CHURN.target/],
      ['task: CHURN, thresholds: [{ task: FRAUD, by: F1 }]', /thresholds: the run learns CHURN/],
    ];
    for (const [input, message] of refused) {
      const { errors } = await api.ask(`mutation { startSearch(input: { ${input} }) { id } }`);
      expect(errors?.[0]).toMatchObject({
        message: expect.stringMatching(message) as unknown,
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
    const { errors } = await api.ask(
      `mutation { trainTrial(runId: "${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}") { id } }`,
    );
    expect(errors?.[0].extensions.code).toBe('NOT_FOUND');
  });
});

interface Validated {
  readonly trainingRun: {
    readonly crossValidation: {
      readonly metric: string;
      readonly ranking: string;
      readonly models: {
        model: string;
        folds: number;
        seeds: number;
        metrics: { name: string; mean: number; overFolds: number; overSeeds: number }[];
      }[];
      readonly folds: {
        fold: number;
        cut: string;
        examples: number;
        protocol: string;
        models: { model: string; seeds: number }[];
      }[];
      readonly differences: {
        better: string;
        worse: string;
        seeds: number;
        low: number;
        high: number;
        difference: number;
      }[];
    };
    readonly evaluations: Searched['trainingRun']['evaluations'];
  };
}
const VALIDATED = `query ($id: ID!) { trainingRun(id: $id) {
  crossValidation { metric ranking models { model folds seeds metrics { name mean overFolds overSeeds } }
    folds { fold cut examples protocol models { model seeds } } differences { better worse seeds low high difference } }
  evaluations { split protocol seed confusionMatrix { threshold } segments { dimension name examples metrics { name } } } } }`;

test(
  'a cross-validation rolls over time by default, is shared by workers, and tells means, spreads and differences',
  async () => {
    const start = `mutation { startCrossValidation(input: { task: PURCHASE_INTENT, architectures: ["dense", "recency"], folds: 2, seeds: 2,
      seed: 5, hyperparameters: {}, thresholds: [{ task: PURCHASE_INTENT, by: COST, costOfMiss: 50, costOfFalseAlarm: 1 }] }) { id config } }`;
    const started = await api.ask<{ startCrossValidation: { id: string; config: unknown } }>(start);
    expect(started.errors).toBeUndefined();
    expect(started.data.startCrossValidation.config).toMatchObject({
      method: 'ROLLING_ORIGIN',
      folds: 2,
      seeds: 2,
    });
    const { id } = started.data.startCrossValidation;
    const all = [startWorker(), startWorker()];
    const printed = () => all.map(({ output }) => output.stderr).join('');
    const isMeasured = (seed: number) => api.database.store.isHeld(`part:${id}:dense 1 ${seed}`);
    await until(async () => (await isMeasured(5)) && (await isMeasured(6)), 120_000, printed);
    all[0].child.kill('SIGKILL');
    const ended = await waitForRun(api.shop, id);
    expect(`${ended.status} ${ended.error?.message ?? ''}${printed()}`).toMatch(/^SUCCEEDED/);
    const { data, errors } = await api.ask<Validated>(VALIDATED, { id });
    expect(errors).toBeUndefined();
    const { crossValidation, evaluations } = data.trainingRun;
    expect(crossValidation).toMatchObject({ metric: 'AUC' });
    expect(['RANKED', 'UNDECIDED']).toContain(crossValidation.ranking);
    expect(crossValidation.models.map(({ model, folds, seeds }) => [model, folds, seeds]).sort()).toEqual([
      ['baseline: recency', 2, 2],
      ['single: dense', 2, 2],
    ]);
    const recency = crossValidation.models.find(({ model }) => model === 'baseline: recency');
    const auc = recency?.metrics.find(({ name }) => name === 'AUC');
    // Counting draws nothing by chance: its seeds agree.
    expect(auc?.overSeeds).toBe(0);
    expect(auc?.overFolds).toBeGreaterThan(0);
    const [first, second] = crossValidation.folds;
    expect(Date.parse(second.cut) - Date.parse(first.cut)).toBe(30 * 86_400_000);
    expect(first.protocol).toContain('rolling origin: fold 1 of 2, cuts 30 days apart');
    const [difference] = crossValidation.differences;
    expect(difference.seeds).toBe(2);
    expect(difference.low).toBeLessThanOrEqual(difference.difference);
    expect(evaluations).toHaveLength(8);
    expect([...new Set(evaluations.map(({ seed }) => seed))].sort()).toEqual([5, 6]);
    expect(evaluations.every(({ confusionMatrix }) => confusionMatrix.threshold < 0.4)).toBe(true);
    const names = evaluations[0].segments.map(({ dimension, name }) => `${dimension} ${name}`);
    expect(names).toContain('USERS RETURNING');
    // One worker by itself finds the same numbers.
    const again = (await api.ask<{ startCrossValidation: { id: string } }>(start)).data.startCrossValidation;
    expect(await waitForRun(api.shop, again.id)).toMatchObject({ status: 'SUCCEEDED' });
    const [shared, alone] = (await api.shop.evaluationsByRuns([id, again.id])).map((rows) =>
      rows.map(({ architecture, fold, seed, metrics }) => ({
        part: `${architecture} ${fold} ${seed}`,
        metrics,
      })),
    );
    const byPart = (rows: typeof shared) => [...rows].sort((a, b) => a.part.localeCompare(b.part));
    expect(byPart(shared)).toEqual(byPart(alone));
  },
  PATIENCE_MS,
);

test.each([
  ['task: DEMAND, method: BY_USER', /DEMAND is about items/],
  ['task: CHURN, method: BY_USER, stepDays: 7', /stepDays: BY_USER has one cut/],
  ['task: CHURN, seeds: 0', /seeds: expected a whole number from 1/],
  ['task: CHURN, folds: 1', /folds: expected a whole number from 2/],
  ['task: CHURN, folds: 20, seeds: 20, architectures: ["dense", "recency"]', /folds × seeds × architectures/],
  ['task: CHURN, architecture: "dense", architectures: ["recency"]', /one of the two/],
])('a cross-validation with %s is refused', async (input, message) => {
  const { errors } = await api.ask(`mutation { startCrossValidation(input: { ${input} }) { id } }`);
  expect(errors?.[0]).toMatchObject({
    message: expect.stringMatching(message) as unknown,
    extensions: { code: 'BAD_USER_INPUT' },
  });
});
