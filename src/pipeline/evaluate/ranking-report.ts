/** Rankings against what was bought, as rows for the store. */
import { bootstrapMean } from './bootstrap.js';
import { giniIndex, itemNovelty, listDiversity } from './list-quality.js';
import type { EvaluationReport, Metric, Segment, SegmentMask } from './metric.js';
import { type RankingFigures, rankingFigures, topK } from './ranking.js';
import { meanUnits } from './unit-statistic.js';

const K = 10;
const SEGMENT_RESAMPLES = 100;

export interface RankedUser {
  /** Items that the user went on to buy. */
  readonly targets: ReadonlySet<number>;
  /** Items that the user bought before the cut. */
  readonly bought: ReadonlySet<number>;
}

/** The catalogue as of the cut: what lists are judged by beside their targets. */
export interface Catalogue {
  /** Items known before the cut. */
  readonly known: number;
  /** [items] 1 for the most popular items, which together make up half of all purchases. */
  readonly isHead: ArrayLike<number>;
  /** [items] share of the buyers who bought the item. */
  readonly popularity: ArrayLike<number>;
  /** Likeness of two items, 0 to 1. */
  readonly similarity: (a: number, b: number) => number;
}

export interface RankingEvaluation {
  /** [users × items] row by row; -Infinity for items not known before the cut. */
  readonly scores: Float32Array;
  readonly items: number;
  readonly users: readonly RankedUser[];
  readonly seed: number;
  /** With it come coverage of the known items, diversity, novelty and the Gini index of the lists, and segments of items. */
  readonly catalogue?: Catalogue;
  /** Parts of the users to look at by themselves. */
  readonly segments?: readonly SegmentMask[];
}

/** What one user's ranking reached; NaN where the user has no target of the kind. */
interface UserFigures {
  readonly user: number;
  readonly all: RankingFigures;
  readonly fresh: RankingFigures | null;
  readonly loss: number;
  /** The first ten without what was bought before. */
  readonly list: readonly number[];
}

/**
 * Full ranking. `NEW_…`: items bought before are left out of ranking and targets; the others leave nothing out. What lists are like
 * (`COVERAGE`, `DIVERSITY`, `NOVELTY`, `GINI`) is of lists without what was bought before. Loss: mean cross-entropy of the softmax over all
 * items, averaged over each user's targets.
 */
export function evaluateRanking(evaluation: RankingEvaluation): EvaluationReport {
  const { seed, catalogue, users } = evaluation;
  const measured = users.flatMap((user, at) => (user.targets.size > 0 ? [userFigures(evaluation, at)] : []));
  const fresh = measured.flatMap((one) => one.fresh ?? []);
  return {
    examples: measured.length,
    loss: measured.reduce((sum, { loss }) => sum + loss, 0) / measured.length,
    metrics: [
      ...rankingMetrics(
        measured.map(({ all }) => all),
        '',
        seed,
      ),
      ...rankingMetrics(fresh, 'NEW_', seed),
      ...listMetrics(measured, evaluation),
    ],
    confusionMatrix: null,
    curves: {},
    segments: [
      ...(evaluation.segments ?? []).flatMap((mask) => userSegment(mask, measured, seed) ?? []),
      ...(catalogue ? itemSegments(measured, users, catalogue, seed) : []),
    ],
    units: meanUnits(
      'NDCG@10',
      measured.map(({ all }) => all.ndcg),
      measured.map(({ user }) => [...users[user].targets].sort((a, b) => a - b)),
    ),
  };
}

function userFigures({ scores, items, users }: RankingEvaluation, user: number): UserFigures {
  const { targets, bought } = users[user];
  const row = scores.subarray(user * items, (user + 1) * items);
  const news = new Set([...targets].filter((item) => !bought.has(item)));
  const list = topK(row, K, (item) => bought.has(item));
  return {
    user,
    all: rankingFigures(topK(row, K), targets, K),
    fresh: news.size > 0 ? rankingFigures(list, news, K) : null,
    loss: softmaxLoss(row, targets),
    list,
  };
}

