/** Stacking (Wolpert, 1992): the combination itself is learnt, from predictions for examples that no member has trained on. */
import { fitLogistic, type LinearModel } from '../single-task/index.js';
import { logit, logSoftmax } from './calibrate.js';
import { evenWeights } from './combination.js';
import { type HeldOut, thinned } from './held-out.js';

/** A weak pull: towards zero for logits, members being few and alike; towards even weights for the others. */
const PENALTY = 1;
const STEPS = 30;
/** Rows of rankings to learn from: each has thousands of candidates. */
const MOST_RANKINGS = 400;
const SETTLED = 1e-9;
const UNKNOWN = -50;
/** Share of the members' own size with which quantities' weights are pulled to even ones. */
const QUANTITY_PULL = 0.05;
const LEAST_ERROR = 1e-3;

/** The bias and each member's weight. For rankings and quantities the bias is 0. */
export function stackingWeights(held: HeldOut): number[] {
  switch (held.kind) {
    case 'PROBABILITY':
      return stackProbabilities(held.labels!, held.members);
    case 'RANKING':
    case 'CLASSES':
      return [0, ...stackScores(thinned(held, held.kind === 'RANKING' ? MOST_RANKINGS : Infinity))];
    case 'QUANTITY':
    case 'COUNT':
      return [0, ...stackQuantities(held)];
  }
}

/**
 * Logistic regression on the members' logits, the bias first.
 *
 * @param members [members][examples]
 */
export function stackProbabilities(labels: ArrayLike<number>, members: readonly Float32Array[]): number[] {
  const width = members.length;
  const values = new Float32Array(labels.length * width);
  members.forEach((member, at) => member.forEach((value, row) => (values[row * width + at] = logit(value))));
  const model: LinearModel = fitLogistic(values, labels, { width, penalty: PENALTY });
  const weights = Array.from(model.weights, (weight, at) => weight / model.deviations[at]);
  const bias = model.bias - weights.reduce((sum, weight, at) => sum + weight * model.means[at], 0);
  return [bias, ...weights];
}

/** Conditional logit (McFadden, 1974) on the members' log-softmax, by Newton's method; a row's targets share its one choice. */
function stackScores({ members, targets, width }: HeldOut): number[] {
  const size = members.length;
  const even = evenWeights(size);
  const weights = Float64Array.from(even);
  const rows = targets!.map((own, row) => ({
    own,
    logs: members.map((member) =>
      logSoftmax(member.subarray(row * width, (row + 1) * width)).map((value) => Math.max(UNKNOWN, value)),
    ),
    known: members[0].subarray(row * width, (row + 1) * width),
  }));
  for (let step = 0; step < STEPS; step++) {
    const gradient = Float64Array.from(weights, (weight, at) => PENALTY * (even[at] - weight));
    const curvature = new Float64Array(size * size);
    for (let at = 0; at < size; at++) curvature[at * size + at] = PENALTY;
    for (const { own, logs, known } of rows) addChoice(logs, known, own, weights, gradient, curvature);
    const change = solvePositive(curvature, gradient);
    change.forEach((value, at) => (weights[at] += value));
    if (Math.max(...change.map(Math.abs)) < SETTLED) break;
  }
  return [...weights];
}

/** Adds one row's part of the gradient of the log likelihood and of its negative curvature. */
function addChoice(
  logs: readonly Float64Array[],
  known: Float32Array,
  targets: ReadonlySet<number>,
  weights: Float64Array,
  gradient: Float64Array,
  curvature: Float64Array,
): void {
  const scores = Float64Array.from(known, (score, item) =>
    score === -Infinity ? -Infinity : logs.reduce((sum, own, member) => sum + weights[member] * own[item], 0),
  );
  const reachable = [...targets].filter((target) => scores[target] !== -Infinity);
  if (reachable.length === 0) return;
  const size = logs.length;
  const probabilities = logSoftmax(scores).map(Math.exp);
  const means = logs.map((own) => own.reduce((sum, value, item) => sum + probabilities[item] * value, 0));
  for (let a = 0; a < size; a++) {
    for (const target of reachable) gradient[a] += logs[a][target] / reachable.length;
    gradient[a] -= means[a];
    for (let b = 0; b <= a; b++) {
      let sum = 0;
      for (let item = 0; item < probabilities.length; item++)
        sum += probabilities[item] * (logs[a][item] - means[a]) * (logs[b][item] - means[b]);
      curvature[a * size + b] += sum;
      if (a !== b) curvature[b * size + a] += sum;
    }
  }
}

/** Solves a positive definite system by Cholesky's method. @param matrix [size × size] */
function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const lower = new Float64Array(size * size);
  const solved = Float64Array.from(right);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column];
      for (let at = 0; at < column; at++) sum -= lower[row * size + at] * lower[column * size + at];
      lower[row * size + column] = row === column ? Math.sqrt(sum) : sum / lower[column * size + column];
    }
    for (let at = 0; at < row; at++) solved[row] -= lower[row * size + at] * solved[at];
    solved[row] /= lower[row * size + row];
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let at = row + 1; at < size; at++) solved[row] -= lower[at * size + row] * solved[at];
    solved[row] /= lower[row * size + row];
  }
  return solved;
}

/**
 * Weights of 0 and more (stacked regressions: Breiman, 1996) of least absolute error of the totals, or of counts of the greatest Poisson
 * likelihood, whose variance is the mean, by iteratively reweighted least squares with coordinate descent.
 */
function stackQuantities({ kind, members, actual, count, width }: HeldOut): number[] {
  const size = members.length;
  const totals = (values: Float32Array): Float64Array =>
    Float64Array.from({ length: count }, (_, row) =>
      values.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value, 0),
    );
  const forecasts = members.map(totals);
  const sold = totals(actual!);
  const weights = Float64Array.from(evenWeights(size));
  for (let step = 0; step < STEPS; step++) {
    const combined = sold.map((_, row) =>
      forecasts.reduce((sum, own, member) => sum + weights[member] * own[row], 0),
    );
    const spreads = kind === 'COUNT' ? combined : combined.map((value, row) => Math.abs(sold[row] - value));
    const scale = spreads.reduce((sum, value) => sum + value, 0) / count;
    const importance = spreads.map((spread) => 1 / Math.max(LEAST_ERROR * scale + Number.EPSILON, spread));
    descend(forecasts, sold, importance, weights);
  }
  return [...weights];
}

/** Coordinate descent of weighted squared error plus the pull to even weights, in place. */
function descend(
  forecasts: readonly Float64Array[],
  sold: Float64Array,
  importance: Float64Array,
  weights: Float64Array,
): void {
  const even = 1 / weights.length;
  const product = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, row) => sum + importance[row] * value * b[row], 0);
  const gram = forecasts.map((a) => forecasts.map((b) => product(a, b)));
  const against = forecasts.map((own) => product(own, sold));
  const pull = (QUANTITY_PULL * gram.reduce((sum, row, at) => sum + row[at], 0)) / weights.length;
  if (!(pull > 0)) return;
  for (let round = 0; round < STEPS; round++) {
    forecasts.forEach((_, member) => {
      const others = gram[member].reduce(
        (sum, value, other) => (other === member ? sum : sum + weights[other] * value),
        0,
      );
      const best = (against[member] - others + pull * even) / (gram[member][member] + pull);
      weights[member] = Math.max(0, best);
    });
  }
}
