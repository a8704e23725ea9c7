import { beforeAll, describe, expect, test } from '@jest/globals';

import { Random } from '../../../../src/nn/random.js';
import { DAY_MS, type ShopHistory } from '../../../../src/pipeline/index.js';
import {
  affinities,
  CANDIDATE_FEATURE_COUNT,
  type ItemState,
  itemState,
  userItems,
  writeCandidates,
} from '../../../../src/pipeline/preprocess/index.js';
import {
  CandidateScorer,
  type FeatureScales,
  scoreRows,
  standardiseRows,
} from '../../../../src/pipeline/single-task/index.js';
import { RATE_START, shopWithRates } from '../../../support/shop-with-rates.js';

const CUT = RATE_START + 150 * DAY_MS;
const UNITS = 12;
const random = new Random(8);
const normals = (length: number) => random.fillNormal(new Float32Array(length), 0.4);
const weights = {
  'wide/kernel': { shape: [CANDIDATE_FEATURE_COUNT, 1], values: normals(CANDIDATE_FEATURE_COUNT) },
  'hidden/kernel': {
    shape: [CANDIDATE_FEATURE_COUNT, UNITS],
    values: normals(CANDIDATE_FEATURE_COUNT * UNITS),
  },
  'hidden/bias': { shape: [UNITS], values: normals(UNITS) },
  'output/kernel': { shape: [UNITS, 1], values: normals(UNITS) },
};
/** Narrow enough that some features are cut off at the clip. */
const scales: FeatureScales = {
  means: normals(CANDIDATE_FEATURE_COUNT),
  deviations: normals(CANDIDATE_FEATURE_COUNT).map((value) => 0.15 + Math.abs(value)),
};

let history: ShopHistory;
let state: ItemState;
beforeAll(() => {
  ({ history } = shopWithRates({ users: 40, items: 200, days: 200, seed: 5 }));
  state = itemState(history, CUT);
});

function usersAt(cut: number) {
  const { vocabulary } = state;
  const vocabularyOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
  return history.users.map((_, user) => userItems(history, user, cut, vocabularyOf, vocabulary.size));
}

/** Every row written, standardised and scored, with nothing kept from user to user. */
function rowByRow(user: ReturnType<typeof usersAt>[number], shift: Float32Array): Float32Array {
  const rows = new Float32Array(state.vocabulary.size * CANDIDATE_FEATURE_COUNT);
  writeCandidates(state, user, affinities(state, user), null, rows);
  const bias = weights['hidden/bias'];
  const own = { ...bias, values: bias.values.map((value, unit) => value + shift[unit]) };
  return scoreRows({ ...weights, 'hidden/bias': own }, standardiseRows(rows, scales));
}

/** Largest difference, as a share of the scores' size. */
function furthest(found: Float32Array, expected: Float32Array): number {
  return found.reduce(
    (most, score, item) => Math.max(most, Math.abs(score - expected[item]) / (1 + Math.abs(expected[item]))),
    0,
  );
}

describe('scoring all items for a user', () => {
  test.each([
    ['as of the cut', CUT],
    ['later, as serving does', CUT + 17 * DAY_MS],
    ['before anybody bought', RATE_START],
  ])('is scoring them row by row, %s', (_, asOf) => {
    const scorer = new CandidateScorer(state, scales, weights);
    for (const user of usersAt(asOf)) {
      const shift = normals(UNITS);
      const similarity = affinities(state, user);
      const expected = rowByRow(user, shift);
      const found = scorer.score(user, similarity, shift);
      expect(furthest(found, expected)).toBeLessThan(1e-5);
      const order = (scores: Float32Array) =>
        Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
      // Ties within rounding may fall either way; none is in this shop.
      expect(order(found).slice(0, 20)).toEqual(order(expected).slice(0, 20));
      const plain = rowByRow(user, new Float32Array(UNITS));
      expect(furthest(scorer.score(user, similarity), plain)).toBeLessThan(1e-5);
    }
  });

  test('keeps nothing of the user before', () => {
    const scorer = new CandidateScorer(state, scales, weights);
    const [first, second] = usersAt(CUT).filter(({ items }) => items.length > 3);
    const alone = scorer.score(first, affinities(state, first)).slice();
    scorer.score(second, affinities(state, second));
    expect(scorer.score(first, affinities(state, first))).toEqual(alone);
  });
});
