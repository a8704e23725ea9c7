/** Training rows drawn so that both classes of a yes/no label are of one size. Never for rows that a model is measured on. */
import { Random } from '../../nn/random.js';
import type { ResamplingMethod } from '../../tasks/index.js';

/** Rows of one yes/no label. */
export interface LabelledRows {
  /** [rows × width] row by row, standardised: SMOTE measures distances. */
  readonly features: Float32Array;
  /** [rows] 0 or 1. */
  readonly labels: Float32Array;
}

export interface ResampledRows extends LabelledRows {
  /** [rows] how much each counts in the loss; 1 on average. */
  readonly weights: Float32Array;
  /** Share of yes that a model of these rows learns, weights counted in. */
  readonly taughtRate: number;
}

/** Neighbours that SMOTE draws between. */
const NEIGHBOURS = 5;
/** Of a larger class so many rows, drawn at random, are those that SMOTE starts from: neighbours cost the square. */
const MOST_SEEDS = 2000;

/** Which rows stand in training, and which are made between others. */
export interface RowDraws {
  /** Rows as they are, each as often as it counts. */
  readonly rows: readonly number[];
  /** After them: rows by SMOTE, and which row each starts from. */
  readonly made: { readonly features: Float32Array; readonly from: readonly number[] } | null;
  /** Weight of each class in the loss: [no, yes]. */
  readonly weights: readonly [number, number];
  /** Share of yes that a model learns, weights counted in. */
  readonly taughtRate: number;
}

/**
 * Draws training rows.
 *
 * @param rows  must hold both classes, otherwise they come back as they are
 * @param width columns of the features
 * @returns     NONE and FOCAL_LOSS: the rows as they are (focal loss belongs to the loss). CLASS_WEIGHTS: weights of 1 / (2 · share of the
 *              own class). OVERSAMPLE and SMOTE: rows of the rarer class added after them. UNDERSAMPLE: the rarer class and as many of the other
 */
export function drawRows(
  method: ResamplingMethod,
  rows: LabelledRows,
  { width, seed }: { width: number; seed: number },
): RowDraws {
  const count = rows.labels.length;
  const yes = rows.labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  const all = [...rows.labels.keys()];
  const asTheyAre: RowDraws = { rows: all, made: null, weights: [1, 1], taughtRate: yes / count };
  if (yes === 0 || yes === count) return asTheyAre;
  const even = { ...asTheyAre, taughtRate: 0.5 };
  const rare = yes * 2 <= count ? 1 : 0;
  const [few, many]: [number[], number[]] = [[], []];
  rows.labels.forEach((label, row) => (label > 0 === (rare === 1) ? few : many).push(row));
  const random = new Random(seed).fork('resampling');
  switch (method) {
    case 'NONE':
    case 'FOCAL_LOSS':
      return asTheyAre;
    case 'CLASS_WEIGHTS':
      return { ...even, weights: [count / (2 * (count - yes)), count / (2 * yes)] };
    case 'OVERSAMPLE': {
      const added = Array.from({ length: many.length - few.length }, () => few[random.integer(few.length)]);
      return { ...even, rows: [...all, ...added] };
    }
    case 'UNDERSAMPLE':
      return { ...even, rows: [...few, ...sample(many, few.length, random)].sort((a, b) => a - b) };
    case 'SMOTE': {
      const starts = sample(few, MOST_SEEDS, random);
      const seeds = takeRows(rows.features, width, starts);
      const { features, from } = smote(seeds, width, many.length - few.length, random);
      return { ...even, made: { features, from: from.map((at) => starts[at]) } };
    }
  }
}

