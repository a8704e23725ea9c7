/** From what units of the quality bench gave to figures with their spread, and to differences with intervals. */
import { Random } from '../src/nn/random.js';
import { auc, orderByScore } from '../src/pipeline/evaluate/index.js';
import {
  type ByFamily,
  CHOICES,
  FAMILIES,
  type Family,
  FIGURES,
  LESS_IS_BETTER,
  type Outcome,
  type TaskFigure,
} from './quality-figures.js';

export interface CutOutcomes {
  readonly cut: string;
  /** Families measured a window before the cut, with nothing seen from the cut on. */
  readonly validation: Outcome;
  /** One a seed. */
  readonly tests: readonly Outcome[];
}

interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 500;
const round = (value: number): number => Math.round(1e5 * value) / 1e5;

/** Mean, smallest and largest over cuts and seeds. */
function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value): value is number => value !== null && !Number.isNaN(value));
  if (known.length === 0) return null;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  return { mean: round(mean), low: round(Math.min(...known)), high: round(Math.max(...known)) };
}

/** A figure when unit i counts weights[i] times; null where the family has no model or the window was not seen. */
type Statistic = (weights: Float64Array | null) => number;

function statistic(outcome: Outcome, figure: TaskFigure, family: Family): Statistic | null {
  if (figure === 'intent_auc' || figure === 'churn_auc') {
    const users = figure === 'intent_auc' ? outcome.intent : outcome.churn;
    const scores = users?.scores[family];
    if (!users || !scores) return null;
    const order = orderByScore(scores);
    return (weights) => auc(users.labels, scores, weights ?? undefined, order);
  }
  if (figure === 'demand_wape14') {
    const demand = outcome.demand?.[family];
    return demand ? (weights) => meanOf(demand.errors, weights) / meanOf(demand.actual, weights) : null;
  }
  const ranking = outcome.ranking?.[family];
  if (!ranking) return null;
  const values = { new_ndcg10: ranking.newNdcg, new_hr10: ranking.newHits, repeat_ndcg10: ranking.ndcg }[
    figure
  ];
  return (weights) => meanOf(values, weights);
}

/** Weighted mean; entries that are not a number are left out. */
function meanOf(values: Float64Array, weights: Float64Array | null): number {
  let sum = 0;
  let total = 0;
  for (let at = 0; at < values.length; at++) {
    if (Number.isNaN(values[at])) continue;
    const weight = weights ? weights[at] : 1;
    sum += weight * values[at];
    total += weight;
  }
  return sum / total;
}

const figureOf = (outcome: Outcome, figure: TaskFigure, family: Family): number | null =>
  statistic(outcome, figure, family)?.(null) ?? null;

/** The family that was best before the cut. Churn's window would reach past the cut: it goes by purchase intent's choice. */
export function chosenFamily({ validation }: CutOutcomes, figure: TaskFigure): Family {
  const seen = figure === 'churn_auc' ? 'intent_auc' : figure;
  const sign = LESS_IS_BETTER.has(figure) ? -1 : 1;
  const worth = (family: Family) => {
    const value = figureOf(validation, seen, family);
    return value === null ? -Infinity : sign * value;
  };
  return CHOICES.reduce<Family>((best, family) => (worth(family) > worth(best) ? family : best), CHOICES[0]);
}

/** Every family's figures of one unit, for a line of progress. */
export function unitFigures(outcome: Outcome): Record<string, Record<string, number | null>> {
  return Object.fromEntries(
    FIGURES.map((figure) => [
      figure,
      Object.fromEntries(
        FAMILIES.map((family) => {
          const value = figureOf(outcome, figure, family);
          return [family, value === null ? null : round(value)];
        }),
      ),
    ]),
  );
}

type Pick = Family | 'chosen';
const familyAt = (cut: CutOutcomes, figure: TaskFigure, pick: Pick): Family =>
  pick === 'chosen' ? chosenFamily(cut, figure) : pick;

function figures(cuts: readonly CutOutcomes[], pick: Pick): Record<string, Spread | null> {
  return Object.fromEntries(
    FIGURES.map((figure) => [
      figure,
      spread(
        cuts.flatMap((cut) => cut.tests.map((test) => figureOf(test, figure, familyAt(cut, figure, pick)))),
      ),
    ]),
  );
}

/**
 * Mean difference of two families over cuts and seeds with a 95 % interval: users (items for demand) are drawn anew within each cut, the same
 * ones for both families and all seeds (paired bootstrap).
 */
function difference(cuts: readonly CutOutcomes[], figure: TaskFigure, a: Pick, b: Pick) {
  const pairs = cuts.flatMap((cut) => {
    const own = cut.tests.flatMap((test) => {
      const left = statistic(test, figure, familyAt(cut, figure, a));
      const right = statistic(test, figure, familyAt(cut, figure, b));
      return left && right ? [{ left, right }] : [];
    });
    return own.length > 0 ? [{ own, units: unitsOf(cut.tests[0], figure) }] : [];
  });
  if (pairs.length === 0) return null;
  const random = new Random(1).fork(figure);
  const once = (isDrawn: boolean): number => {
    const byCut = pairs.map(({ own, units }) => {
      const weights = isDrawn ? drawn(units, random) : null;
      const gaps = own.map(({ left, right }) => left(weights) - right(weights));
      return gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    });
    return byCut.reduce((sum, gap) => sum + gap, 0) / byCut.length;
  };
  const resampled = Array.from({ length: RESAMPLES }, () => once(true)).sort((x, y) => x - y);
  const at = (share: number) => round(resampled[Math.round(share * (RESAMPLES - 1))]);
  return { difference: round(once(false)), low: at(0.025), high: at(0.975) };
}

