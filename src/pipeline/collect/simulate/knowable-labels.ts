/**
 * The probabilities of the yes/no labels given a user's history alone: what is hidden (the two drives, the taste, whether the user has
 * left) is summed out by Bayes' rule, on a grid over the drive of purchase intent and the part of the drive of staying at right angles to it.
 */
import { TASK_DEFINITIONS } from '../../../tasks/index.js';
import {
  itemsBefore,
  tasteLogLikelihoods,
  type TraitBelief,
  traitsBefore,
  visitDaysBefore,
} from './evidence.js';
import { GRID, normalWeights } from './normal-grid.js';
import { drive, leavingRateOf, ownDirection, visitRateOf } from './process.js';
import { type LabelTask, noOrder } from './true-labels.js';
import type { TruthColumns } from './truth-columns.js';
import { type ShopWorld, tasteProbabilities } from './world.js';

// Looked up once: half of the time goes into it.
const { exp, log1p } = Math;
const POINTS = GRID.length;
const NODES = POINTS * POINTS;

/** What is the same for all users as of a day, by node of the grid (drive of intent × own part of staying). */
export interface KnowableTables {
  readonly day: number;
  /** [points] */
  readonly visitRates: Float64Array;
  /** [nodes] */
  readonly leavingRates: Float64Array;
  /** [day + 1 × nodes] no visit from this day up to the cut, for a user who was there on the day before. */
  readonly noVisit: Float64Array;
  /** [day × points] logarithm of the probability of a visit. */
  readonly logVisit: Float64Array;
  /** By task: [nodes] probability of the label for a user who is there at the cut. */
  readonly labels: Readonly<Record<LabelTask, Float64Array>>;
  /** [points × tastes] probabilities of the tastes by the drive of recommendation. */
  readonly tastes: readonly Float64Array[];
}

export function knowableTables(world: ShopWorld, day: number): KnowableTables {
  const { calendar, options } = world;
  const rest = Math.sqrt(Math.max(0, 1 - options.relatedness ** 2));
  const visitRates = GRID.map(visitRateOf);
  const leavingRates = new Float64Array(NODES);
  for (let node = 0; node < NODES; node++) {
    const staying = options.relatedness * GRID[Math.floor(node / POINTS)] + rest * GRID[node % POINTS];
    leavingRates[node] = leavingRateOf(staying);
  }
  const noVisit = new Float64Array((day + 1) * NODES).fill(1);
  const logVisit = new Float64Array(day * POINTS);
  for (let at = day - 1; at >= 0; at--) {
    for (let point = 0; point < POINTS; point++) {
      const none = exp(-visitRates[point] * calendar.visits[at]);
      logVisit[at * POINTS + point] = log1p(-none);
      for (let node = point * POINTS; node < (point + 1) * POINTS; node++) {
        const stays = exp(-leavingRates[node] * calendar.leaving[at]);
        noVisit[at * NODES + node] = 1 - stays + stays * none * noVisit[(at + 1) * NODES + node];
      }
    }
  }
  const within = (task: LabelTask) =>
    Float64Array.from(leavingRates, (leaving, node) =>
      noOrder(calendar, day, TASK_DEFINITIONS[task].labelWindowDays, {
        visit: visitRates[Math.floor(node / POINTS)],
        leaving,
      }),
    );
  return {
    day,
    visitRates,
    leavingRates,
    noVisit,
    logVisit,
    labels: { PURCHASE_INTENT: within('PURCHASE_INTENT').map((none) => 1 - none), CHURN: within('CHURN') },
    tastes: Array.from(GRID, tasteProbabilities),
  };
}

/** [users] */
export function knowableLabels(
  truth: TruthColumns,
  task: LabelTask,
  users: ArrayLike<number>,
  tables: KnowableTables,
): Float64Array {
  return Float64Array.from(users, (user) => knowableLabel(truth, task, user, tables));
}

