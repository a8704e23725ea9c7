import { AppError } from '../../../errors.js';
import { DAY_MS, type ShopHistory } from '../../index.js';
import { type Cause, trueCauses } from './causes.js';
import { knowableFraud } from './knowable-fraud.js';
import { knowableItems } from './knowable-items.js';
import { knowableLabels, type KnowableTables, knowableTables } from './knowable-labels.js';
import type { Person } from './people.js';
import { drive, type DrivenTask, PROCESS, TRAIT_COUNT } from './process.js';
import { type DemandTruth, trueDemand } from './true-demand.js';
import { itemProbabilities, tasteItems } from './true-items.js';
import { type LabelTask, restingLogit, trueLabel } from './true-labels.js';
import type { TruthColumns } from './truth-columns.js';
import type { ShopWorld } from './world.js';

/**
 * What a truth knows. LATENTS: everything that is settled by the cut, also what no shop sees (tastes, hazards, whether a user has left). HISTORY: the
 * simulator's rules and all that happened before the cut, so that what is hidden is inferred from it by Bayes' rule; no model can know more.
 */
export type Knowledge = 'LATENTS' | 'HISTORY';

interface TruthSource {
  readonly people: readonly Person[];
  readonly orderTraits: Float32Array;
  readonly fraudProbabilities: Float64Array;
  readonly fraudPriorLogits: Float64Array;
}

/** The truth behind a simulated shop. Cuts are starts of days (UTC). */
export class ShopTruth implements TruthColumns {
  readonly traits: Float64Array;
  readonly visitRates: Float64Array;
  readonly leavingRates: Float64Array;
  readonly tastes: Uint8Array;
  readonly habits: Int32Array;
  readonly arrivalDays: Int32Array;
  readonly leavingDays: Int32Array;
  readonly orderOffsets: Int32Array;
  readonly orderTraits: Float32Array;
  readonly orderDays: Int32Array;
  private tables: KnowableTables | null = null;
  private readonly fraud: { probabilities: Float64Array; priorLogits: Float64Array };

  /** @param order [transactions] the place of each of history.transactions among those sorted by user, then time */
  constructor(
    readonly world: ShopWorld,
    readonly history: ShopHistory,
    sources: readonly TruthSource[],
    private readonly order: Uint32Array,
  ) {
    const people = sources.flatMap((source) => source.people);
    this.traits = Float64Array.from(people.flatMap(({ traits }) => [...traits]));
    this.visitRates = Float64Array.from(people, ({ visitRate }) => visitRate);
    this.leavingRates = Float64Array.from(people, ({ leavingRate }) => leavingRate);
    this.tastes = Uint8Array.from(people, ({ taste }) => taste);
    this.habits = Int32Array.from(people.flatMap(({ habits }) => [...habits]));
    this.arrivalDays = Int32Array.from(people, ({ arrivalDay }) => arrivalDay);
    this.leavingDays = Int32Array.from(people, ({ leavingDay }) => leavingDay);
    const { transactions, users } = history;
    this.orderOffsets = new Int32Array(users.length + 1);
    for (const { user } of transactions) this.orderOffsets[user + 1]++;
    for (let user = 0; user < users.length; user++) this.orderOffsets[user + 1] += this.orderOffsets[user];
    this.orderDays = new Int32Array(transactions.length);
    order.forEach((from, at) => (this.orderDays[from] = this.dayAt(transactions[at].occurredAt)));
    this.orderTraits = joined(
      Float32Array,
      sources.map((source) => source.orderTraits),
    );
    this.fraud = {
      probabilities: joined(
        Float64Array,
        sources.map((source) => source.fraudProbabilities),
      ),
      priorLogits: joined(
        Float64Array,
        sources.map((source) => source.fraudPriorLogits),
      ),
    };
  }

  /** [users] what drives a task: standard normal over users; CHURN's is that of staying. */
  drives(task: DrivenTask): Float64Array {
    return Float64Array.from(this.tastes, (_, user) =>
      drive(this.traits, this.world.directions[task], user * TRAIT_COUNT),
    );
  }

  /**
   * [users] logit of a task for a user who is just there, on a day like any other: what the task says of the person, free of when they came
   * last. For RECOMMENDATION the logit of the last of two tastes at the ends; CHURN's is turned round to staying.
   */
  taskLogits(task: DrivenTask): Float64Array {
    return this.drives(task).map((own, user) => {
      if (task === 'FRAUD') return PROCESS.fraudEffect * own;
      if (task === 'RECOMMENDATION') return 2 * PROCESS.tasteEffect * own;
      const rates = { visit: this.visitRates[user], leaving: this.leavingRates[user] };
      return task === 'CHURN' ? -restingLogit('CHURN', rates) : restingLogit(task, rates);
    });
  }

  /**
   * True probability of a yes/no label for users who came before the cut: [users].
   *
   * @throws AppError BAD_USER_INPUT for a cut that is no start of a day within the shop's time
   */
  labelProbabilities(
    task: LabelTask,
    users: ArrayLike<number>,
    cut: number,
    knowledge: Knowledge,
  ): Float64Array {
    const day = this.cutDay(cut);
    if (knowledge === 'LATENTS') return Float64Array.from(users, (user) => trueLabel(this, task, user, day));
    if (this.tables?.day !== day) this.tables = knowableTables(this.world, day);
    return knowableLabels(this, task, users, this.tables);
  }

  /**
   * Probability of each item to be the next that the user takes, over the days of the window: [items], adds up to 1.
   */
  nextItems(user: number, cut: number, days: number, knowledge: Knowledge): Float64Array {
    const day = this.cutDay(cut);
    const byTaste = tasteItems(this.world, day, days);
    return knowledge === 'LATENTS'
      ? itemProbabilities(this, user, byTaste)
      : knowableItems(this, user, day, byTaste);
  }

  /** P(fraud) of each of history.transactions. */
  fraudProbabilities(knowledge: Knowledge): Float64Array {
    const values = knowledge === 'LATENTS' ? this.fraud.probabilities : knowableFraud(this, this.fraud);
    return Float64Array.from(this.order, (at) => values[at]);
  }

  /** What is expected of items' sales in the days from the cut, by all that is true. */
  expectedDemand(items: ArrayLike<number>, cut: number, days: number): DemandTruth {
    return trueDemand(this, items, this.cutDay(cut), days);
  }

  /** What moves a task, by the features that show it, the strongest first; and which features have nothing to do with it. */
  causes(task: DrivenTask): { causes: Cause[]; noise: readonly string[] } {
    return trueCauses(task, this.world.directions[task]);
  }

  /** Day of a time, counted from the start. */
  dayAt(time: number): number {
    return Math.floor((time - this.world.calendar.start) / DAY_MS);
  }

  /** Time at which a day starts, milliseconds since the epoch. */
  timeOf(day: number): number {
    return this.world.calendar.start + day * DAY_MS;
  }

  private cutDay(cut: number): number {
    const { days } = this.world.calendar;
    const day = this.dayAt(cut);
    if (this.timeOf(day) === cut && day > 0 && day <= days) return day;
    throw new AppError(
      'BAD_USER_INPUT',
      `Expected a cut at the start of a day (UTC), 1 to ${days} days after the start of the simulation; got ${new Date(cut).toISOString()}.`,
    );
  }
}

function joined<Values extends Float32Array | Float64Array>(
  Kind: new (length: number) => Values,
  parts: readonly Values[],
): Values {
  const all = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