function unitsOf(outcome: Outcome, figure: TaskFigure): number {
  if (figure === 'intent_auc') return outcome.intent?.labels.length ?? 0;
  if (figure === 'churn_auc') return outcome.churn?.labels.length ?? 0;
  if (figure === 'demand_wape14') return Object.values(outcome.demand ?? {})[0]?.actual.length ?? 0;
  return outcome.rankedIsReturning.length;
}

function drawn(units: number, random: Random): Float64Array {
  const weights = new Float64Array(units);
  for (let draw = 0; draw < units; draw++) weights[random.integer(units)]++;
  return weights;
}

const differences = (cuts: readonly CutOutcomes[], a: Pick, b: Pick) =>
  Object.fromEntries(FIGURES.map((figure) => [figure, difference(cuts, figure, a, b)]));

/** What no single figure says: kinds of users, kinds of items, lists and intervals. */
function details(cuts: readonly CutOutcomes[], family: Family) {
  const over = (value: (test: Outcome) => number | null | undefined) =>
    spread(cuts.flatMap((cut) => cut.tests.map((test) => value(test) ?? null)));
  const segmentAuc = (task: 'intent' | 'churn', kind: 0 | 1) =>
    over((test) => {
      const users = test[task];
      const scores = users?.scores[family];
      return (
        users &&
        scores &&
        auc(
          users.labels,
          scores,
          users.isReturning.map((is) => (is === kind ? 1 : 0)),
        )
      );
    });
  const ranked = (value: (ranking: NonNullable<ByFamily<RankingOf>[Family]>, test: Outcome) => number) =>
    over((test) => test.ranking?.[family] && value(test.ranking[family], test));
  const segmentNdcg = (kind: 0 | 1) =>
    ranked(({ ndcg }, test) =>
      meanOf(
        ndcg,
        Float64Array.from(test.rankedIsReturning, (is) => (is === kind ? 1 : 0)),
      ),
    );
  const forecast = (value: (demand: DemandOf) => number) =>
    over((test) => test.demand?.[family] && value(test.demand[family]));
  return {
    one_order_users: {
      intent_auc: segmentAuc('intent', 0),
      churn_auc: segmentAuc('churn', 0),
      repeat_ndcg10: segmentNdcg(0),
    },
    returning_users: {
      intent_auc: segmentAuc('intent', 1),
      churn_auc: segmentAuc('churn', 1),
      repeat_ndcg10: segmentNdcg(1),
    },
    lists: {
      catalogue_coverage: ranked(({ coverage }) => coverage),
      diversity: ranked(({ diversity }) => diversity),
      head_recall10: ranked(({ headRecall }) => headRecall),
      tail_recall10: ranked(({ tailRecall }) => tailRecall),
    },
    demand: {
      daily_wape: forecast(({ dailyWape }) => dailyWape),
      mase: forecast(({ mase }) => mase),
      coverage80: forecast(({ coverage80 }) => coverage80),
    },
  };
}

type RankingOf = NonNullable<NonNullable<Outcome['ranking']>[Family]>;
type DemandOf = NonNullable<NonNullable<Outcome['demand']>[Family]>;

export function summary(cuts: readonly CutOutcomes[], seeds: readonly number[]) {
  const choices = (cut: CutOutcomes) =>
    Object.fromEntries(FIGURES.map((figure) => [figure, chosenFamily(cut, figure)]));
  return {
    protocol:
      'each cut trained from its own past; windows of 30 and 90 days, 14 for demand; full ranking; family chosen on an earlier window',
    seeds,
    ...figures(cuts, 'chosen'),
    ...Object.fromEntries(FAMILIES.map((family) => [family, figures(cuts, family)])),
    differences: {
      multi_single: differences(cuts, 'multi', 'single'),
      multi_boosting: differences(cuts, 'multi', 'boosting'),
      chosen_baseline: differences(cuts, 'chosen', 'baseline'),
      chosen_boosting: differences(cuts, 'chosen', 'boosting'),
    },
    details: Object.fromEntries(FAMILIES.map((family) => [family, details(cuts, family)])),
    cuts: Object.fromEntries(
      cuts.map((cut) => [
        cut.cut,
        {
          ...figures([cut], 'chosen'),
          baseline: figures([cut], 'baseline'),
          boosting: figures([cut], 'boosting'),
          chosen: choices(cut),
          notes: cut.tests[0].notes,
        },
      ]),
    ),
  };
}

/** The summary's main figures for a terminal. */
export function table(cuts: readonly CutOutcomes[]): string {
  const picks: Pick[] = [...FAMILIES, 'chosen'];
  const cell = (value: Spread | null) => (value ? value.mean.toFixed(4) : '–').padEnd(10);
  const rows = FIGURES.map(
    (figure) => figure.padEnd(16) + picks.map((pick) => cell(figures(cuts, pick)[figure])).join(''),
  );
  const notes = cuts.flatMap((cut) => cut.tests[0].notes.map((note) => `${cut.cut}: ${note}`));
  return [' '.repeat(16) + picks.map((pick) => pick.padEnd(10)).join(''), ...rows, ...notes].join('\n');
}
