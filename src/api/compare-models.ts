/** Models side by side, from their evaluations: no figure is made here, only put in order. */
import { isLessBetter, MAIN_METRICS } from '../pipeline/evaluate/index.js';
import type { EvaluationRow } from '../store/index.js';
import type {
  ModelComparison,
  ModelComparisonEntry,
  TaskComparison,
  TransferEffect,
  TransferReport,
} from './types/comparison.type.js';
import type { ModelVersion } from './types/model-version.type.js';

/** Compares test-split evaluations, models of equal task and protocol with each other. */
export function compareModels(
  versions: readonly ModelVersion[],
  evaluations: readonly EvaluationRow[],
): ModelComparison {
  const groups = new Map<string, EvaluationRow[]>();
  for (const evaluation of evaluations) {
    if (evaluation.split !== 'TEST') continue;
    const name = JSON.stringify([evaluation.task, evaluation.protocol]);
    groups.set(name, [...(groups.get(name) ?? []), evaluation]);
  }
  const tasks = [...groups.values()].flatMap((group) => compareOnTask(versions, group) ?? []);
  const transferReports = versions.flatMap((modelVersion) => {
    const { transfer } = modelVersion.manifest as { transfer?: Omit<TransferReport, 'modelVersion'> };
    // Versions made before gradients were compared have no affinities in the store.
    return transfer ? [{ ...transfer, affinities: transfer.affinities ?? [], modelVersion }] : [];
  });
  return {
    tasks,
    transfer: tasks.flatMap((comparison) => transferEffect(comparison) ?? []),
    transferReports,
  };
}

function compareOnTask(
  versions: readonly ModelVersion[],
  evaluations: readonly EvaluationRow[],
): TaskComparison | null {
  const { task, protocol } = evaluations[0];
  const metric = MAIN_METRICS[task].find((name) =>
    evaluations.some((row) => row.metrics.some((found) => found.name === name)),
  );
  if (metric === undefined) return null;
  const higherIsBetter = !isLessBetter(metric);
  const entries: ModelComparisonEntry[] = [];
  for (const row of evaluations) {
    const modelVersion = versions.find((version) => version.id === row.modelVersionId);
    const measured = row.metrics.find((found) => found.name === metric);
    if (!modelVersion || !measured) continue;
    const { family, architecture } = row;
    const { value, low, high } = measured;
    entries.push({
      modelVersion,
      family,
      architecture,
      value,
      low,
      high,
      isBest: false,
      metrics: row.metrics,
    });
  }
  entries.sort((a, b) => (higherIsBetter ? b.value - a.value : a.value - b.value));
  if (entries.length > 0) entries[0].isBest = true;
  const [best, next] = entries;
  const isClear =
    best !== undefined &&
    next !== undefined &&
    (higherIsBetter ? best.low > next.high : best.high < next.low);
  return { task, metric, higherIsBetter, protocol, isClear, entries };
}

/** Standard errors that a 95 % interval reaches to either side. */
const Z = 1.96;

/** Best multi-task net against best single-task net; null where one of the two was not measured. */
function transferEffect({
  task,
  metric,
  higherIsBetter,
  protocol,
  entries,
}: TaskComparison): TransferEffect | null {
  const single = entries.find((entry) => entry.family === 'SINGLE');
  const multi = entries.find((entry) => entry.family === 'MULTI');
  if (!single || !multi) return null;
  const gain = higherIsBetter ? multi.value - single.value : single.value - multi.value;
  const error = Math.hypot(standardError(single), standardError(multi));
  const [low, high] = [gain - Z * error, gain + Z * error];
  const verdict = low > 0 ? 'HELPS' : high < 0 ? 'HARMS' : 'UNDECIDED';
  return { task, metric, protocol, single: single.value, multi: multi.value, gain, low, high, verdict };
}

function standardError({ low, high }: { low: number; high: number }): number {
  return (high - low) / (2 * Z);
}
