import { definedMetrics, spreadOf } from '../pipeline/evaluate/index.js';
import type { EvaluationRow, JsonObject, ShopStore } from '../store/index.js';
import { compareSeeded } from './seeded-comparison.js';
import type { CrossValidation, CrossValidationFold } from './types/cross-validation.type.js';

/** Mean and spread of a cross-validation's evaluations. @param rows at least one */
export async function toCrossValidation(
  shop: ShopStore,
  config: JsonObject,
  rows: readonly EvaluationRow[],
): Promise<CrossValidation> {
  const modelOf = ({ family, architecture }: EvaluationRow) => `${family.toLowerCase()}: ${architecture}`;
  const measured = rows.map((row) => ({ ...row, metrics: definedMetrics(row.metrics) }));
  const { metric, ranking, models, differences } = await compareSeeded(shop, measured, modelOf);
  const numbers = [...new Set(rows.map(({ fold }) => fold ?? 1))].sort((a, b) => a - b);
  const folds = numbers.map((fold): CrossValidationFold => {
    const own = measured.filter((row) => (row.fold ?? 1) === fold);
    const [{ cut, examples, protocol }] = own;
    const figures = own.map((row) => ({
      model: modelOf(row),
      fold,
      seed: row.seed ?? 0,
      metrics: row.metrics,
      units: null,
    }));
    return { fold, cut: cut ?? new Date(0), examples, protocol, models: spreadOf(figures) };
  });
  const method = config.method as CrossValidation['method'];
  return { method, metric, ranking, models, folds, differences };
}
