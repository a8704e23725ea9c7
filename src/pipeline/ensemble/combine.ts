/** How members' predictions become one. */
import { calibrate, type Calibration, logit, logSoftmax, sigmoid } from './calibrate.js';
import { type Combination, isHardVote, memberWeights } from './combination.js';

/** A class that a member rules out may still win by the others. */
const LEAST_CLASS_PROBABILITY = 1e-9;
const RANK_CONSTANT = 60;
/** Log probability of an item that one member does not know and others do. */
const STRANGE = -50;

/**
 * Combines probabilities. WEIGHTED_AVERAGE: of the logits, so that a sure member counts. SOFT_VOTING: the mean probability. HARD_VOTING: the
 * share of members that say yes, their mean probability breaking ties. STACKING: a logistic regression on the members' logits (Wolpert, 1992).
 *
 * @param members [members][examples]
 */
export function combineProbabilities(
  members: readonly Float32Array[],
  combination: Combination,
): Float32Array {
  const { thresholds, calibration } = combination;
  const weights = memberWeights(combination);
  const bias = combination.method === 'STACKING' ? combination.weights[0] : 0;
  const isHard = isHardVote(combination);
  const isSoft = combination.method === 'SOFT_VOTING';
  return Float32Array.from(members[0], (_, at) => {
    let sum = bias;
    let votes = 0;
    for (let member = 0; member < members.length; member++) {
      const value = members[member][at];
      if (isHard) {
        if (value >= thresholds[member]) votes++;
        sum += value / members.length;
      } else sum += weights[member] * (isSoft ? value : logit(value));
    }
    const combined = isHard ? (votes + sum) / (members.length + 1) : isSoft ? sum : sigmoid(sum);
    return calibration ? calibrate(combined, calibration) : combined;
  });
}

/**
 * Combines rankings row by row. WEIGHTED_AVERAGE and STACKING: the weighted sum of the log-softmax of the scores, so that members' scales do
 * not matter. SOFT_VOTING: the logarithm of the mean softmax. HARD_VOTING: reciprocal rank fusion (Cormack et al., SIGIR 2009).
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
  const temperature = temperatureOf(combination.calibration);
  for (let from = 0; from < combined.length; from += items) {
    const sums = combineRow(
      members.map((member) => member.subarray(from, from + items)),
      combination,
      reciprocalRanks,
    );
    for (let item = 0; item < items; item++)
      combined[from + item] = isUnknown[from + item] === -Infinity ? -Infinity : sums[item] / temperature;
  }
  return combined;
}

/**
 * Combines log probabilities of several classes, row by row. HARD_VOTING: the share of members whose likeliest class it is, the mean
 * probability breaking ties. Others as rankings are.
 *
 * @param members [members][rows × classes] log probabilities
 * @returns       [rows × classes] log probabilities
 */
export function combineClassLogs(
  members: readonly Float32Array[],
  classes: number,
  combination: Combination,
): Float32Array {
  const combined = new Float32Array(members[0].length);
  const temperature = temperatureOf(combination.calibration);
  for (let from = 0; from < combined.length; from += classes) {
    const rows = members.map((member) => member.subarray(from, from + classes));
    const sums = combineRow(rows, combination, plurality);
    combined.set(
      isHardVote(combination)
        ? logSoftmax(sums.map((votes) => Math.log(votes / (members.length + 1))))
        : logSoftmax(sums, temperature),
      from,
    );
  }
  return combined;
}

/** The same with probabilities. @param members [members][rows × classes] */
export function combineClasses(
  members: readonly Float32Array[],
  classes: number,
  combination: Combination,
): Float32Array {
  const logs = members.map((member) => member.map((p) => Math.log(Math.max(LEAST_CLASS_PROBABILITY, p))));
  return combineClassLogs(logs, classes, combination).map(Math.exp);
}

/**
 * Combines quantities: WEIGHTED_AVERAGE, SOFT_VOTING and STACKING by weights, HARD_VOTING by the median.
 *
 * @param members [members][values]
 */
export function combineQuantities(members: readonly Float32Array[], combination: Combination): Float32Array {
  const weights = memberWeights(combination);
  const isMedian = isHardVote(combination);
  return Float32Array.from(members[0], (_, at) => {
    if (isMedian) return medianOf(members.map((member) => member[at]));
    let sum = 0;
    for (let member = 0; member < members.length; member++) sum += weights[member] * members[member][at];
    return sum;
  });
}

type Vote = (row: Float32Array) => Float64Array;

/** @param vote what one member's row adds in a hard vote */
function combineRow(rows: readonly Float32Array[], combination: Combination, vote: Vote): Float64Array {
  const sums = new Float64Array(rows[0].length);
  if (isHardVote(combination)) {
    for (const row of rows) vote(row).forEach((value, at) => (sums[at] += value));
    if (vote === plurality)
      for (const row of rows)
        logSoftmax(row).forEach((value, at) => (sums[at] += Math.exp(value) / rows.length));
    return sums;
  }
  const weights = memberWeights(combination);
  const isSoft = combination.method === 'SOFT_VOTING';
  rows.forEach((row, member) => {
    const weight = weights[member];
    if (weight === 0) return;
    logSoftmax(row).forEach((value, at) => {
      sums[at] += weight * (isSoft ? Math.exp(value) : Math.max(STRANGE, value));
    });
  });
  return isSoft ? sums.map((share) => Math.log(Math.max(Number.MIN_VALUE, share))) : sums;
}

function temperatureOf(calibration: Calibration | null | undefined): number {
  return calibration?.method === 'TEMPERATURE' ? calibration.temperature : 1;
}

function reciprocalRanks(row: Float32Array): Float64Array {
  const order = Uint32Array.from(row, (_, item) => item).sort((a, b) => row[b] - row[a] || a - b);
  const values = new Float64Array(row.length);
  order.forEach((item, rank) => (values[item] = 1 / (RANK_CONSTANT + rank + 1)));
  return values;
}

/** One vote for the likeliest class, the first of equals. */
function plurality(row: Float32Array): Float64Array {
  const values = new Float64Array(row.length);
  values[row.indexOf(row.reduce((most, value) => Math.max(most, value), -Infinity))] = 1;
  return values;
}

function medianOf(values: number[]): number {
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
