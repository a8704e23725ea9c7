import { describe, expect, test } from '@jest/globals';

import { type DrivenTask, simulateShop } from '../../../../../src/pipeline/collect/index.js';
import { BEHAVIOUR_CODE, DAY_MS } from '../../../../../src/pipeline/index.js';
import { stabilityIndex, userFeatureDrift } from '../../../../../src/pipeline/monitor/index.js';
import {
  buyersBefore,
  dailyUnits,
  itemsInDemand,
  purchaseLabels,
} from '../../../../../src/pipeline/preprocess/index.js';
import { areaUnderCurve } from '../../../../support/area-under-curve.js';

const shop = simulateShop({ behaviours: 100_000, seed: 8, relatedness: 0.4 });
const { history, truth } = shop;
const CUT_DAY = 340;
const cut = truth.timeOf(CUT_DAY);
const users = buyersBefore(history, cut);

/** Deviations by which what came out is off what was expected, in each fifth of the expected probability. */
function deviations(labels: ArrayLike<number>, probabilities: Float64Array): number[] {
  const order = Uint32Array.from(probabilities.keys()).sort((a, b) => probabilities[a] - probabilities[b]);
  return Array.from({ length: 5 }, (_, part) => {
    const rows = order.subarray((part * order.length) / 5, ((part + 1) * order.length) / 5);
    let [expected, variance, found] = [0, 0, 0];
    for (const row of rows) {
      expected += probabilities[row];
      variance += probabilities[row] * (1 - probabilities[row]);
      found += labels[row];
    }
    return (found - expected) / Math.sqrt(variance + 0.5);
  });
}

const known = new Map<string, Float64Array>();
/** Probabilities of all users, worked out once. */
function probabilitiesOf(task: 'PURCHASE_INTENT' | 'CHURN', knowledge: 'LATENTS' | 'HISTORY'): Float64Array {
  const key = `${task} ${knowledge}`;
  const values = known.get(key) ?? truth.labelProbabilities(task, users, cut, knowledge);
  known.set(key, values);
  return values;
}

function labelsOf(task: 'PURCHASE_INTENT' | 'CHURN'): Float32Array {
  const bought = purchaseLabels(history, users, cut, task === 'CHURN' ? 90 : 30);
  return task === 'CHURN' ? bought.map((label) => 1 - label) : bought;
}

function correlation(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  const product = (x: Float64Array, y: Float64Array, mx: number, my: number) =>
    x.reduce((sum, value, at) => sum + (value - mx) * (y[at] - my), 0);
  return product(a, b, meanA, meanB) / Math.sqrt(product(a, a, meanA, meanA) * product(b, b, meanB, meanB));
}

describe('the truth about labels', () => {
  test.each(['PURCHASE_INTENT', 'CHURN'] as const)(
    '%s: among users of equal probability that share comes true, whatever is known',
    (task) => {
      const labels = labelsOf(task);
      for (const knowledge of ['LATENTS', 'HISTORY'] as const) {
        const probabilities = probabilitiesOf(task, knowledge);
        for (const off of deviations(labels, probabilities)) expect(Math.abs(off)).toBeLessThan(3.5);
      }
    },
  );

  test.each(['PURCHASE_INTENT', 'CHURN'] as const)(
    '%s: knowing what is hidden ranks better than the history, and the history better than recency',
    (task) => {
      const labels = [...labelsOf(task)];
      const of = (knowledge: 'LATENTS' | 'HISTORY') =>
        areaUnderCurve(labels, probabilitiesOf(task, knowledge));
      const recency = Float64Array.from(users, (user) => {
        let last = 0;
        for (let row = history.userOffsets[user]; row < history.userOffsets[user + 1]; row++)
          if (history.behaviours.occurredAt[row] < cut) last = history.behaviours.occurredAt[row];
        return task === 'CHURN' ? -last : last;
      });
      expect(of('LATENTS')).toBeGreaterThan(of('HISTORY'));
      expect(of('HISTORY')).toBeGreaterThan(areaUnderCurve(labels, recency) + 0.01);
      expect(of('LATENTS')).toBeLessThan(0.99);
    },
  );

  test('a user who has left does not come back, and the shop cannot be sure of it', () => {
    const gone = [...users].filter((user) => truth.leavingDays[user] < CUT_DAY);
    const sure = truth.labelProbabilities('CHURN', gone, cut, 'LATENTS');
    expect(new Set(sure)).toEqual(new Set([1]));
    const inferred = probabilitiesOf('CHURN', 'HISTORY').filter(
      (_, at) => truth.leavingDays[users[at]] < CUT_DAY,
    );
    expect(inferred.reduce((sum, value) => sum + value, 0) / gone.length).toBeLessThan(0.99);
  });
});

