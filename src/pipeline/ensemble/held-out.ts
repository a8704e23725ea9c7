/** What members predicted for examples that none of them learnt from, and what happened. */
import {
  aucStatistic,
  devianceStatistic,
  meanStatistic,
  ndcgStatistic,
  type UnitStatistic,
  wapeStatistic,
} from '../evaluate/index.js';
import { takeRows as takeValues } from '../preprocess/index.js';
import type { Combination } from './combination.js';
import { combineClassLogs, combineProbabilities, combineQuantities, combineScores } from './combine.js';

/** Yes/no probabilities, rankings of many candidates, log probabilities of a few classes, quantities a day, or expected counts. */
export type HeldOutKind = 'PROBABILITY' | 'RANKING' | 'CLASSES' | 'QUANTITY' | 'COUNT';

export interface HeldOut {
  readonly kind: HeldOutKind;
  /** Users, transactions, sessions or items. */
  readonly count: number;
  /** Values a row: 1, candidates, classes, or days. */
  readonly width: number;
  /** [members][count × width] */
  readonly members: readonly Float32Array[];
  /** PROBABILITY: [count] 0 or 1. */
  readonly labels: Float32Array | null;
  /** RANKING, CLASSES: [count] */
  readonly targets: readonly ReadonlySet<number>[] | null;
  /** QUANTITY, COUNT: [count × width] */
  readonly actual: Float32Array | null;
}

/** Some of the examples. */
export function takeRows(held: HeldOut, rows: readonly number[]): HeldOut {
  return {
    ...held,
    count: rows.length,
    members: held.members.map((member) => takeValues(member, held.width, rows)),
    labels: held.labels && takeValues(held.labels, 1, rows),
    targets: held.targets && rows.map((row) => held.targets![row]),
    actual: held.actual && takeValues(held.actual, held.width, rows),
  };
}

/** Some of the members. */
export const takeMembers = (held: HeldOut, members: readonly number[]): HeldOut => ({
  ...held,
  members: members.map((member) => held.members[member]),
});

/** Examples of several cuts, one after another. @param parts at least one, alike in kind, width and members */
export function joinHeldOut(parts: readonly HeldOut[]): HeldOut {
  const [first] = parts;
  if (parts.length === 1) return first;
  const join = (values: readonly Float32Array[]): Float32Array => {
    const joined = new Float32Array(values.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of values) {
      joined.set(part, at);
      at += part.length;
    }
    return joined;
  };
  return {
    ...first,
    count: parts.reduce((sum, { count }) => sum + count, 0),
    members: first.members.map((_, member) => join(parts.map((part) => part.members[member]))),
    labels: first.labels && join(parts.map(({ labels }) => labels!)),
    targets: first.targets && parts.flatMap(({ targets }) => targets!),
    actual: first.actual && join(parts.map(({ actual }) => actual!)),
  };
}

/** At most `most` examples, evenly spread. */
export function thinned(held: HeldOut, most: number): HeldOut {
  const step = Math.ceil(held.count / most);
  if (step <= 1) return held;
  return takeRows(
    held,
    Array.from({ length: Math.ceil(held.count / step) }, (_, at) => at * step),
  );
}

/** The members' predictions as one, as they are served: [count × width]. */
export function combineHeldOut(held: HeldOut, combination: Combination): Float32Array {
  switch (held.kind) {
    case 'PROBABILITY':
      return combineProbabilities(held.members, combination);
    case 'RANKING':
      return combineScores(held.members, held.width, combination);
    case 'CLASSES':
      return combineClassLogs(held.members, held.width, combination);
    case 'QUANTITY':
    case 'COUNT':
      return combineQuantities(held.members, combination);
  }
}

/**
 * The figure that decides: AUC, NDCG@10, LOG_LOSS of several classes, WAPE of totals, or POISSON_DEVIANCE of counts.
 *
 * @param predictions [count × width]
 */
export function decidingStatistic(held: HeldOut, predictions: Float32Array): UnitStatistic {
  const { kind, width, labels, targets, actual } = held;
  if (kind === 'PROBABILITY' && labels) return aucStatistic(labels, predictions);
  if (kind === 'RANKING' && targets) return ndcgStatistic(targets, predictions, width);
  if (kind === 'CLASSES' && targets) return logLossStatistic(targets, predictions, width);
  if (kind === 'QUANTITY' && actual) return wapeStatistic(actual, predictions, width);
  if (kind === 'COUNT' && actual) return devianceStatistic(actual, predictions);
  throw new Error(`Predictions of kind ${kind} came without what happened.`);
}

/** Mean cross-entropy over rows. @param logs [rows × width] log probabilities */
function logLossStatistic(
  targets: readonly ReadonlySet<number>[],
  logs: Float32Array,
  width: number,
): UnitStatistic {
  const losses = Float64Array.from(targets, (own, row) => {
    let sum = 0;
    for (const target of own) sum -= logs[row * width + target];
    return sum / own.size;
  });
  return meanStatistic('LOG_LOSS', losses);
}

const once = (units: number): Float64Array => new Float64Array(units).fill(1);

/** A statistic on the examples as they are. */
export const valueOf = (statistic: UnitStatistic): number => statistic.value(once(statistic.units));

/** The same, turned so that more is better. */
export const worthOf = (statistic: UnitStatistic): number =>
  statistic.isLessBetter ? -valueOf(statistic) : valueOf(statistic);
