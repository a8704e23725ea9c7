/** Figures that some examples cannot give, such as an AUC where all labels are alike: told apart from those that were measured, with the reason. */
import type { ConfusionMatrix, Metric } from './metric.js';

export interface UndefinedMetric {
  readonly name: string;
  /** Why the examples do not give it, as a sentence. */
  readonly reason: string;
}

export interface MeasuredFigures {
  readonly examples: number;
  /** As measured, or as the store gives them back: JSON has null for what is not a number. */
  readonly metrics: readonly { readonly [Part in keyof Metric]: Metric[Part] | null }[];
  readonly confusionMatrix?: ConfusionMatrix | null;
}

/** Whether a figure and its interval are numbers. */
export function isDefined(metric: MeasuredFigures['metrics'][number]): metric is Metric {
  return [metric.value, metric.low, metric.high].every(Number.isFinite);
}

/** The figures that are numbers. */
export function definedMetrics(metrics: MeasuredFigures['metrics']): Metric[] {
  return metrics.filter(isDefined);
}

/** The figures that are not, each with its reason. */
export function undefinedMetrics(measured: MeasuredFigures): UndefinedMetric[] {
  return measured.metrics
    .filter((metric) => !isDefined(metric))
    .map(({ name }) => ({ name: String(name), reason: reasonOf(String(name), measured) }));
}

const OF_BOTH_CLASSES = new Set(['AUC', 'PR_AUC']);
const OF_LISTS = /^(NEW_)?(NDCG|HR|RECALL|PRECISION|MRR|MAP)@\d+$/;
const OF_SALES = new Set(['WAPE', 'DAILY_WAPE']);

function reasonOf(name: string, { examples, confusionMatrix }: MeasuredFigures): string {
  const actual = (confusionMatrix?.counts ?? []).map((row) => row.reduce((sum, count) => sum + count, 0));
  const happened = actual.flatMap((count, at) => (count > 0 ? [confusionMatrix?.labels[at] ?? at] : []));
  if (OF_BOTH_CLASSES.has(name) && actual.length === 2 && happened.length === 1) {
    return `${name} compares two classes; all ${examples} examples are "${happened[0]}".`;
  }
  const list = OF_LISTS.exec(name);
  if (list) return `No user of the split has bought an item${list[1] ? ' for the first time' : ''}.`;
  if (name === 'MASE') return 'No series changes before the cut, so that no error can be scaled by it.';
  if (OF_SALES.has(name)) return 'Nothing was sold, so that there is nothing to divide errors by.';
  return `${name} cannot be computed from these ${examples} examples.`;
}