/** Training rows as `drawRows` draws them, with their features and labels. */
export function resampleRows(
  method: ResamplingMethod,
  { features, labels }: LabelledRows,
  { width, seed }: { width: number; seed: number },
): ResampledRows {
  const { rows, made, weights, taughtRate } = drawRows(method, { features, labels }, { width, seed });
  const drawn = takeRows(features, width, rows);
  const all = new Float32Array(drawn.length + (made?.features.length ?? 0));
  all.set(drawn);
  if (made) all.set(made.features, drawn.length);
  const drawnLabels = Float32Array.from([...rows, ...(made?.from ?? [])], (row) => labels[row]);
  return {
    features: all,
    labels: drawnLabels,
    weights: drawnLabels.map((label) => weights[label > 0 ? 1 : 0]),
    taughtRate,
  };
}

/**
 * New rows on the way from a row to one of its five nearest neighbours (SMOTE: Chawla et al., JAIR 2002). A column that has no more than two
 * values is no quantity: there the new row takes what most of the neighbours have (SMOTE-NC, section 6.1 there).
 *
 * @param seeds [rows × width] of one class, standardised
 * @returns     [count × width]
 */
export function betweenNeighbours(
  seeds: Float32Array,
  width: number,
  count: number,
  random: Random,
): Float32Array {
  return smote(seeds, width, count, random).features;
}

/** The same, and which seed each new row starts from. */
function smote(
  seeds: Float32Array,
  width: number,
  count: number,
  random: Random,
): { features: Float32Array; from: number[] } {
  const origins: number[] = [];
  const rows = seeds.length / width;
  const nearest = nearestNeighbours(seeds, width, Math.min(NEIGHBOURS, rows - 1));
  const choices = twoValued(seeds, width);
  const made = new Float32Array(count * width);
  for (let at = 0; at < count; at++) {
    const from = random.integer(rows);
    origins.push(from);
    const near = nearest[from];
    // A class of one row has no neighbours: it is repeated.
    const to = near.length > 0 ? near[random.integer(near.length)] : from;
    const share = random.uniform();
    for (let column = 0; column < width; column++) {
      const value = (row: number) => seeds[row * width + column];
      const between = value(from) + share * (value(to) - value(from));
      made[at * width + column] = choices[column] ? mostFrequent([from, ...near].map(value)) : between;
    }
  }
  return { features: made, from: origins };
}

/** Of every row the `k` nearest others by Euclidean distance, nearest first, ties by their order. */
function nearestNeighbours(values: Float32Array, width: number, k: number): number[][] {
  const rows = values.length / width;
  const squares = new Float64Array(rows);
  return Array.from({ length: rows }, (_, row) => {
    for (let other = 0; other < rows; other++) {
      let sum = 0;
      for (let column = 0; column < width; column++) {
        const difference = values[row * width + column] - values[other * width + column];
        sum += difference * difference;
      }
      squares[other] = other === row ? Infinity : sum;
    }
    const best: number[] = [];
    for (let other = 0; other < rows; other++) {
      if (other === row || (best.length === k && squares[other] >= squares[best[k - 1]])) continue;
      let place = best.length;
      while (place > 0 && squares[best[place - 1]] > squares[other]) place--;
      best.splice(place, 0, other);
      if (best.length > k) best.pop();
    }
    return best;
  });
}

function twoValued(values: Float32Array, width: number): boolean[] {
  return Array.from({ length: width }, (_, column) => {
    const seen = new Set<number>();
    for (let at = column; at < values.length && seen.size < 3; at += width) seen.add(values[at]);
    return seen.size < 3;
  });
}

/** Of equals the one that comes first. */
function mostFrequent(values: readonly number[]): number {
  const times = (value: number) => values.filter((other) => other === value).length;
  return values.reduce((best, value) => (times(value) > times(best) ? value : best));
}

function sample(rows: readonly number[], count: number, random: Random): number[] {
  if (count >= rows.length) return [...rows];
  const order = random.permutation(rows.length);
  return Array.from({ length: count }, (_, at) => rows[order[at]]);
}

/** Rows by their numbers, in that order. @param values [rows × width] row by row */
export function takeRows(values: Float32Array, width: number, rows: readonly number[]): Float32Array {
  const taken = new Float32Array(rows.length * width);
  rows.forEach((row, at) => taken.set(values.subarray(row * width, (row + 1) * width), at * width));
  return taken;
}
