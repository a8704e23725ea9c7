/** Explanations against the causes that the simulator knows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { simulateShop } from '../../../../../src/pipeline/collect/index.js';
import {
  auc,
  type PermutationImportance,
  permutationImportance,
} from '../../../../../src/pipeline/evaluate/index.js';
import { type Contribution, DAY_MS, type FitContext } from '../../../../../src/pipeline/index.js';
import {
  buyersBefore,
  TRANSACTION_FEATURES,
  transactionContexts,
  transactionFeatures,
} from '../../../../../src/pipeline/preprocess/index.js';
import {
  dense,
  fitLogistic,
  fraudDense,
  fraudLogistic,
  itemKnn,
  logisticRegression,
} from '../../../../../src/pipeline/single-task/index.js';

// Directions at right angles: each task has causes of its own.
const { history, truth } = simulateShop({ behaviours: 60_000, relatedness: 0, seed: 1 });
const cut = truth.timeOf(360);
const context: FitContext = {
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
};
const models = {
  logistic: logisticRegression.create(['CHURN'], {}),
  dense: dense.create(['CHURN'], {}),
  fraudLogistic: fraudLogistic.create(['FRAUD'], {}),
  fraudDense: fraudDense.create(['FRAUD'], {}),
  neighbours: itemKnn.create(['RECOMMENDATION'], {}),
};

beforeAll(async () => {
  for (const model of Object.values(models)) await model.fit({ history, cut }, context);
}, 240_000);
afterAll(() => {
  for (const model of Object.values(models)) model.dispose();
});

/** The features of a cause as one: their contributions added up, by row. */
const joint = (explained: readonly Contribution[][], features: readonly string[]): number[] =>
  explained.map((row) =>
    row.reduce((sum, { feature, contribution }) => sum + (features.includes(feature) ? contribution : 0), 0),
  );
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const meanSize = (values: readonly number[]) => mean(values.map(Math.abs));