function knowableLabel(truth: TruthColumns, task: LabelTask, user: number, tables: KnowableTables): number {
  const { calendar } = truth.world;
  const { day, visitRates, leavingRates, noVisit } = tables;
  const belief = traitsBefore(truth, user, day);
  const days = visitDaysBefore(truth, user, day);
  const first = days[0];
  const last = days[days.length - 1];
  const rows = intentWeights(truth, user, belief, days, tables);
  const columns = normalWeights(drive(belief.means, ownDirection('CHURN')), belief.variance);
  const known = calendar.leavingBefore[last + 1] - calendar.leavingBefore[first + 1];
  const unknown = calendar.leavingBefore[day] - calendar.leavingBefore[last + 1];
  const exposure = calendar.visitsBefore[day] - calendar.visitsBefore[last + 1];
  const labels = tables.labels[task];
  const absent = task === 'CHURN' ? 1 : 0;
  let total = 0;
  let positive = 0;
  for (let point = 0; point < POINTS; point++) {
    if (rows[point] < 1e-12) continue;
    const quiet = exp(-visitRates[point] * exposure);
    for (let other = 0; other < POINTS; other++) {
      const node = point * POINTS + other;
      const weight = rows[point] * columns[other] * exp(-leavingRates[node] * known);
      const silent = noVisit[(last + 1) * NODES + node];
      const there = exp(-leavingRates[node] * unknown) * quiet;
      total += weight * silent;
      positive += weight * (there * labels[node] + (silent - there) * absent);
    }
  }
  return positive / total;
}

/** [points] weights of the drive of intent by traits, visits and items; the largest is 1. */
function intentWeights(
  truth: TruthColumns,
  user: number,
  belief: TraitBelief,
  days: readonly number[],
  { visitRates, logVisit, day, tastes }: KnowableTables,
): Float64Array {
  const { calendar, directions } = truth.world;
  const [first] = days;
  const last = days[days.length - 1];
  let quiet = calendar.visitsBefore[last + 1] - calendar.visitsBefore[first + 1];
  const logs = normalWeights(drive(belief.means, directions.PURCHASE_INTENT), belief.variance).map(Math.log);
  for (const visitDay of days.slice(1)) {
    quiet -= calendar.visits[visitDay];
    for (let point = 0; point < POINTS; point++) logs[point] += logVisit[visitDay * POINTS + point];
  }
  for (let point = 0; point < POINTS; point++) logs[point] -= visitRates[point] * quiet;
  const { relatedness } = truth.world.options;
  if (relatedness !== 0) {
    const likelihoods = tasteLogLikelihoods(truth, itemsBefore(truth, user, day));
    addTastes(logs, likelihoods, belief, { relatedness, tastes });
  }
  const largest = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  return logs.map((log) => exp(log - largest));
}

/** What the items say of the drive of recommendation, and through it of that of intent. */
function addTastes(
  logs: Float64Array,
  likelihoods: Float64Array,
  belief: TraitBelief,
  { relatedness, tastes }: { relatedness: number; tastes: readonly Float64Array[] },
): void {
  const largest = likelihoods.reduce((most, log) => Math.max(most, log), -Infinity);
  const relative = likelihoods.map((log) => exp(log - largest));
  const byDrive = tastes.map((shares) =>
    shares.reduce((sum, share, taste) => sum + share * relative[taste], 0),
  );
  const own = normalWeights(drive(belief.means, ownDirection('RECOMMENDATION')), belief.variance);
  const rest = Math.sqrt(Math.max(0, 1 - relatedness ** 2));
  const spacing = GRID[1] - GRID[0];
  for (let point = 0; point < POINTS; point++) {
    let sum = 0;
    for (let other = 0; other < POINTS; other++) {
      const place = (relatedness * GRID[point] + rest * GRID[other] - GRID[0]) / spacing;
      const at = Math.min(POINTS - 2, Math.max(0, Math.floor(place)));
      const share = Math.min(1, Math.max(0, place - at));
      sum += own[other] * ((1 - share) * byDrive[at] + share * byDrive[at + 1]);
    }
    logs[point] += Math.log(Math.max(sum, 1e-300));
  }
}
