/** When figures ask for somebody's attention. Pure: figures in, drafts of alerts out. */
import type { AlertRow, EvaluationRow } from '../../store/index.js';
import { givenName, isBuiltInTask, TASK_DEFINITIONS, type TaskName } from '../../tasks/index.js';
import { isLessBetter, mainMetrics, type Metric } from '../evaluate/index.js';
import type { FeatureDrift } from './feature-drift.js';
import type { LiveQuality } from './live-quality.js';

/** An alert that is not stored yet. `message` begins with what it is about, up to the first colon. */
export type AlertDraft = Omit<AlertRow, 'id' | 'createdAt'>;

export interface Limits {
  /** Population stability index from which on a feature has shifted. */
  readonly psi: number;
  /** Share of a model's features that may shift before the alert is critical. */
  readonly shiftedShare: number;
  /** Gap between predicted probability and share that came true. */
  readonly calibrationError: number;
  /** Share of the click-through rate that may be lost. */
  readonly clickThroughLoss: number;
  /** 95th percentile of an operation's time. */
  readonly p95Ms: number;
  /** Share of answers that may be internal errors. */
  readonly errorShare: number;
}

export const DEFAULT_LIMITS: Limits = {
  psi: 0.2,
  shiftedShare: 0.25,
  calibrationError: 0.05,
  clickThroughLoss: 0.2,
  p95Ms: 1000,
  errorShare: 0.01,
};

/** Fewest answers or impressions that a rate is judged by. */
const LEAST_COUNT = 100;
const Z_95 = 1.96;

/** One alert an entity: the worst feature, and how many shifted. */
export function driftAlerts(drift: readonly FeatureDrift[], limits = DEFAULT_LIMITS): AlertDraft[] {
  return (['USER', 'TRANSACTION'] as const).flatMap((entity) => {
    const all = drift.filter((feature) => feature.entity === entity);
    const shifted = all.filter(({ psi, chance }) => psi >= limits.psi && psi > chance);
    if (shifted.length === 0) return [];
    const worst = shifted.reduce((a, b) => (b.psi > a.psi ? b : a));
    const isBroad = shifted.length > limits.shiftedShare * all.length;
    const who = entity === 'USER' ? 'Users' : 'Transactions';
    return [
      {
        kind: 'DRIFT',
        severity: isBroad ? ('CRITICAL' as const) : ('WARNING' as const),
        message: `${who}: ${shifted.length} of ${all.length} features have shifted since training, most of all ${worst.description} (PSI ${worst.psi.toFixed(2)}). Train on newer data.`,
        value: worst.psi,
        threshold: limits.psi,
      },
    ];
  });
}

/** A task in words. */
const titleOf = (task: TaskName): string =>
  isBuiltInTask(task) ? TASK_DEFINITIONS[task].title : givenName(task);

/** Probabilities that do not come true: clear of the limit by their interval, and worse than on the test split. */
export function calibrationAlerts(
  live: readonly LiveQuality[],
  tests: readonly EvaluationRow[],
  limits = DEFAULT_LIMITS,
): AlertDraft[] {
  return live.flatMap(({ task, modelVersionId, metrics }) => {
    const error = metricOf(metrics, 'ECE');
    if (!error) return [];
    const test = metricOf(testOf(tests, modelVersionId, task)?.metrics, 'ECE');
    const allowed = Math.max(limits.calibrationError, test?.high ?? 0);
    if (!(error.low > allowed)) return [];
    return [
      {
        kind: 'CALIBRATION',
        severity: error.low > 2 * allowed ? ('CRITICAL' as const) : ('WARNING' as const),
        message: `${titleOf(task)}: probabilities are ${percent(error.value)} off what came true; ${percent(allowed)} was expected at most.`,
        value: error.value,
        threshold: allowed,
      },
    ];
  });
}

