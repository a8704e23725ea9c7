import type { Random } from '../../../nn/random.js';
import { BEHAVIOUR_CODE, DAY_MS, type HistoryTransaction } from '../../index.js';
import { drawItem, exponential, type Person } from './people.js';
import { hourOf, linesOf, premiumOf, PROCESS, TRAIT_COUNT, unitsOf } from './process.js';
import type { RowColumns } from './row-columns.js';
import type { ShopWorld } from './world.js';

const HOUR_MS = DAY_MS / 24;
/** Mean items looked at and not bought, in a visit without and with an order. */
const BROWSED = { looking: 0.6, buying: 0.5 };
const SHARE = { search: 0.25, favourite: 0.1, abandoned: 0.15, removed: 0.5, rating: 0.12, refund: 0.04 };
const STEP_SECONDS = 40;
const PAYMENT = { currency: 'GBP', paymentMethod: null, deviceId: null, ipCountry: null } as const;

/** Where the visits of a user are written to. */
export interface VisitSink {
  readonly rows: RowColumns;
  /** The user's index, and the number that the next visit gets. */
  readonly user: number;
  session: number;
  /** Orders as the shop sees them before anything of payment is added. */
  readonly transactions: HistoryTransaction[];
  /** Traits of each order, one after another. */
  readonly orderTraits: number[];
}

interface Line {
  readonly item: number;
  readonly quantity: number;
  readonly price: number;
}

/** Writes one user's visits: what is looked at, put into the cart, bought, and later rated or sent back. */
export function writeVisits(
  world: ShopWorld,
  person: Person,
  days: readonly number[],
  sink: VisitSink,
  random: Random,
): void {
  let earlier: readonly Line[] = [];
  for (const day of days) {
    const isOrder = random.uniform() < world.calendar.conversion[day];
    const traits = person.traits.map((trait) => trait + PROCESS.orderNoise * random.normal());
    // A visit without an order comes at any hour of the day: it tells nothing of the traits.
    const hour = isOrder ? hourOf(traits[0]) : 7 + 15 * random.uniform();
    const visit = new Visit(sink, world.calendar.start + day * DAY_MS + hour * HOUR_MS, random);
    if (earlier.length > 0) visit.lookBack(earlier);
    if (random.uniform() < SHARE.search) visit.act(BEHAVIOUR_CODE.SEARCH, -1);
    const lines = isOrder ? drawLines(world, person, day, traits, random) : [];
    visit.browse(world, person, day, lines);
    if (isOrder) {
      visit.order(lines);
      for (let at = 0; at < TRAIT_COUNT; at++) sink.orderTraits.push(traits[at]);
      earlier = lines;
    } else earlier = [];
    sink.session++;
  }
}

/** Lines of an order; an item that comes up twice is one line with more units. */
function drawLines(
  world: ShopWorld,
  person: Person,
  day: number,
  traits: Float64Array,
  random: Random,
): Line[] {
  const { catalogue, calendar } = world;
  const units = unitsOf(traits[1]);
  const lines = new Map<number, Line>();
  for (let left = linesOf(traits[2]); left > 0; left--) {
    const item = drawItem(world, person, day, random);
    const sale = calendar.prices[day * catalogue.categories + catalogue.category[item]];
    const paid = catalogue.items[item].price * sale * premiumOf(traits[3]);
    const price = Math.max(1, Math.round(100 * paid)) / 100;
    lines.set(item, { item, quantity: (lines.get(item)?.quantity ?? 0) + units, price });
  }
  return [...lines.values()];
}

/** One session: behaviours some seconds apart. */
class Visit {
  constructor(
    private readonly sink: VisitSink,
    private time: number,
    private readonly random: Random,
  ) {
    this.time = Math.floor(time);
  }

  act(type: number, item: number, quantity = 1, value = 0): void {
    const { rows, user, session } = this.sink;
    rows.add(user, session, type, item, this.time, quantity, value);
    this.time += 1000 + Math.floor(1000 * STEP_SECONDS * Math.min(2, exponential(this.random)));
  }

  /** What is done about the visit before. */
  lookBack(lines: readonly Line[]): void {
    for (const { item, quantity, price } of lines) {
      const chance = this.random.uniform();
      if (chance < SHARE.refund) this.act(BEHAVIOUR_CODE.REFUND, item, quantity, toCents(quantity * price));
      else if (chance < SHARE.refund + SHARE.rating)
        this.act(BEHAVIOUR_CODE.RATING, item, 1 + this.random.integer(5));
    }
  }

  /** Looks at what will be bought and at other things; some of these go into the cart and out of it. */
  browse(world: ShopWorld, person: Person, day: number, lines: readonly Line[]): void {
    for (const { item } of lines) {
      this.look(item);
      this.act(BEHAVIOUR_CODE.ADD_TO_CART, item);
    }
    const least = lines.length > 0 ? 0 : 1;
    const others = least + poisson(lines.length > 0 ? BROWSED.buying : BROWSED.looking, this.random);
    for (let left = others; left > 0; left--) {
      const item = drawItem(world, person, day, this.random);
      this.look(item);
      if (this.random.uniform() >= SHARE.abandoned) continue;
      // What is in the cart already would be bought.
      if (lines.some((line) => line.item === item)) continue;
      this.act(BEHAVIOUR_CODE.ADD_TO_CART, item);
      if (lines.length > 0 || this.random.uniform() < SHARE.removed)
        this.act(BEHAVIOUR_CODE.REMOVE_FROM_CART, item);
    }
  }

  order(lines: readonly Line[]): void {
    const { rows, user, session, transactions } = this.sink;
    let amount = 0;
    for (const { item, quantity, price } of lines) {
      const value = toCents(quantity * price);
      amount += value;
      rows.add(user, session, BEHAVIOUR_CODE.PURCHASE, item, this.time, quantity, value);
    }
    transactions.push({
      id: `o${session}`,
      user,
      amount: toCents(amount),
      ...PAYMENT,
      billingCountry: null,
      shippingCountry: null,
      occurredAt: this.time,
      lines,
      isFraud: null,
    });
  }

  private look(item: number): void {
    this.act(BEHAVIOUR_CODE.VIEW, item);
    if (this.random.uniform() < SHARE.favourite) this.act(BEHAVIOUR_CODE.FAVOURITE, item);
  }
}

const toCents = (amount: number): number => Math.round(100 * amount) / 100;

/** Poisson (Knuth, 1969). */
function poisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  return count;
}