describe('the truth about items, orders and demand', () => {
  test('the next items of a user are a distribution, and what is bought follows it', () => {
    const expected = new Float64Array(16);
    const variance = new Float64Array(16);
    const found = new Float64Array(16);
    const { behaviours, userOffsets } = history;
    for (const user of users) {
      const rows: number[] = [];
      for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
        const time = behaviours.occurredAt[row];
        if (time >= cut && time < cut + 30 * DAY_MS && behaviours.type[row] === BEHAVIOUR_CODE.VIEW)
          rows.push(row);
      }
      if (rows.length === 0) continue;
      const shares = truth.nextItems(user, cut, 30, 'LATENTS');
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
      const byCategory = new Float64Array(16);
      shares.forEach((share, item) => (byCategory[truth.world.catalogue.category[item]] += share));
      byCategory.forEach((share, category) => {
        expected[category] += rows.length * share;
        variance[category] += rows.length * share * (1 - share);
      });
      for (const row of rows) found[truth.world.catalogue.category[behaviours.item[row]]]++;
    }
    // Days of a sale differ from the mean of the window that the distribution is of: some more than sampling error.
    expected.forEach((count, at) =>
      expect(Math.abs(found[at] - count)).toBeLessThan(4 * Math.sqrt(variance[at]) + 0.1 * count),
    );
  });

  test('a history tells tastes: what follows gets a higher probability than under popularity', () => {
    const { behaviours, userOffsets } = history;
    const popularity = new Float64Array(history.items.length).fill(0.5);
    for (let row = 0; row < behaviours.count; row++)
      if (behaviours.item[row] >= 0 && behaviours.occurredAt[row] < cut) popularity[behaviours.item[row]]++;
    const total = popularity.reduce((sum, count) => sum + count, 0);
    let gain = 0;
    let views = 0;
    for (const user of users.filter((_, at) => at % 4 === 0)) {
      const shares = truth.nextItems(user, cut, 30, 'HISTORY');
      for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
        if (behaviours.occurredAt[row] < cut || behaviours.type[row] !== BEHAVIOUR_CODE.VIEW) continue;
        gain += Math.log((shares[behaviours.item[row]] * total) / popularity[behaviours.item[row]]);
        views++;
      }
    }
    expect(views).toBeGreaterThan(500);
    expect(gain / views).toBeGreaterThan(0.5);
  });

  test('frauds come as often as their probability says, and the leaning that is inferred is nearly as good', () => {
    const labels = history.transactions.map(({ isFraud }) => (isFraud === true ? 1 : 0));
    for (const knowledge of ['LATENTS', 'HISTORY'] as const) {
      const probabilities = truth.fraudProbabilities(knowledge);
      for (const off of deviations(labels, probabilities)) expect(Math.abs(off)).toBeLessThan(4);
      expect(areaUnderCurve(labels, probabilities)).toBeGreaterThan(0.88);
    }
  });

  test('items sell as expected, up to the spread that is expected', () => {
    const items = itemsInDemand(history, cut, 28, 10);
    const { means, variances, medians } = truth.expectedDemand(items, cut, 14);
    const { units } = dailyUnits(history, items, cut, 14);
    const sold = Float64Array.from(items, (_, at) =>
      units.subarray(at * 14, at * 14 + 14).reduce((sum, day) => sum + day, 0),
    );
    const scores = sold.map((count, at) => (count - means[at]) / Math.sqrt(variances[at]));
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
    const square = scores.reduce((sum, score) => sum + score * score, 0) / scores.length;
    expect(items.length).toBeGreaterThan(100);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(items.length));
    expect(square).toBeGreaterThan(0.5);
    expect(square).toBeLessThan(1.6);
    medians.forEach((median, at) => expect(median).toBeLessThanOrEqual(means[at]));
  });
});

