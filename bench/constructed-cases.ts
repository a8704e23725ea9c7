/** Shops made so that one way of learning has something to gain, with the truth of every order known. */
import { Random } from '../src/nn/random.js';
import {
  buildBehaviourColumns,
  DAY_MS,
  type HistoryTransaction,
  type ShopHistory,
} from '../src/pipeline/index.js';

const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
/** Days of the orders that are learnt from; those that are judged follow. */
const DAYS = 100;
const ITEMS = 12;

export interface ConstructedCase {
  readonly history: ShopHistory;
  readonly cut: number;
  /** Orders after the cut that are judged, and whether each is fraud. */
  readonly judged: readonly HistoryTransaction[];
  readonly labels: Float32Array;
}

/** What an order shows; everything else about it is the same for all orders. */
interface Shown {
  readonly amount: number;
  readonly lines: number;
  /** Largest quantity of one item. */
  readonly quantity: number;
  readonly hour: number;
  readonly country: string;
}

type Drawn = Shown & { readonly isFraud: boolean; readonly isLabelled: boolean; readonly isAfter: boolean };

/**
 * Two countries of customers. In both the amount and the number of lines tell fraud, softly. In the first, whose orders are labelled, so does
 * the largest quantity, much more clearly; in the second, where nothing is labelled and which is judged, quantities are larger, spread wider,
 * and say nothing.
 */
export function shiftCase(seed: number, orders = 1500): ConstructedCase {
  const random = new Random(seed).fork('shift');
  const draw = (isSource: boolean, isAfter: boolean): Drawn => {
    const isFraud = random.uniform() < 0.3;
    const sign = isFraud ? 1 : -1;
    const logQuantity = isSource ? 2 + 0.8 * sign + 0.5 * random.normal() : 4.5 + random.normal();
    return {
      amount: Math.exp(4 + 0.5 * sign + 0.6 * random.normal()),
      lines: Math.max(1, Math.min(ITEMS, Math.round(5 + 1.2 * sign + 1.8 * random.normal()))),
      quantity: Math.max(1, Math.round(Math.exp(logQuantity))),
      hour: random.integer(24),
      country: isSource ? 'GB' : 'FR',
      isFraud,
      isLabelled: isSource,
      isAfter,
    };
  };
  return constructed(random, [
    ...Array.from({ length: orders }, () => draw(true, false)),
    ...Array.from({ length: orders }, () => draw(false, false)),
    ...Array.from({ length: orders }, () => draw(false, true)),
  ]);
}

/** Features of the two views of `fewLabelsCase`: the basket, and the time of the order. */
export const FEW_LABELS_VIEWS = [
  ['amount', 'lines', 'largestQuantity', 'topLineShare'],
  ['isOutsideHours', 'hourSine', 'hourCosine', 'isWeekend'],
];
const FRAUD_HOURS = [2, 3, 4, 10, 11, 12, 18, 19, 20];
const HONEST_HOURS = [6, 7, 8, 14, 15, 16, 22, 23, 0];

/**
 * Two views that each tell fraud by themselves and, given the label, independently of each other: the hour, of which frauds have three spells in
 * the day, and the amount, which of frauds is of the middle. As few orders have their label as the task takes, all from one spell of either kind;
 * thousands have none, from all of them.
 */
export function fewLabelsCase(seed: number, unlabelled = 4000): ConstructedCase {
  const random = new Random(seed).fork('few labels');
  const draw = (isFraud: boolean, isLabelled: boolean, isAfter: boolean): Drawn => {
    const hours = (isFraud ? FRAUD_HOURS : HONEST_HOURS).slice(0, isLabelled ? 3 : undefined);
    const side = random.uniform() < 0.5 ? 1 : -1;
    return {
      amount: Math.exp(4 + (isFraud ? 0 : 1.2 * side) + 0.6 * random.normal()),
      lines: 1 + random.integer(4),
      quantity: 1 + random.integer(4),
      hour: random.uniform() < 0.85 ? hours[random.integer(hours.length)] : random.integer(24),
      country: 'GB',
      isFraud,
      isLabelled,
      isAfter,
    };
  };
  const rate = 1 / 11;
  return constructed(random, [
    ...Array.from({ length: 550 }, (_, at) => draw(at < 50, true, false)),
    ...Array.from({ length: unlabelled }, () => draw(random.uniform() < rate, false, false)),
    ...Array.from({ length: 2000 }, () => draw(random.uniform() < rate, false, true)),
  ]);
}

function constructed(random: Random, drawn: readonly Drawn[]): ConstructedCase {
  const orders = drawn.map(({ isFraud, isLabelled, isAfter, ...shown }, user) => {
    const day = (isAfter ? DAYS : 0) + random.integer(DAYS);
    return { order: orderOf(shown, user, START + day * DAY_MS), isFraud, isLabelled, isAfter };
  });
  const transactions = orders
    .map(({ order, isFraud, isLabelled }) => ({ ...order, isFraud: isLabelled ? isFraud : null }))
    .sort((a, b) => a.occurredAt - b.occurredAt);
  const after = orders.filter(({ isAfter }) => isAfter);
  return {
    history: {
      users: drawn.map(({ country }, user) => ({ id: `u${user}`, attributes: { countryCode: country } })),
      items: Array.from({ length: ITEMS }, (_, item) => ({
        id: `i${item}`,
        title: `Item ${item}`,
        category: [],
        price: 5,
        available: true,
        attributes: {},
      })),
      ...buildBehaviourColumns([], drawn.length),
      transactions,
      currency: 'GBP',
    },
    cut: START + DAYS * DAY_MS,
    judged: after.map(({ order }) => order),
    labels: Float32Array.from(after, ({ isFraud }) => (isFraud ? 1 : 0)),
  };
}

function orderOf({ amount, lines, quantity, hour }: Shown, user: number, day: number): HistoryTransaction {
  return {
    id: `t${user}`,
    user,
    amount,
    currency: 'GBP',
    occurredAt: day + hour * HOUR_MS,
    lines: Array.from({ length: lines }, (_, item) => ({
      item,
      quantity: item === 0 ? quantity : 1,
      price: 5,
    })),
    paymentMethod: 'CARD',
    deviceId: null,
    ipCountry: 'GB',
    billingCountry: 'GB',
    shippingCountry: 'GB',
    isFraud: null,
  };
}
