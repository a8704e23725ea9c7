/** Gradient boosting (Friedman, 2001) of one score that several yes/no outputs share. */
import { setImmediate as yieldToLoop } from 'node:timers/promises';

import type { Random } from '../../../nn/index.js';
import { binFeatures } from './binned-features.js';
import type { BoostingSettings } from './boosting-settings.js';
import { type Derivatives, growTree } from './grow-tree.js';
import { addShapleyValues, type Tree, treeValue } from './tree.js';

/** Rows to learn from. */
export interface BoostingRows {
  /** [rows × width] */
  readonly features: Float32Array;
  readonly width: number;
  /** [rows × outputs] 0 or 1. */
  readonly labels: Float32Array;
  /** [rows × outputs] weight of the label; 0 where it is not known. */
  readonly masks: Float32Array;
  readonly outputs: number;
}

/** A sum of trees, and for each output its intercept: the logit of output k is score + intercepts[k]. */
export interface BoostedScore {
  readonly trees: readonly Tree[];
  /** [outputs] */
  readonly intercepts: Float32Array;
}

export interface BoostingWatch {
  readonly random: Random;
  readonly signal: AbortSignal;
  /** After each tree, from 1 on, with the mean loss of the known labels before it. */
  readonly onTree: (tree: number, loss: number) => void;
}

/** Rows without which a leaf would follow single users, where there are few rows in all. */
const SMALLEST_LEAVES = 20;
const TREES_A_TURN = 10;

/**
 * Boosts the score of sigmoid cross-entropies. One score for all outputs is the proportional odds of discrete-time survival analysis when they
 * are hazards; with one output it is plain boosted classification. Each tree sees a share of the rows and of the columns
 * (Friedman, 2002).
 */
export async function boost(
  rows: BoostingRows,
  settings: BoostingSettings,
  { random, signal, onTree }: BoostingWatch,
): Promise<BoostedScore> {
  const count = rows.features.length / rows.width;
  const binned = binFeatures(rows.features, rows.width);
  const scores = new Float64Array(count);
  const intercepts = startIntercepts(rows);
  const derivatives = { first: new Float64Array(count), second: new Float64Array(count) };
  const trees: Tree[] = [];
  const leastRows = Math.max(1, Math.min(settings.leastRows, Math.floor(count / SMALLEST_LEAVES)));
  const columns = Math.max(1, Math.round(settings.columnShare * rows.width));
  while (trees.length < settings.trees) {
    signal.throwIfAborted();
    const loss = differentiate(rows, scores, intercepts, derivatives, settings.shrinkage);
    const drawn = random.permutation(rows.width).subarray(0, columns).sort();
    const tree = growTree(binned, derivatives, drawRows(count, settings.rowShare, random), {
      leaves: settings.leaves,
      leastRows,
      penalty: settings.penalty,
      rate: settings.shrinkage,
      columns: drawn,
    });
    for (let row = 0; row < count; row++) scores[row] += treeValue(tree, rows.features, row * rows.width);
    trees.push(tree);
    onTree(trees.length, loss);
    // Other work of the process (heartbeats, cancelling) gets its turn.
    if (trees.length % TREES_A_TURN === 0) await yieldToLoop();
  }
  return { trees, intercepts: Float32Array.from(intercepts) };
}

/** [rows × outputs] logits. @param features [rows × width] */
export function boostedLogits(
  { trees, intercepts }: BoostedScore,
  features: Float32Array,
  width: number,
): Float32Array {
  const outputs = intercepts.length;
  const logits = new Float32Array((features.length / width) * outputs);
  for (let row = 0; row * width < features.length; row++) {
    let score = 0;
    for (const tree of trees) score += treeValue(tree, features, row * width);
    for (let at = 0; at < outputs; at++) logits[row * outputs + at] = score + intercepts[at];
  }
  return logits;
}

/** What each feature adds to one row's score, against the mean of the training rows: [width]. */
export function boostedContributions(
  { trees }: BoostedScore,
  features: Float32Array,
  width: number,
  row: number,
): Float64Array {
  const sums = new Float64Array(width);
  for (const tree of trees) addShapleyValues(tree, features, row * width, sums);
  return sums;
}

/** The log odds of each output among its known labels, shrunk by one row of each kind. */
function startIntercepts({ labels, masks, outputs }: BoostingRows): Float64Array {
  const yes = new Float64Array(outputs).fill(1);
  const no = new Float64Array(outputs).fill(1);
  for (let at = 0; at < labels.length; at++) {
    yes[at % outputs] += masks[at] * labels[at];
    no[at % outputs] += masks[at] * (1 - labels[at]);
  }
  return yes.map((weight, output) => Math.log(weight / no[output]));
}

/** Writes each row's derivatives of the loss by its score, moves the intercepts a Newton step, and returns the mean loss. */
function differentiate(
  { labels, masks, outputs }: BoostingRows,
  scores: Float64Array,
  intercepts: Float64Array,
  { first, second }: Derivatives,
  rate: number,
): number {
  const powers = intercepts.map((intercept) => Math.exp(-intercept));
  const slopes = new Float64Array(outputs);
  const curvatures = new Float64Array(outputs).fill(1e-9);
  let loss = 0;
  let known = 0;
  for (let row = 0; row < scores.length; row++) {
    const power = Math.exp(-scores[row]);
    first[row] = 0;
    second[row] = 0;
    for (let output = 0; output < outputs; output++) {
      const mask = masks[row * outputs + output];
      if (mask === 0) continue;
      const label = labels[row * outputs + output];
      const probability = 1 / (1 + power * powers[output]);
      const slope = mask * (probability - label);
      const curvature = mask * probability * (1 - probability);
      first[row] += slope;
      second[row] += curvature;
      slopes[output] += slope;
      curvatures[output] += curvature;
      loss -= mask * Math.log(Math.max(1e-12, label > 0 ? probability : 1 - probability));
      known += mask;
    }
  }
  for (let output = 0; output < outputs; output++)
    intercepts[output] -= (rate * slopes[output]) / curvatures[output];
  return loss / Math.max(known, 1);
}

function drawRows(count: number, share: number, random: Random): Int32Array {
  const rows = new Int32Array(count);
  let drawn = 0;
  for (let row = 0; row < count; row++) if (random.uniform() < share) rows[drawn++] = row;
  return rows.subarray(0, drawn);
}
