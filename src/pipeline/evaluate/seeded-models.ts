/** Models over several folds and seeds: what each reached, how much it varies, and which is better. */
import { pairedSeedBootstrap, type SeededDifference } from './bootstrap.js';
import { isLessBetter } from './comparison.js';
import type { MeasuredUnits, Metric } from './metric.js';
import { unitStatistic } from './unit-statistic.js';

/** One model's figures on one fold from one seed. */
export interface SeededFigures {
  /** The same for evaluations of one model that differ by fold and seed alone. */
  readonly model: string;
  /** A fold of a cross-validation; 1 where there is one test split only. */
  readonly fold: number;
  readonly seed: number;
  readonly metrics: readonly Metric[];
  readonly units: MeasuredUnits | null;
}

/** A metric of one model over folds and seeds. */
export interface SpreadMetric {
  readonly name: string;
  readonly mean: number;
  /** Standard deviation of the folds' means: how much one time (or one part of the users) differs from the next; null with one fold. */
  readonly overFolds: number | null;
  /** Standard deviation over the seeds within a fold, root mean square over folds; null with one seed. */
  readonly overSeeds: number | null;
  readonly lowest: number;
  readonly highest: number;
}

export interface ModelSpread {
  readonly model: string;
  readonly folds: number;
  readonly seeds: number;
  readonly metrics: readonly SpreadMetric[];
}

export interface ModelDifference extends SeededDifference {
  readonly metric: string;
  /** `difference` is positive where `better` is ahead. */
  readonly better: string;
  readonly worse: string;
}

/** Mean and spread of every metric that all of a model's evaluations have; figures that are not numbers are left out. */
export function spreadOf(figures: readonly SeededFigures[]): ModelSpread[] {
  return [...groups(figures, ({ model }) => model)].map(([model, own]) => ({
    model,
    folds: new Set(own.map(({ fold }) => fold)).size,
    seeds: new Set(own.map(({ seed }) => seed)).size,
    metrics: own[0].metrics.flatMap(({ name }) => spreadOfMetric(name, own) ?? []),
  }));
}

function spreadOfMetric(name: string, own: readonly SeededFigures[]): SpreadMetric | null {
  const measured = own.flatMap(({ fold, metrics }) => {
    const value = metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
    return Number.isFinite(value) ? [{ fold, value }] : [];
  });
  if (measured.length === 0) return null;
  const byFold = [...groups(measured, ({ fold }) => fold).values()].map((fold) =>
    fold.map(({ value }) => value),
  );
  const variances = byFold.filter((values) => values.length > 1).map((values) => deviation(values) ** 2);
  const means = byFold.map(mean);
  const values = measured.map(({ value }) => value);
  return {
    name,
    mean: mean(means),
    overFolds: means.length > 1 ? deviation(means) : null,
    overSeeds: variances.length > 0 ? Math.sqrt(mean(variances)) : null,
    lowest: Math.min(...values),
    highest: Math.max(...values),
  };
}

/**
 * Two models by the deciding figure, on all folds and from the seeds that both have; null where they share none, were measured on
 * other units, or where the figure is not defined on them.
 *
 * @param resamples fewer are quicker; 300 unless said
 */
export function differenceOf(
  figures: readonly SeededFigures[],
  first: string,
  second: string,
  resamples?: number,
): ModelDifference | null {
  const of = (model: string, fold: number, seed: number) =>
    figures.find((own) => own.model === model && own.fold === fold && own.seed === seed)?.units ?? null;
  const folds = [...new Set(figures.map(({ fold }) => fold))];
  const pairsOf = (seed: number) =>
    folds.map((fold) => [of(first, fold, seed), of(second, fold, seed)] as const);
  // Only seeds that both models have on every fold, measured on the same units.
  const seeds = [...new Set(figures.map(({ seed }) => seed))].filter((seed) =>
    pairsOf(seed).every(
      ([one, other]) => one && other && one.key === other.key && one.metric === other.metric,
    ),
  );
  if (seeds.length === 0) return null;
  const statistics = folds.map((_, at) =>
    seeds.map((seed) => pairsOf(seed)[at].map((units) => unitStatistic(units as MeasuredUnits))),
  );
  const [[[{ metric }]]] = statistics;
  const sign = isLessBetter(metric) ? -1 : 1;
  const found = pairedSeedBootstrap(
    statistics.map((bySeed) => ({
      units: bySeed[0][0].units,
      first: bySeed.map(
        ([one]) =>
          (weights) =>
            sign * one.value(weights),
      ),
      second: bySeed.map(
        ([, other]) =>
          (weights) =>
            sign * other.value(weights),
      ),
    })),
    { seed: 1, resamples },
  );
  if (!Number.isFinite(found.difference) || !Number.isFinite(found.low)) return null;
  if (found.difference >= 0) return { ...found, metric, better: second, worse: first };
  const turned = { difference: -found.difference, low: -found.high, high: -found.low };
  return { ...found, ...turned, metric, better: first, worse: second };
}

/** Whether models can be ranked, and if not, why not. */
export type Ranking = 'RANKED' | 'UNDECIDED' | 'ONE_SEED' | 'ALONE';

/** RANKED: the best is clearly ahead of every other. UNDECIDED: it is not. ONE_SEED: a start's luck is unknown. ALONE: one model only. */
export function rankingOf(
  best: string,
  models: readonly string[],
  differences: readonly ModelDifference[],
): Ranking {
  const others = models.filter((model) => model !== best);
  if (others.length === 0) return 'ALONE';
  const own = others.map((other) =>
    differences.find(
      ({ better, worse }) => [better, worse].includes(best) && [better, worse].includes(other),
    ),
  );
  if (own.some((difference) => !difference || difference.seeds < 2)) return 'ONE_SEED';
  return own.every((difference) => difference?.isClear && difference.better === best)
    ? 'RANKED'
    : 'UNDECIDED';
}

function groups<Row, Key>(rows: readonly Row[], keyOf: (row: Row) => Key): Map<Key, Row[]> {
  const found = new Map<Key, Row[]>();
  for (const row of rows) found.set(keyOf(row), [...(found.get(keyOf(row)) ?? []), row]);
  return found;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}
