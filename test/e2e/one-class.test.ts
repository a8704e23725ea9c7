/** A split whose labels are all alike has no AUC: what is told instead, in the API and on a terminal. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';

import { evaluateBinary, formatComparison } from '../../src/pipeline/evaluate/index.js';
import { type Api, startApi, storeModelVersion } from './api-harness.js';

let api: Api;
let ids: string[];
const WHY = 'AUC compares two classes; all 40 examples are "no".';

/** Two versions of a model from two seeds, measured on 40 users of whom none left. */
beforeAll(async () => {
  api = await startApi();
  ids = [await storeModelVersion(api.shop), await storeModelVersion(api.shop)];
  const versions = await api.shop.modelVersionsByIds(ids);
  const labels = new Float32Array(40);
  await api.shop.addEvaluations(
    versions.flatMap((version, at) => {
      if (!version) throw new Error('The version was not stored.');
      const probabilities = labels.map((_, user) => (user + at) / 100);
      const report = evaluateBinary({ labels, probabilities, threshold: 0.5, seed: 1 });
      return ['dense', 'linear'].map((architecture) => ({
        runId: version.runId,
        modelVersionId: version.id,
        family: 'SINGLE',
        architecture,
        isServed: architecture === 'dense',
        task: 'CHURN' as const,
        split: 'TEST' as const,
        protocol: 'no one left',
        seed: at,
        ...report,
      }));
    }),
  );
});
afterAll(() => api.close());

test('the other metrics are answered, and why there is no AUC', async () => {
  const { data, errors } = await api.ask<{ modelVersion: { evaluations: Evaluation[] } }>(
    `query ($id: ID!) { modelVersion(id: $id) { evaluations {
       loss metrics { name value low high } undefinedMetrics { name reason } curve(kind: ROC) { x y } } } }`,
    { id: ids[0] },
  );
  expect(errors).toBeUndefined();
  const [{ metrics, undefinedMetrics, curve }] = data.modelVersion.evaluations;
  expect(metrics.map(({ name }) => name)).toEqual(expect.arrayContaining(['LOG_LOSS', 'BRIER', 'ECE']));
  expect(metrics.find(({ name }) => name === 'AUC')).toBeUndefined();
  expect(undefinedMetrics).toContainEqual({ name: 'AUC', reason: WHY });
  expect(curve).toEqual([]);
});

test('models are compared by the next metric that is there, and none is called ahead by an AUC', async () => {
  const { data, errors } = await api.ask<{ compareModels: { tasks: Comparison[] } }>(
    `query ($ids: [ID!]!) { compareModels(ids: $ids) { transfer { task } tasks {
       metric ranking entries { value low high isBest metrics { name value } }
       models { model metrics { name mean } } differences { difference low high } } } }`,
    { ids },
  );
  expect(errors).toBeUndefined();
  const [comparison] = data.compareModels.tasks;
  expect(comparison.metric).toBe('ECE');
  expect(comparison.entries).toHaveLength(4);
  expect(comparison.entries.filter(({ isBest }) => isBest)).toEqual([]);
  expect(comparison.differences).toEqual([]);
});

test('the table for a terminal says it too', async () => {
  const [evaluations] = await api.shop.evaluationsByModelVersions(ids);
  const table = formatComparison(evaluations);
  expect(table).toContain(`– ${WHY}`);
  expect(table).toMatch(/single: dense +– +–/);
});

interface Evaluation {
  readonly metrics: { readonly name: string }[];
  readonly undefinedMetrics: unknown[];
  readonly curve: unknown[];
}
interface Comparison {
  readonly metric: string;
  readonly entries: { readonly isBest: boolean }[];
  readonly differences: unknown[];
}