function correlation(a: readonly number[], b: readonly number[]): number {
  const product = (x: readonly number[], y: readonly number[]) =>
    mean(x.map((value, at) => (value - mean(x)) * (y[at] - mean(y))));
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

describe('churn', () => {
  const users = buyersBefore(history, cut).filter((_, at) => at % 3 === 0);

  test.each(['logistic', 'dense'] as const)(
    '%s: the trait that drives it moves predictions more than what has nothing to do with it, the right way',
    async (name) => {
      const request = { history, users, asOf: cut };
      const explained = (await models[name].users?.explainUsers(request, 'CHURN', Infinity)) ?? [];
      const { causes, noise } = truth.causes('CHURN');
      expect(causes.map((cause) => cause.name)).toEqual(['basket']);
      const [{ features, weight }] = causes;
      const moved = joint(explained, features);
      for (const feature of noise)
        expect(meanSize(moved)).toBeGreaterThan(1.5 * meanSize(joint(explained, [feature])));
      const shown = explained.map((row) => row.find(({ feature }) => feature === features[0])?.value ?? NaN);
      expect(weight).toBeLessThan(0);
      expect(correlation(shown, moved)).toBeLessThan(-0.6);
      // When somebody was last there counts most of all: who has left does not buy.
      const lately = ['recency', 'recency_any', 'looked_since_order', 'looked_lately', 'looked_to_gap'];
      expect(meanSize(joint(explained, lately))).toBeGreaterThan(meanSize(moved));
    },
  );
});

describe('fraud', () => {
  const contexts = transactionContexts(history.transactions).filter(
    ({ transaction: { occurredAt } }) => occurredAt >= cut - 60 * DAY_MS,
  );
  const labels = contexts.map(({ transaction }) => (transaction.isFraud === true ? 1 : 0));
  const { causes, noise } = truth.causes('FRAUD');
  const strong = causes.filter(({ weight }) => weight > 2);

  test.each([
    ['fraudLogistic', 2],
    // A net makes something of noise too, where there are few frauds to learn from.
    ['fraudDense', 1.2],
  ] as const)('%s: each of the strongest causes moves predictions more than noise', async (name, times) => {
    const sample = contexts.slice(0, 400);
    const explained = (await models[name].fraud?.explainTransactions(sample, Infinity)) ?? [];
    expect(strong.map((cause) => cause.name).sort()).toEqual(['device', 'ip', 'shipping']);
    for (const { features } of strong)
      for (const feature of noise)
        expect(meanSize(joint(explained, features))).toBeGreaterThan(
          times * meanSize(joint(explained, [feature])),
        );
    // A new device is the strongest single sign: an order that shows it is told by it.
    const shown = explained.filter((row) =>
      row.some(({ feature, value }) => feature === 'isDeviceNew' && value === 1),
    );
    const among = shown.filter((row) => row.slice(0, 3).some(({ feature }) => feature === 'isDeviceNew'));
    expect(shown.length).toBeGreaterThan(20);
    expect(among.length / shown.length).toBeGreaterThan(0.8);
  });

  test('permutation importance: groups of causes before groups of noise, within the spread', async () => {
    const width = TRANSACTION_FEATURES.length;
    const features = transactionFeatures(contexts);
    const column = (name: string) => TRANSACTION_FEATURES.findIndex((feature) => feature.name === name);
    // The model is fitted on the earlier half, its importance measured on the later one.
    const half = Math.floor(contexts.length / 2);
    const line = fitLogistic(features.slice(0, half * width), Uint8Array.from(labels.slice(0, half)), {
      width,
      penalty: 1,
    });
    const groups = [
      ...strong.map((cause) => ({ name: cause.name, columns: cause.features.map(column) })),
      ...noise.map((name) => ({ name, columns: [column(name)] })),
    ];
    const { groups: found, quality } = await permutationImportance({
      features: features.slice(half * width),
      width,
      groups,
      predict: (values) =>
        Float64Array.from({ length: values.length / width }, (_, row) => {
          let logit = line.bias;
          for (let at = 0; at < width; at++)
            logit += (line.weights[at] * (values[row * width + at] - line.means[at])) / line.deviations[at];
          return logit;
        }),
      quality: (scores) => auc(labels.slice(half), scores),
      seed: 1,
    });
    expect(quality).toBeGreaterThan(0.8);
    const names = found.map(({ name }) => name);
    expect(new Set(names.slice(0, strong.length))).toEqual(new Set(strong.map(({ name }) => name)));
    const clear = ({ importance, spread }: PermutationImportance) => importance > 3 * spread;
    expect(found.slice(0, strong.length).every(clear)).toBe(true);
    for (const { importance } of found.slice(strong.length)) expect(Math.abs(importance)).toBeLessThan(0.005);
  });
});

describe('"because you bought"', () => {
  /** [items] what each taste makes of the item against what it makes of others, the same for all tastes taken out. */
  const { catalogue } = truth.world;
  const leanings = catalogue.items.map((_, item) => {
    const shares = Array.from({ length: catalogue.tastes }, (_unused, taste) =>
      Math.log(
        catalogue.tasteCategories[taste * catalogue.categories + catalogue.category[item]] *
          catalogue.shares[taste * catalogue.items.length + item],
      ),
    );
    return shares.map((share) => share - mean(shares));
  });

  test('names an item that the same tastes like, far more often than chance', async () => {
    const users = buyersBefore(history, cut).subarray(0, 120);
    const options = { first: 10, allowed: null, excludeBought: true };
    const ranked = (await models.neighbours.items?.rankItems({ history, users, asOf: cut }, options)) ?? [];
    const itemAt = new Map(history.items.map(({ id }, item) => [id, item]));
    const pairs = ranked
      .flat()
      .filter(({ reason }) => reason.kind === 'BOUGHT_TOGETHER')
      .map(({ itemId, reason }) => [itemAt.get(itemId) ?? -1, itemAt.get(reason.itemId ?? '') ?? -1]);
    expect(pairs.length).toBeGreaterThan(200);
    const told = pairs.map(([item, cause]) => correlation(leanings[item], leanings[cause]));
    // By chance: the cause of another pair.
    const chance = pairs.map(([item], at) =>
      correlation(leanings[item], leanings[pairs[(at + 101) % pairs.length][1]]),
    );
    expect(mean(told)).toBeGreaterThan(mean(chance) + 0.2);
  });
});