/** The deciding figure lies clearly below the test split's; critical where it is no better than the baseline was. */
export function qualityAlerts(live: readonly LiveQuality[], tests: readonly EvaluationRow[]): AlertDraft[] {
  return live.flatMap(({ task, modelVersionId, metrics }) => {
    const [name] = mainMetrics(task, metrics);
    const now = metricOf(metrics, name);
    const test = metricOf(testOf(tests, modelVersionId, task)?.metrics, name);
    if (!now || !test) return [];
    const isLess = isLessBetter(name);
    const isWorse = isLess ? now.low > test.high : now.high < test.low;
    if (!isWorse) return [];
    const baseline = metricOf(
      tests.find(
        (row) =>
          row.task === task &&
          row.split === 'TEST' &&
          row.family === 'BASELINE' &&
          row.modelVersionId === modelVersionId,
      )?.metrics,
      name,
    );
    const isUseless = baseline && (isLess ? now.value >= baseline.value : now.value <= baseline.value);
    return [
      {
        kind: 'QUALITY',
        severity: isUseless ? ('CRITICAL' as const) : ('WARNING' as const),
        message: `${titleOf(task)}: ${name} is ${now.value.toFixed(3)} since training; it was ${test.value.toFixed(3)} on the test period.`,
        value: now.value,
        threshold: isLess ? test.high : test.low,
      },
    ];
  });
}

export interface ClickCounts {
  readonly shown: number;
  readonly clicked: number;
}

/** The click-through rate fell by more than the limit, and by more than chance would do (two proportions, 95 %). */
export function clickThroughAlerts(
  before: ClickCounts,
  recent: ClickCounts,
  limits = DEFAULT_LIMITS,
): AlertDraft[] {
  if (before.shown < LEAST_COUNT || recent.shown < LEAST_COUNT) return [];
  const rates = [before, recent].map(({ shown, clicked }) => clicked / shown);
  const pooled = (before.clicked + recent.clicked) / (before.shown + recent.shown);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / before.shown + 1 / recent.shown));
  const threshold = rates[0] * (1 - limits.clickThroughLoss);
  if (!(rates[1] < threshold && rates[0] - rates[1] > Z_95 * error)) return [];
  const message = `Recommendations: ${percent(rates[1])} of what is shown is clicked; it was ${percent(rates[0])} before.`;
  return [{ kind: 'CLICK_THROUGH', severity: 'WARNING', message, value: rates[1], threshold }];
}

export interface OperationTimes {
  readonly operation: string;
  readonly count: number;
  readonly p95Ms: number;
}

/** Slow operations, and too many internal errors, of one API process. */
export function serviceAlerts(
  latency: readonly OperationTimes[],
  errors: readonly { readonly code: string; readonly count: number }[],
  limits = DEFAULT_LIMITS,
): AlertDraft[] {
  const slow = latency
    .filter(({ count, p95Ms }) => count >= LEAST_COUNT && p95Ms > limits.p95Ms)
    .map(({ operation, p95Ms }): AlertDraft => {
      const message = `${operation}: one answer in twenty takes longer than ${Math.round(p95Ms)} ms.`;
      return { kind: 'LATENCY', severity: 'WARNING', message, value: p95Ms, threshold: limits.p95Ms };
    });
  const answers = latency.reduce((sum, { count }) => sum + count, 0);
  const failed = errors.find(({ code }) => code === 'INTERNAL')?.count ?? 0;
  if (answers < LEAST_COUNT || failed / answers <= limits.errorShare) return slow;
  const share = failed / answers;
  const message = `Answers: ${percent(share)} of ${answers} were internal errors.`;
  return [
    ...slow,
    { kind: 'ERRORS', severity: 'CRITICAL', message, value: share, threshold: limits.errorShare },
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const metricOf = (metrics: readonly Metric[] | undefined, name: string): Metric | undefined =>
  metrics?.find((metric) => metric.name === name);

const testOf = (
  rows: readonly EvaluationRow[],
  modelVersionId: string,
  task: string,
): EvaluationRow | undefined =>
  rows.find(
    (row) =>
      row.modelVersionId === modelVersionId && row.task === task && row.split === 'TEST' && row.isServed,
  );
