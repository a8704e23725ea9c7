/** Which models can be told apart: the table of the overview out of the API's own ranking, as plain data. No verdict is made here. */

/** One version's figure, as the API compares it. */
export interface Entry {
  readonly model: string;
  readonly family: string;
  readonly architecture: string;
  readonly isServed: boolean;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly modelVersion: { readonly id: string };
}
export interface TaskComparison {
  readonly task: string;
  readonly customTask: string | null;
  readonly metric: string;
  readonly higherIsBetter: boolean;
  readonly protocol: string;
  readonly ranking: 'RANKED' | 'UNDECIDED' | 'ONE_SEED' | 'ALONE';
  readonly entries: readonly Entry[];
  readonly models: readonly {
    readonly model: string;
    readonly seeds: number;
    readonly metrics: readonly { readonly name: string; readonly mean: number }[];
  }[];
  readonly differences: readonly {
    readonly better: string;
    readonly worse: string;
    readonly seeds: number;
    readonly isClear: boolean;
  }[];
}

/**
 * BEST: clearly ahead of every other over several seeds. LEADS: the best mean, but not clearly. TIED: not clearly behind it. BEHIND: clearly behind.
 * ONE_SEED: not known, as it and the best have fewer than two seeds in common. ALONE: one model only.
 */
export type Verdict = 'BEST' | 'LEADS' | 'TIED' | 'BEHIND' | 'ONE_SEED' | 'ALONE';

export interface QualityRow {
  /** The newest version of the model. */
  readonly entry: Entry;
  readonly seeds: number;
  /** Mean of the deciding metric over the seeds. */
  readonly mean: number | null;
  readonly verdict: Verdict;
}

export interface QualityGroup {
  readonly comparison: TaskComparison;
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

const rank = (order: readonly string[], name: string): number =>
  order.includes(name) ? order.indexOf(name) : order.length;

/**
 * One group a task: that of its newest version, as figures of another cut are no better or worse.
 *
 * @param versionIds the newest first
 */
export function qualityGroups(
  comparisons: readonly TaskComparison[],
  versionIds: readonly string[],
): QualityGroup[] {
  const age = ({ modelVersion }: Entry) => rank(versionIds, modelVersion.id);
  const youngest = ({ entries }: TaskComparison) => Math.min(...entries.map(age));
  const newest = new Map<string, TaskComparison>();
  for (const comparison of comparisons) {
    if (comparison.entries.length === 0) continue;
    const name = `${comparison.task} ${comparison.customTask ?? ''}`;
    const before = newest.get(name);
    if (!before || youngest(comparison) < youngest(before)) newest.set(name, comparison);
  }
  return [...newest.values()]
    .sort((a, b) => rank(TASKS, a.task) - rank(TASKS, b.task))
    .map((comparison) => ({ comparison, rows: rowsOf(comparison, age) }));
}

function rowsOf(comparison: TaskComparison, age: (entry: Entry) => number): QualityRow[] {
  const { entries, models, metric } = comparison;
  const rows = models.flatMap(({ model, seeds, metrics }): QualityRow[] => {
    const [entry] = entries.filter((one) => one.model === model).sort((a, b) => age(a) - age(b));
    if (!entry) return [];
    const mean = metrics.find(({ name }) => name === metric)?.mean ?? null;
    return [{ entry, seeds, mean, verdict: verdictOf(comparison, model) }];
  });
  return rows.sort((a, b) => rank(FAMILIES, a.entry.family) - rank(FAMILIES, b.entry.family));
}

/** What the comparison says of one of its models; the first of them has the best mean. */
export function verdictOf({ ranking, models, differences }: TaskComparison, model: string): Verdict {
  if (ranking === 'ALONE') return 'ALONE';
  if (model === models[0]?.model) {
    return ranking === 'RANKED' ? 'BEST' : ranking === 'UNDECIDED' ? 'LEADS' : 'ONE_SEED';
  }
  const difference = differences.find(({ better, worse }) => better === model || worse === model);
  if (!difference || difference.seeds < 2) return 'ONE_SEED';
  return difference.isClear && difference.worse === model ? 'BEHIND' : 'TIED';
}

/** From the lowest to the highest end of any interval. */
export function scaleOf(rows: readonly QualityRow[]): readonly [number, number] {
  return [Math.min(...rows.map(({ entry }) => entry.low)), Math.max(...rows.map(({ entry }) => entry.high))];
}