describe('the dial of relatedness', () => {
  const SETTINGS = [-1, -0.5, 0, 0.5, 1];
  const worlds = SETTINGS.map(
    (relatedness) => simulateShop({ behaviours: 20_000, relatedness, seed: 2 }).truth,
  );
  const against = (task: DrivenTask, read: 'drives' | 'taskLogits') =>
    worlds.map((world) => correlation(world[read]('PURCHASE_INTENT'), world[read](task)));

  test.each(['CHURN', 'RECOMMENDATION', 'FRAUD'] as const)('is the correlation of what drives %s', (task) => {
    against(task, 'drives').forEach((found, at) => expect(Math.abs(found - SETTINGS[at])).toBeLessThan(0.15));
  });

  test.each(['RECOMMENDATION', 'FRAUD'] as const)(
    'moves the logits of %s from opposed to the same',
    (task) => {
      const found = against(task, 'taskLogits');
      expect(found).toEqual([...found].sort((a, b) => a - b));
      expect(found[0]).toBeLessThan(-0.9);
      expect(found[4]).toBeGreaterThan(0.9);
    },
  );

  test('moves the logits of staying too, as far as labels that contain each other can part', () => {
    const found = against('CHURN', 'taskLogits');
    expect(found).toEqual([...found].sort((a, b) => a - b));
    expect(found[0]).toBeLessThan(0.3);
    expect(found[4]).toBeGreaterThan(0.95);
  });
});

describe('a drift', () => {
  const day = 250;
  const [still, drifting] = [null, { day }].map((drift) =>
    simulateShop({ behaviours: 80_000, seed: 4, drift }),
  );

  test('changes nothing before its day', () => {
    const before = (world: typeof still) => {
      const { behaviours, userOffsets } = world.history;
      const user = world.truth.arrivalDays.findIndex((arrival) => arrival < 100);
      const rows = behaviours.occurredAt.subarray(userOffsets[user], userOffsets[user + 1]);
      return rows.filter((time) => time < world.truth.timeOf(day));
    };
    expect(before(drifting)).toEqual(before(still));
  });

  test('shows in what users do: features shift more than in a shop without', () => {
    const features = ['orders_14d', 'orders_30d', 'lines_30d', 'spend_30d', 'visits_decayed_15d'];
    const shift = ({ history: part, truth: known }: typeof still) => {
      const drifts = userFeatureDrift(part, known.timeOf(day), known.timeOf(day + 80), 1);
      const found = drifts.filter(({ feature }) => features.includes(feature));
      expect(found).toHaveLength(features.length);
      return found.reduce((sum, { psi }) => sum + psi, 0) / found.length;
    };
    // A young shop's features age and the year turns: some shift is there without a drift.
    expect(shift(drifting)).toBeGreaterThan(0.08);
    expect(shift(drifting)).toBeGreaterThan(shift(still) + 0.03);
  });

  test('shows in what they like: of one taste, categories shift', () => {
    const shift = ({ history: part, truth: known }: typeof still) => {
      const bins = Array.from({ length: 16 }, () => ({ reference: 0, current: 0 }));
      const { behaviours } = part;
      for (let row = 0; row < behaviours.count; row++) {
        if (behaviours.type[row] !== BEHAVIOUR_CODE.VIEW || known.tastes[behaviours.user[row]] !== 3)
          continue;
        const bin = bins[known.world.catalogue.category[behaviours.item[row]]];
        if (behaviours.occurredAt[row] < known.timeOf(day)) bin.reference++;
        else bin.current++;
      }
      return stabilityIndex(bins) ?? NaN;
    };
    expect(shift(drifting)).toBeGreaterThan(0.25);
    expect(shift(drifting)).toBeGreaterThan(2 * shift(still));
  });
});
