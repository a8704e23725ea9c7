/** Which models can be told apart: the table of the overview, as plain data. */

export interface MeasuredMetric {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}
export interface MeasuredEvaluation {
  readonly task: string;
  readonly split: string;
  readonly family: string;
  readonly architecture: string;
  readonly isServed: boolean;
  readonly protocol: string;
  readonly examples: number;
  readonly metrics: readonly MeasuredMetric[];
}
export interface MeasuredRun {
  readonly finishedAt: string | null;
  readonly modelVersion: { readonly id: string } | null;
  readonly evaluations: readonly MeasuredEvaluation[];
}

/** BEST: clear of all others. LEADS: the best value, but not clear. TIED: its interval meets that of the best value. ALONE: one model only. */
export type Verdict = 'BEST' | 'LEADS' | 'TIED' | 'BEHIND' | 'ALONE';
export interface QualityRow {
  readonly evaluation: MeasuredEvaluation;
  readonly modelVersionId: string | null;
  readonly metric: MeasuredMetric;
  readonly verdict: Verdict;
}
export interface QualityGroup {
  readonly task: string;
  readonly metric: string;
  readonly isLowerBetter: boolean;
  readonly protocol: string;
  readonly rows: readonly QualityRow[];
}

const TASKS = [
  'PURCHASE_INTENT',
  'CHURN',
  'RECOMMENDATION',
  'DEMAND',
  'FRAUD',
  'NEXT_BEHAVIOUR',
  'SESSION_OUTCOME',
];
const FAMILIES = ['BASELINE', 'SINGLE', 'MULTI', 'COLLABORATIVE', 'ENSEMBLE'];
/** The metrics a task is judged by; names are compared without case and punctuation. */
const HEADLINES: Record<string, readonly string[]> = {
  PURCHASE_INTENT: ['auc'],
  CHURN: ['auc'],
  FRAUD: ['prauc'],
  RECOMMENDATION: ['ndcg10', 'newndcg10'],
  DEMAND: ['wape'],
  NEXT_BEHAVIOUR: ['logloss'],
  SESSION_OUTCOME: ['auc'],
};
const LOWER_IS_BETTER = /wape|mase|mae|rmse|loss|error|brier|ece/;

/** A metric's name without case and punctuation: `NDCG@10` → `ndcg10`. */
export const plain = (name: string): string => name.toLowerCase().replace(/at(?=\d)|[^a-z0-9]/g, '');

export function isLowerBetter(metric: string): boolean {
  return LOWER_IS_BETTER.test(plain(metric));
}

/** The task's own metrics as far as they were measured, else whatever was measured first. */
function headlinesOf(evaluation: MeasuredEvaluation): readonly MeasuredMetric[] {
  const wanted = HEADLINES[evaluation.task] ?? [];
  const found = wanted.flatMap(
    (name) => evaluation.metrics.find((metric) => plain(metric.name) === name) ?? [],
  );
  return found.length > 0 ? found : evaluation.metrics.slice(0, 1);
}

const rank = (order: readonly string[], name: string): number =>
  order.includes(name) ? order.indexOf(name) : order.length;

/**
 * The newest test evaluation of every model by task. Only rows measured by the same protocol on the same number of examples are
 * compared: a task's group is that of its newest evaluation, so that a figure from another cut is never called better or worse.
 *
 * @param runs finished runs, newest first
 */
export function qualityGroups(runs: readonly MeasuredRun[]): QualityGroup[] {
  const tested = runs.flatMap((run) =>
    run.evaluations
      .filter((evaluation) => evaluation.split === 'TEST')
      .map((evaluation) => ({ evaluation, modelVersionId: run.modelVersion?.id ?? null })),
  );
  const tasks = [...new Set(tested.map(({ evaluation }) => evaluation.task))].sort(
    (a, b) => rank(TASKS, a) - rank(TASKS, b),
  );
  return tasks.flatMap((task) => {
    const ofTask = tested.filter(({ evaluation }) => evaluation.task === task);
    const newest = ofTask[0]?.evaluation;
    return newest ? headlinesOf(newest).map((headline) => groupOf(newest, headline, ofTask)) : [];
  });
}

type Tested = { evaluation: MeasuredEvaluation; modelVersionId: string | null };

function groupOf(
  newest: MeasuredEvaluation,
  headline: MeasuredMetric,
  ofTask: readonly Tested[],
): QualityGroup {
  const seen = new Set<string>();
  const found: { evaluation: MeasuredEvaluation; modelVersionId: string | null; metric: MeasuredMetric }[] =
    [];
  for (const { evaluation, modelVersionId } of ofTask) {
    const metric = evaluation.metrics.find(({ name }) => name === headline.name);
    const model = `${evaluation.family} ${evaluation.architecture}`;
    const isSameProtocol = evaluation.protocol === newest.protocol && evaluation.examples === newest.examples;
    if (!metric || !isSameProtocol || seen.has(model)) continue;
    seen.add(model);
    found.push({ evaluation, modelVersionId, metric });
  }
  found.sort((a, b) => rank(FAMILIES, a.evaluation.family) - rank(FAMILIES, b.evaluation.family));
  const isLower = isLowerBetter(headline.name);
  const verdicts = verdictsOf(
    found.map(({ metric }) => metric),
    isLower,
  );
  return {
    task: newest.task,
    metric: headline.name,
    isLowerBetter: isLower,
    protocol: newest.protocol,
    rows: found.map((row, index) => ({ ...row, verdict: verdicts[index] ?? 'ALONE' })),
  };
}

/** Judges values by their intervals alone: cautious, as two overlapping intervals may still differ by a paired test. */
export function verdictsOf(metrics: readonly MeasuredMetric[], isLower: boolean): Verdict[] {
  if (metrics.length < 2) return metrics.map(() => 'ALONE');
  const sign = isLower ? -1 : 1;
  const best = metrics.reduce((a, b) => (sign * b.value > sign * a.value ? b : a));
  const meetsBest = (metric: MeasuredMetric) => metric.low <= best.high && metric.high >= best.low;
  const isClear = metrics.every((metric) => metric === best || !meetsBest(metric));
  return metrics.map((metric) => {
    if (metric === best) return isClear ? 'BEST' : 'LEADS';
    return meetsBest(metric) ? 'TIED' : 'BEHIND';
  });
}

/** From the lowest to the highest end of any interval. */
export function scaleOf(rows: readonly QualityRow[]): readonly [number, number] {
  return [
    Math.min(...rows.map(({ metric }) => metric.low)),
    Math.max(...rows.map(({ metric }) => metric.high)),
  ];
}