function rankingMetrics(
  figures: readonly RankingFigures[],
  prefix: '' | 'NEW_',
  seed: number,
  resamples?: number,
): Metric[] {
  const mean = (name: string, key: keyof RankingFigures) =>
    meanMetric(
      `${prefix}${name}@10`,
      figures.map((user) => user[key]),
      seed,
      resamples,
    );
  return [mean('NDCG', 'ndcg'), mean('HR', 'hit'), mean('RECALL', 'recall')];
}

function meanMetric(name: string, values: readonly number[], seed: number, resamples?: number): Metric {
  const value = values.reduce((sum, part) => sum + part, 0) / values.length;
  return { name, value, ...bootstrapMean(values, { seed, resamples }) };
}

/** Coverage and Gini index belong to all lists together: they have no interval over users. */
function listMetrics(
  measured: readonly UserFigures[],
  { items, seed, catalogue }: RankingEvaluation,
): Metric[] {
  const lists = measured.map(({ list }) => list);
  const shown = new Float64Array(items);
  for (const list of lists) for (const item of list) shown[item]++;
  const whole = (name: string, value: number): Metric => ({ name, value, low: value, high: value });
  const covered = shown.reduce((count, times) => count + (times > 0 ? 1 : 0), 0);
  if (!catalogue) return [whole('COVERAGE', covered / items)];
  const ofLists = (name: string, valueOf: (list: readonly number[]) => number) =>
    meanMetric(name, lists.map(valueOf).filter(Number.isFinite), seed);
  return [
    whole('COVERAGE', covered / catalogue.known),
    ofLists('DIVERSITY', (list) => listDiversity([list], catalogue.similarity)),
    ofLists('NOVELTY', (list) => itemNovelty(list, catalogue.popularity)),
    whole('GINI', giniIndex(shown, catalogue.known)),
  ];
}

function userSegment(
  { dimension, name, isIn }: SegmentMask,
  measured: readonly UserFigures[],
  seed: number,
): Segment | null {
  const own = measured.filter(({ user }) => isIn[user] > 0);
  if (own.length === 0) return null;
  const fresh = own.flatMap((one) => one.fresh ?? []);
  const all = own.map((one) => one.all);
  return {
    dimension,
    name,
    examples: own.length,
    metrics: [
      ...rankingMetrics(all, '', seed, SEGMENT_RESAMPLES),
      ...(fresh.length > 0 ? rankingMetrics(fresh, 'NEW_', seed, SEGMENT_RESAMPLES) : []),
    ],
  };
}

/** How many of the head's and of the tail's new targets the lists hold: a mean over users hides what popularity alone would find. */
function itemSegments(
  measured: readonly UserFigures[],
  users: readonly RankedUser[],
  { isHead }: Catalogue,
  seed: number,
): Segment[] {
  return (['HEAD', 'TAIL'] as const).flatMap((name): Segment[] => {
    const recalls: number[] = [];
    let examples = 0;
    for (const { user, list } of measured) {
      const { targets, bought } = users[user];
      const own = [...targets].filter((item) => !bought.has(item) && isHead[item] > 0 === (name === 'HEAD'));
      if (own.length === 0) continue;
      examples += own.length;
      recalls.push(own.filter((item) => list.includes(item)).length / Math.min(K, own.length));
    }
    if (recalls.length === 0) return [];
    const metrics = [meanMetric('NEW_RECALL@10', recalls, seed, SEGMENT_RESAMPLES)];
    return [{ dimension: 'ITEMS', name, examples, metrics }];
  });
}

function softmaxLoss(row: Float32Array, targets: ReadonlySet<number>): number {
  let highest = -Infinity;
  for (const score of row) if (score > highest) highest = score;
  let sum = 0;
  for (const score of row) if (score !== -Infinity) sum += Math.exp(score - highest);
  const normaliser = highest + Math.log(sum);
  let loss = 0;
  let counted = 0;
  for (const item of targets) {
    if (row[item] === -Infinity) continue;
    loss += normaliser - row[item];
    counted++;
  }
  return counted > 0 ? loss / counted : 0;
}
