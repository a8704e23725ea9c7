/** Models side by side, from their evaluations: no figure is made here, only put in order. */
import { definedMetrics, isLessBetter } from '../pipeline/evaluate/index.js';
import type { EvaluationRow, RunRow, ShopStore } from '../store/index.js';
import { compareSeeded } from './seeded-comparison.js';
import { transferReportsOf } from './transfer-report.js';
import type {
  ModelComparison,
  ModelComparisonEntry,
  TaskComparison,
  TransferEffect,
} from './types/comparison.type.js';
import type { ModelVersion } from './types/model-version.type.js';
import { taskFields } from './types/task-fields.js';

/** Compares test-split evaluations, models of equal task and protocol with each other; a model may come in several seeds. */
export async function compareModels(
  shop: ShopStore,
  versions: readonly ComparedVersion[],
  evaluations: readonly EvaluationRow[],
): Promise<ModelComparison> {
  const groups = new Map<string, EvaluationRow[]>();
  for (const evaluation of evaluations) {
    if (evaluation.split !== 'TEST') continue;
    const name = JSON.stringify([evaluation.task, evaluation.protocol]);
    groups.set(name, [...(groups.get(name) ?? []), evaluation]);
  }
  const tasks: TaskComparison[] = [];
  for (const group of groups.values()) tasks.push(await compareOnTask(shop, versions, group));
  return {
    tasks,
    transfer: tasks.flatMap((comparison) => transferEffect(comparison) ?? []),
    transferReports: versions.flatMap(({ version }) => transferReportsOf(version)),
  };
}

export interface ComparedVersion {
  readonly version: ModelVersion;
  readonly run: RunRow;
}

async function compareOnTask(
  shop: ShopStore,
  versions: readonly ComparedVersion[],
  evaluations: readonly EvaluationRow[],
): Promise<TaskComparison> {
  const [{ task, protocol }] = evaluations;
  const owner = ({ modelVersionId }: EvaluationRow) =>
    versions.find(({ version }) => version.id === modelVersionId);
  const rows = evaluations.filter(owner).map((row) => ({
    ...row,
    seed: row.seed ?? owner(row)?.run.seed,
    metrics: definedMetrics(row.metrics),
  }));
  const nameOf = (row: EvaluationRow) => identityOf(row, owner(row)?.run);
  const { metric, ranking, models, differences } = await compareSeeded(shop, rows, nameOf);
  const higherIsBetter = !isLessBetter(metric);
  const described = describer(models.map(({ model }) => model));
  const entries = rows.flatMap((row): ModelComparisonEntry[] => {
    const modelVersion = owner(row)?.version;
    const measured = row.metrics.find((found) => found.name === metric);
    if (!modelVersion || !measured) return [];
    const { family, architecture, metrics, isServed } = row;
    const { value, low, high } = measured;
    const identity = nameOf(row);
    const model = described(identity);
    const isBest = ranking === 'RANKED' && identity === models[0].model;
    const seed = row.seed ?? null;
    return [{ modelVersion, model, family, architecture, isServed, seed, value, low, high, isBest, metrics }];
  });
  entries.sort((a, b) => (higherIsBetter ? b.value - a.value : a.value - b.value));
  return {
    ...taskFields(task),
    metric,
    higherIsBetter,
    protocol,
    ranking,
    isClear: ranking === 'RANKED',
    entries,
    models: models.map(({ model, seeds, metrics }) => ({
      model: described(model),
      seeds,
      folds: 1,
      metrics,
    })),
    differences: differences.map((own) => ({
      ...own,
      better: described(own.better),
      worse: described(own.worse),
    })),
  };
}

/** Settings of a run that do not make another model of it. */
const BESIDE = new Set(['deploy', 'cut', 'threshold', 'members']);

/** The same for two evaluations whose models differ by their seed alone. */
function identityOf({ family, architecture }: EvaluationRow, run: RunRow | undefined): string {
  const config = run ? Object.entries(run.config).filter(([name]) => !BESIDE.has(name)) : [];
  // What a run's settings say to its nets, baselines do not hear.
  const settings = family === 'BASELINE' ? [] : config.sort(([a], [b]) => (a < b ? -1 : 1));
  const tasks = family === 'MULTI' ? run?.tasks : [];
  return JSON.stringify([family, architecture, run?.kind === 'ENSEMBLE' ? [] : settings, tasks]);
}

/** Names of models for people: `single: dense`, numbered where several have other settings. */
function describer(identities: readonly string[]): (identity: string) => string {
  const plain = identities.map((identity) => {
    const [family, architecture] = JSON.parse(identity) as [string, string];
    return `${family.toLowerCase()}: ${architecture}`;
  });
  return (identity) => {
    const at = identities.indexOf(identity);
    const alike = plain.flatMap((name, index) => (name === plain[at] ? [index] : []));
    return alike.length > 1 ? `${plain[at]} (settings ${alike.indexOf(at) + 1})` : plain[at];
  };
}

/** Standard errors that a 95 % interval reaches to either side. */
const Z = 1.96;

/** Best multi-task net against best single-task net; null where one of the two was not measured. */
function transferEffect({
  task,
  customTask,
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
  return {
    task,
    customTask,
    metric,
    protocol,
    single: single.value,
    multi: multi.value,
    gain,
    low,
    high,
    verdict,
  };
}

function standardError({ low, high }: { low: number; high: number }): number {
  return (high - low) / (2 * Z);
}
