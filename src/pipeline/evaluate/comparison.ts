import { type BuiltInTask, isBuiltInTask, type TaskName } from '../../tasks/index.js';
import type { ConfusionMatrix, Metric } from './metric.js';
import { isDefined, undefinedMetrics } from './undefined-metrics.js';

/** The parts of an evaluation that a comparison needs. */
export interface ComparedEvaluation {
  readonly family: string;
  readonly architecture: string;
  readonly isServed: boolean;
  readonly task: TaskName;
  readonly split: string;
  readonly protocol: string;
  readonly examples: number;
  readonly loss: number;
  readonly metrics: readonly Metric[];
  readonly confusionMatrix?: ConfusionMatrix | null;
  readonly seed?: number | null;
}

/** The figures by which models of a task are compared, the deciding one first; `mainMetrics` knows those of custom tasks too. */
export const MAIN_METRICS: Readonly<Record<BuiltInTask, readonly string[]>> = {
  PURCHASE_INTENT: ['AUC', 'PR_AUC', 'ECE'],
  CHURN: ['AUC', 'PR_AUC', 'ECE'],
  RECOMMENDATION: ['NDCG@10', 'NEW_NDCG@10', 'NEW_HR@10'],
  FRAUD: ['AUC', 'PR_AUC', 'F1'],
  DEMAND: ['WAPE', 'DAILY_WAPE', 'INTERVAL_COVERAGE'],
  NEXT_BEHAVIOUR: ['LOG_LOSS', 'ACCURACY', 'MACRO_F1'],
  SESSION_OUTCOME: ['AUC', 'PR_AUC', 'ECE'],
};

const YES_NO_METRICS = ['AUC', 'PR_AUC', 'ECE'] as const;
const COUNT_METRICS = ['POISSON_DEVIANCE', 'MAE', 'WAPE'] as const;

/** The same for any task. @param metrics that were measured: by them a custom task's yes/no is told from a number */
export function mainMetrics(task: TaskName, metrics: readonly Pick<Metric, 'name'>[]): readonly string[] {
  if (isBuiltInTask(task)) return MAIN_METRICS[task];
  return metrics.some(({ name }) => name === COUNT_METRICS[0]) ? COUNT_METRICS : YES_NO_METRICS;
}

/** Figures of which less is better. */
const LESS_IS_BETTER = new Set([
  'WAPE',
  'DAILY_WAPE',
  'ECE',
  'LOG_LOSS',
  'BRIER',
  'MAE',
  'MASE',
  'POISSON_DEVIANCE',
]);

export const isLessBetter = (metric: string): boolean => LESS_IS_BETTER.has(metric);

export interface TaskComparison<Row extends ComparedEvaluation = ComparedEvaluation> {
  readonly task: TaskName;
  readonly metric: string;
  /** Best first. */
  readonly rows: readonly Row[];
  /** Whether the best one's interval lies apart from that of the next. */
  readonly isClear: boolean;
}

/** Test rows task by task, best first; those whose examples do not give the deciding figure stand last. */
export function compareEvaluations<Row extends ComparedEvaluation>(
  rows: readonly Row[],
): TaskComparison<Row>[] {
  const builtIn = Object.keys(MAIN_METRICS) as TaskName[];
  const custom = rows.map(({ task }) => task).filter((task) => !isBuiltInTask(task));
  return [...builtIn, ...new Set(custom)].flatMap((task) => {
    const first = rows.find((row) => row.task === task);
    const [metric] = mainMetrics(task, first?.metrics ?? []);
    const sign = isLessBetter(metric) ? -1 : 1;
    const worth = (row: Row) => sign * (metricOf(row, metric)?.value ?? -sign * Infinity);
    const ofTask = rows
      .filter((row) => row.task === task && row.split === 'TEST')
      .filter((row) => row.metrics.some(({ name }) => name === metric))
      .sort((a, b) => (worth(a) === worth(b) ? 0 : worth(b) - worth(a)));
    if (ofTask.length === 0) return [];
    const [best, next] = ofTask.map((row) => metricOf(row, metric));
    const isClear = Boolean(best && next && (sign > 0 ? best.low > next.high : best.high < next.low));
    return [{ task, metric, rows: ofTask, isClear }];
  });
}

const metricOf = (row: ComparedEvaluation, name: string): Metric | undefined =>
  row.metrics.find((metric) => metric.name === name && isDefined(metric));

const number = (value: number): string => (Number.isFinite(value) ? value.toFixed(3) : '–');

/** The comparison as a table for a terminal. */
export function formatComparison(rows: readonly ComparedEvaluation[]): string {
  const comparisons = compareEvaluations(rows);
  if (comparisons.length === 0) return 'There are no evaluations on a test split yet.';
  const blocks = comparisons.map(({ task, rows: ofTask, isClear }) => {
    const names = mainMetrics(task, ofTask[0].metrics);
    const head = ['model', ...names.map((name) => `${name} [95 %]`), 'loss', ''];
    const body = ofTask.map((row) => [
      `${row.family.toLowerCase()}: ${row.architecture}`,
      ...names.map((name) => {
        const metric = metricOf(row, name);
        return metric ? `${number(metric.value)} [${number(metric.low)}, ${number(metric.high)}]` : '–';
      }),
      number(row.loss),
      row.isServed ? 'in the model version' : '',
    ]);
    const seeds = new Set(ofTask.map(({ seed }) => seed ?? null)).size;
    const verdict =
      seeds === 1
        ? ' (one seed: an order, not a ranking; intervals are over examples alone)'
        : isClear
          ? ''
          : ' (the best is not clear of the next: intervals overlap)';
    const reasons = new Set(ofTask.flatMap(undefinedMetrics).map(({ reason }) => `  – ${reason}\n`));
    return `${task}: ${ofTask[0].examples} test examples; ${ofTask[0].protocol}${verdict}\n${[...reasons].join('')}${alignColumns([head, ...body])}`;
  });
  return blocks.join('\n\n');
}

function alignColumns(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd())
    .join('\n');
}
