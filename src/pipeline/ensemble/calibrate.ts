/** Calibration of what an ensemble says, fitted on predictions for examples that no member learnt from. */
import { logLossOf } from '../evaluate/index.js';

export type Calibration =
  | { readonly method: 'TEMPERATURE'; readonly temperature: number }
  | {
      readonly method: 'ISOTONIC';
      /** Ascending; between two of them the line through their probabilities counts. */
      readonly scores: readonly number[];
      readonly probabilities: readonly number[];
    };

const EPSILON = 1e-6;
/** Temperatures looked at; beyond them predictions are either certain or all alike. */
const TEMPERATURES = { low: 0.05, high: 20 };
const SEARCH_STEPS = 40;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export const logit = (probability: number): number => {
  const p = Math.min(1 - EPSILON, Math.max(EPSILON, probability));
  return Math.log(p / (1 - p));
};
export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/** Log probabilities of a row of scores; -Infinity stays. */
export function logSoftmax(row: Float32Array | Float64Array, temperature = 1): Float64Array {
  let highest = -Infinity;
  for (const score of row) if (score > highest) highest = score;
  let sum = 0;
  for (const score of row) if (score !== -Infinity) sum += Math.exp((score - highest) / temperature);
  const normaliser = Math.log(sum);
  return Float64Array.from(row, (score) => (score - highest) / temperature - normaliser);
}

/** The argument between low and high of least value: golden-section search for a function with one valley. */
function leastOf(valueAt: (argument: number) => number, low: number, high: number): number {
  let [from, to] = [low, high];
  let [left, right] = [to - GOLDEN * (to - from), from + GOLDEN * (to - from)];
  let [atLeft, atRight] = [valueAt(left), valueAt(right)];
  for (let step = 0; step < SEARCH_STEPS; step++) {
    if (atLeft <= atRight) {
      [to, right, atRight] = [right, left, atLeft];
      left = to - GOLDEN * (to - from);
      atLeft = valueAt(left);
    } else {
      [from, left, atLeft] = [left, right, atRight];
      right = from + GOLDEN * (to - from);
      atRight = valueAt(right);
    }
  }
  return (from + to) / 2;
}

/**
 * Temperature scaling (Guo et al., ICML 2017): logits are divided by the one number above 0 that makes the mean cross-entropy least. Keeps
 * the order of the predictions.
 *
 * @param labels [examples] 0 or 1
 * @param probabilities [examples]
 */
export function fitTemperature(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Calibration {
  const logits = Float64Array.from(probabilities, logit);
  const lossAt = (logTemperature: number): number => {
    const temperature = Math.exp(logTemperature);
    let sum = 0;
    for (let at = 0; at < logits.length; at++)
      sum += logLossOf(labels[at], sigmoid(logits[at] / temperature));
    return sum;
  };
  return temperatureOf(lossAt);
}

/**
 * The same for a softmax over a row's candidates: cross-entropy of what happened, averaged over each row's targets.
 *
 * @param targets [rows]
 * @param scores [rows × width]; -Infinity where a candidate is not known
 */
export function fitSoftmaxTemperature(
  targets: readonly ReadonlySet<number>[],
  scores: Float32Array,
  width: number,
): Calibration {
  const lossAt = (logTemperature: number): number => {
    const temperature = Math.exp(logTemperature);
    let sum = 0;
    targets.forEach((own, row) => {
      const logs = logSoftmax(scores.subarray(row * width, (row + 1) * width), temperature);
      const known = [...own].filter((target) => logs[target] !== -Infinity);
      for (const target of known) sum -= logs[target] / known.length;
    });
    return sum;
  };
  return temperatureOf(lossAt);
}

function temperatureOf(lossAt: (logTemperature: number) => number): Calibration {
  const { low, high } = TEMPERATURES;
  return { method: 'TEMPERATURE', temperature: Math.exp(leastOf(lossAt, Math.log(low), Math.log(high))) };
}

/**
 * Isotonic regression of labels on scores: the never falling function of least squared error (Zadrozny & Elkan, KDD 2002), as a line through
 * the ends of its steps. Probabilities stay half an example away from 0 and 1, so that no surprise costs infinitely much.
 *
 * @param labels [examples] 0 or 1
 * @param probabilities [examples]
 */
export function fitIsotonic(labels: ArrayLike<number>, probabilities: ArrayLike<number>): Calibration {
  const count = probabilities.length;
  const order = Uint32Array.from({ length: count }, (_, at) => at).sort(
    (a, b) => probabilities[a] - probabilities[b],
  );
  const distinct: number[] = [];
  const rates: number[] = [];
  const sizes: number[] = [];
  for (const at of order) {
    const last = distinct.length - 1;
    if (last < 0 || probabilities[at] !== distinct[last]) {
      distinct.push(probabilities[at]);
      rates.push(0);
      sizes.push(0);
    }
    const place = distinct.length - 1;
    sizes[place]++;
    rates[place] += (labels[at] - rates[place]) / sizes[place];
  }
  const fitted = poolAdjacentViolators(rates, sizes);
  const margin = 1 / (2 * count + 2);
  const scores: number[] = [];
  const values: number[] = [];
  fitted.forEach((value, at) => {
    const isInside = at > 0 && at + 1 < fitted.length && fitted[at - 1] === value && fitted[at + 1] === value;
    if (isInside) return;
    scores.push(distinct[at]);
    values.push(Math.min(1 - margin, Math.max(margin, value)));
  });
  return { method: 'ISOTONIC', scores, probabilities: values };
}

/**
 * The never falling sequence nearest to the values by weighted least squares: neighbours that fall are pooled to their mean
 * (Ayer et al., 1955).
 *
 * @param values [n]
 * @param weights [n] above 0
 */
export function poolAdjacentViolators(values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  const blocks: { mean: number; weight: number; size: number }[] = [];
  for (let at = 0; at < values.length; at++) {
    let block = { mean: values[at], weight: weights[at], size: 1 };
    for (let before = blocks.at(-1); before && before.mean >= block.mean; before = blocks.at(-1)) {
      blocks.pop();
      const weight = before.weight + block.weight;
      block = {
        mean: (before.weight * before.mean + block.weight * block.mean) / weight,
        weight,
        size: before.size + block.size,
      };
    }
    blocks.push(block);
  }
  const fitted = new Float64Array(values.length);
  let from = 0;
  for (const { mean, size } of blocks) {
    fitted.fill(mean, from, from + size);
    from += size;
  }
  return fitted;
}

/** One probability after calibration. */
export function calibrate(probability: number, calibration: Calibration): number {
  if (calibration.method === 'TEMPERATURE') return sigmoid(logit(probability) / calibration.temperature);
  const { scores, probabilities } = calibration;
  const last = scores.length - 1;
  if (!(probability > scores[0])) return probabilities[0];
  if (probability >= scores[last]) return probabilities[last];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (scores[middle] <= probability) low = middle;
    else high = middle;
  }
  const share = (probability - scores[low]) / (scores[high] - scores[low]);
  return probabilities[low] + share * (probabilities[high] - probabilities[low]);
}
