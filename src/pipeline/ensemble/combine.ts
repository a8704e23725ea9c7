/** How members' predictions become one. */
import { auc, rankingFigures, topK } from '../evaluate/index.js';

export const ENSEMBLE_METHODS = ['WEIGHTED_AVERAGE', 'VOTING', 'STACKING'] as const;
export type EnsembleMethod = (typeof ENSEMBLE_METHODS)[number];

/** What combines one task's members. `weights` sum to 1 but for STACKING, whose first number is the bias. */
export interface Combination {
  readonly method: EnsembleMethod;
  readonly weights: readonly number[];
  /** Each member's own decision threshold, for VOTING. */
  readonly thresholds: readonly number[];
}

const EPSILON = 1e-6;
/** A class that a member rules out may still win by the others. */
const LEAST_CLASS_PROBABILITY = 1e-9;
const RANK_CONSTANT = 60;
const GRID = 10;

export const logit = (probability: number): number => {
  const p = Math.min(1 - EPSILON, Math.max(EPSILON, probability));
  return Math.log(p / (1 - p));
};
const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/**
 * Combines probabilities. WEIGHTED_AVERAGE: of the logits, so that a sure member counts. VOTING: the share of members that say yes, their
 * mean probability breaking ties. STACKING: a logistic regression on the members' logits (Wolpert, 1992).
 *
 * @param members [members][examples]
 */
export function combineProbabilities(
  members: readonly Float32Array[],
  combination: Combination,
): Float32Array {
  const { method, weights, thresholds } = combination;
  return Float32Array.from(members[0], (_, at) => {
    const values = members.map((member) => member[at]);
    if (method === 'VOTING') {
      const votes = values.filter((value, member) => value >= thresholds[member]).length;
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return (votes + mean) / (values.length + 1);
    }
    const offset = method === 'STACKING' ? 1 : 0;
    let sum = offset ? weights[0] : 0;
    values.forEach((value, member) => (sum += weights[member + offset] * logit(value)));
    return sigmoid(sum);
  });
}

/**
 * Combines rankings row by row. VOTING: reciprocal rank fusion (Cormack et al., SIGIR 2009). Otherwise the weighted average of the
 * log-softmax of the scores, so that members' scales do not matter.
 *
 * @param members [members][rows × items]; -Infinity where an item is not known
 */
export function combineScores(
  members: readonly Float32Array[],
  items: number,
  combination: Combination,
): Float32Array {
  const combined = new Float32Array(members[0].length);
  const isUnknown = members[0];
  const weights = combination.method === 'STACKING' ? combination.weights.slice(1) : combination.weights;
  for (let from = 0; from < combined.length; from += items) {
    members.forEach((member, index) => {
      const row = member.subarray(from, from + items);
      const values = combination.method === 'VOTING' ? reciprocalRanks(row) : logSoftmax(row);
      const weight = combination.method === 'VOTING' ? 1 : weights[index];
      for (let item = 0; item < items; item++)
        combined[from + item] += weight === 0 ? 0 : weight * values[item];
    });
  }
  for (let at = 0; at < combined.length; at++) if (isUnknown[at] === -Infinity) combined[at] = -Infinity;
  return combined;
}

/**
 * Combines probabilities of several classes, row by row, as rankings are, and normalises them again.
 *
 * @param members [members][rows × classes]
 */
export function combineClasses(
  members: readonly Float32Array[],
  classes: number,
  combination: Combination,
): Float32Array {
  const logs = members.map((member) => member.map((p) => Math.log(Math.max(LEAST_CLASS_PROBABILITY, p))));
  const combined = combineScores(logs, classes, combination);
  for (let from = 0; from < combined.length; from += classes) {
    const row = combined.subarray(from, from + classes);
    row.set(logSoftmax(row).map(Math.exp));
  }
  return combined;
}

function logSoftmax(row: Float32Array): Float64Array {
  let highest = -Infinity;
  for (const score of row) if (score > highest) highest = score;
  let sum = 0;
  for (const score of row) if (score !== -Infinity) sum += Math.exp(score - highest);
  const normaliser = highest + Math.log(sum);
  return Float64Array.from(row, (score) => score - normaliser);
}

function reciprocalRanks(row: Float32Array): Float64Array {
  const order = Uint32Array.from(row, (_, item) => item).sort((a, b) => row[b] - row[a] || a - b);
  const values = new Float64Array(row.length);
  order.forEach((item, rank) => (values[item] = 1 / (RANK_CONSTANT + rank + 1)));
  return values;
}

/** Weights on a grid of the simplex that score best; of equals, the most even ones. */
export function bestWeights(members: number, worth: (weights: readonly number[]) => number): number[] {
  let best = { weights: Array.from({ length: members }, () => 1 / members), worth: -Infinity };
  best = { ...best, worth: worth(best.weights) };
  for (const parts of compositions(members, members > 4 ? 4 : GRID)) {
    const total = parts.reduce((sum, part) => sum + part, 0);
    const weights = parts.map((part) => part / total);
    const value = worth(weights);
    // A gain within rounding is no reason to leave even weights.
    if (value > best.worth + 1e-6) best = { weights, worth: value };
  }
  return best.weights;
}

function* compositions(parts: number, total: number): Generator<number[]> {
  if (parts === 1) {
    yield [total];
    return;
  }
  for (let first = 0; first <= total; first++) {
    for (const rest of compositions(parts - 1, total - first)) yield [first, ...rest];
  }
}

/** Weights for probabilities by AUC on the validation split. @param members [members][examples] */
export function weightsByAuc(labels: ArrayLike<number>, members: readonly Float32Array[]): number[] {
  const logits = members.map((member) => Float64Array.from(member, logit));
  return bestWeights(members.length, (weights) => {
    const sums = new Float64Array(labels.length);
    logits.forEach((values, member) => values.forEach((value, at) => (sums[at] += weights[member] * value)));
    return auc(labels, sums);
  });
}

/** Users looked at when weights of rankings are chosen: enough for the second decimal of NDCG. */
const WEIGHT_USERS = 200;

/** Weights for rankings by NDCG@10 on the validation split. @param targets [rows] */
export function weightsByNdcg(
  targets: readonly ReadonlySet<number>[],
  members: readonly Float32Array[],
  items: number,
): number[] {
  const step = Math.max(1, Math.floor(targets.length / WEIGHT_USERS));
  const rows = targets.map((_, row) => row).filter((row) => row % step === 0);
  const values = members.map((member) =>
    rows.map((row) => logSoftmax(member.subarray(row * items, (row + 1) * items))),
  );
  return bestWeights(members.length, (weights) => {
    let total = 0;
    const sums = new Float64Array(items);
    rows.forEach((row, at) => {
      sums.fill(0);
      values.forEach((member, index) => {
        if (weights[index] === 0) return;
        for (let item = 0; item < items; item++) sums[item] += weights[index] * member[at][item];
      });
      total += rankingFigures(topK(sums, 10), targets[row], 10).ndcg;
    });
    return total / rows.length;
  });
}
