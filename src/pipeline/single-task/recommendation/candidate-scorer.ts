import type { WeightValues } from '../../../nn/index.js';
import {
  type Affinities,
  CANDIDATE_FEATURE_COUNT,
  type ItemState,
  STRANGER_COLUMNS,
  strangerRows,
  type UserItems,
  writeCandidates,
  writeStrangers,
} from '../../preprocess/index.js';
import { type FeatureScales, scoreRows, standardised, standardiseRows } from './ranker-network.js';

const WIDTH = CANDIDATE_FEATURE_COUNT;
const VARYING = STRANGER_COLUMNS.length;
/** Columns whose part of the hidden layer is added in one pass over its units: a fifth faster than one by one with 7 of them, a third with 13. */
const AT_ONCE = 4;

/**
 * Scores all items of a state for one user after another by a wide and deep head, as `scoreRows` scores their rows, with less work. What an item
 * that the user has nothing to do with brings to the hidden layer is worked out once a model; from user to user only what a few columns differ by
 * is added. Items of the user's own are scored row by row.
 */
export class CandidateScorer {
  /** [items] and [items × units] of the items as strangers. */
  private readonly wideOf: Float64Array;
  private readonly hiddenOf: Float64Array;
  /** [items × VARYING] standardised, as for nobody. */
  private readonly usual: Float32Array;
  /** [items × VARYING] of the user at hand. */
  private readonly varying: Float32Array;
  private readonly units: number;
  /** [VARYING × units] and [VARYING] */
  private readonly kernel: Float64Array;
  private readonly wide: Float64Array;
  private readonly output: Float64Array;

  constructor(
    private readonly state: ItemState,
    private readonly scales: FeatureScales,
    private readonly weights: WeightValues,
  ) {
    const rows = standardiseRows(strangerRows(state), scales);
    const items = state.vocabulary.size;
    const kernel = weights['hidden/kernel'].values;
    const wide = weights['wide/kernel'].values;
    this.units = weights['hidden/bias'].values.length;
    this.output = Float64Array.from(weights['output/kernel'].values);
    this.wide = Float64Array.from(STRANGER_COLUMNS, (column) => wide[column]);
    this.kernel = new Float64Array(VARYING * this.units);
    STRANGER_COLUMNS.forEach((column, at) =>
      this.kernel.set(kernel.subarray(column * this.units, (column + 1) * this.units), at * this.units),
    );
    this.wideOf = new Float64Array(items);
    this.hiddenOf = new Float64Array(items * this.units);
    this.usual = new Float32Array(items * VARYING);
    this.varying = new Float32Array(items * VARYING);
    for (let item = 0; item < items; item++) this.prepare(item, rows, kernel, wide);
  }

  /** @param shift [units] what a user's representation adds to the hidden layer; nothing unless given. @returns [items of the state] */
  score(user: UserItems, similarity: Affinities, shift?: Float32Array): Float32Array {
    const scores = this.scoreStrangers(user, similarity, shift);
    if (user.items.length > 0) this.scoreOwn(user, similarity, shift, scores);
    return scores;
  }

  private prepare(item: number, rows: Float32Array, kernel: Float32Array, wide: Float32Array): void {
    const { units } = this;
    const bias = this.weights['hidden/bias'].values;
    for (let unit = 0; unit < units; unit++) this.hiddenOf[item * units + unit] = bias[unit];
    for (let column = 0; column < WIDTH; column++) {
      const value = rows[item * WIDTH + column];
      this.wideOf[item] += value * wide[column];
      for (let unit = 0; unit < units; unit++)
        this.hiddenOf[item * units + unit] += value * kernel[column * units + unit];
    }
    STRANGER_COLUMNS.forEach((column, at) => {
      this.usual[item * VARYING + at] = rows[item * WIDTH + column];
    });
  }

  private scoreStrangers(user: UserItems, similarity: Affinities, shift?: Float32Array): Float32Array {
    const { units, state, scales, varying, usual, wide, output, wideOf, hiddenOf } = this;
    writeStrangers(state, user, similarity, varying);
    const size = state.vocabulary.size;
    const scores = new Float32Array(size);
    const hidden = new Float64Array(units);
    const differing = { rows: new Int32Array(VARYING + AT_ONCE), by: new Float64Array(VARYING + AT_ONCE) };
    for (let item = 0; item < size; item++) {
      let score = wideOf[item];
      const from = item * units;
      let count = 0;
      for (let at = 0; at < VARYING; at++) {
        const place = item * VARYING + at;
        const difference = standardised(varying[place], STRANGER_COLUMNS[at], scales) - usual[place];
        if (difference === 0) continue;
        score += difference * wide[at];
        differing.rows[count] = at * units;
        differing.by[count++] = difference;
      }
      for (let unit = 0; unit < units; unit++) hidden[unit] = hiddenOf[from + unit];
      this.addDiffering(differing, count, hidden);
      if (shift) for (let unit = 0; unit < units; unit++) hidden[unit] += shift[unit];
      for (let unit = 0; unit < units; unit++) if (hidden[unit] > 0) score += hidden[unit] * output[unit];
      scores[item] = score;
    }
    return scores;
  }

  /** Adds what the first `count` columns that differ bring to the hidden layer. Disturbs the entries after them. */
  private addDiffering(
    { rows, by }: { readonly rows: Int32Array; readonly by: Float64Array },
    count: number,
    hidden: Float64Array,
  ): void {
    const { kernel, units } = this;
    rows.fill(0, count, count + AT_ONCE - 1);
    by.fill(0, count, count + AT_ONCE - 1);
    for (let at = 0; at < count; at += AT_ONCE) {
      const [a, b, c, d] = [rows[at], rows[at + 1], rows[at + 2], rows[at + 3]];
      const [byA, byB, byC, byD] = [by[at], by[at + 1], by[at + 2], by[at + 3]];
      for (let unit = 0; unit < units; unit++)
        hidden[unit] +=
          byA * kernel[a + unit] + byB * kernel[b + unit] + byC * kernel[c + unit] + byD * kernel[d + unit];
    }
  }

  private scoreOwn(
    user: UserItems,
    similarity: Affinities,
    shift: Float32Array | undefined,
    scores: Float32Array,
  ): void {
    const rows = new Float32Array(user.items.length * WIDTH);
    writeCandidates(this.state, user, similarity, user.items, rows);
    const own = scoreRows(shift ? this.shifted(shift) : this.weights, standardiseRows(rows, this.scales));
    user.items.forEach((item, at) => (scores[item] = own[at]));
  }

  private shifted(shift: Float32Array): WeightValues {
    const { shape, values } = this.weights['hidden/bias'];
    return {
      ...this.weights,
      'hidden/bias': { shape, values: values.map((value, unit) => value + shift[unit]) },
    };
  }
}
