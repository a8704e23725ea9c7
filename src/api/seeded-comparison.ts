/** Models of several seeds side by side: no figure is made here that their evaluations do not hold. */
import { setImmediate as breathe } from 'node:timers/promises';

import {
  differenceOf,
  isLessBetter,
  mainMetrics,
  type ModelDifference,
  type ModelSpread,
  type Ranking,
  rankingOf,
  type SeededFigures,
  spreadOf,
} from '../pipeline/evaluate/index.js';
import type { EvaluationRow, ShopStore } from '../store/index.js';

const RESAMPLES = 200;

export interface SeededComparison {
  readonly metric: string;
  readonly ranking: Ranking;
  /** The best mean first. */
  readonly models: readonly ModelSpread[];
  /** The best against each other. */
  readonly differences: readonly ModelDifference[];
}

/**
 * Evaluations of one task by one protocol (folds apart): spread over folds and seeds, and the best model against each other by paired bootstrap.
 *
 * @param modelOf the same for evaluations that differ by fold and seed alone
 */
export async function compareSeeded(
  shop: ShopStore,
  rows: readonly EvaluationRow[],
  modelOf: (row: EvaluationRow) => string,
): Promise<SeededComparison> {
  const units = await shop.evaluationUnits(rows.map(({ id }) => id));
  const figures = rows.map((row, at): SeededFigures => ({
    model: modelOf(row),
    fold: row.fold ?? 1,
    seed: row.seed ?? 0,
    metrics: row.metrics,
    units: units[at],
  }));
  const [{ task }] = rows;
  const main = mainMetrics(task, rows[0].metrics);
  const metric =
    main.find((name) => rows.some((row) => row.metrics.some((own) => own.name === name))) ?? main[0];
  const sign = isLessBetter(metric) ? -1 : 1;
  const worth = ({ metrics }: ModelSpread) => {
    const own = metrics.find(({ name }) => name === metric);
    return own ? sign * own.mean : -Infinity;
  };
  const models = spreadOf(figures).sort((a, b) => worth(b) - worth(a));
  const [best, ...others] = models;
  const differences: ModelDifference[] = [];
  for (const other of others) {
    // A bootstrap takes a while: other requests are answered between.
    await breathe();
    const difference = differenceOf(figures, best.model, other.model, RESAMPLES);
    if (difference) differences.push(difference);
  }
  const names = models.map(({ model }) => model);
  return { metric, models, differences, ranking: rankingOf(best.model, names, differences) };
}
