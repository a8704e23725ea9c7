import { Random } from '../../src/nn/random.js';
import {
  BEHAVIOUR_TYPES,
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type ShopHistory,
} from '../../src/pipeline/index.js';

export const RATE_START = Date.UTC(2026, 0, 1);
/** Money of an order by a user who buys at the middle rate. */
const MIDDLE_ORDER = 50;

export interface ShopWithRates {
  readonly history: ShopHistory;
  /** [users] orders a day: the truth that decides intent and churn. */
  readonly rates: Float64Array;
}

/**
 * A shop whose truth is known: user u orders at random times, at a rate of their own that never changes, and the more often the larger the
 * orders. So the time since the last order says little that the number and size of orders do not say better. Purchase within d days of any
 * cut has the probability 1 - exp(-rate × d). `extra` behaviours are added as they are.
 */
export function shopWithRates(options: {
  users: number;
  items: number;
  days: number;
  seed: number;
  extra?: readonly BehaviourRow[];
}): ShopWithRates {
  const random = new Random(options.seed);
  const rows: BehaviourRow[] = [];
  const rates = new Float64Array(options.users);
  let session = 0;
  for (let user = 0; user < options.users; user++) {
    const taste = random.normal();
    rates[user] = Math.exp(1.1 * taste) / 45;
    let day = -Math.log(1 - random.uniform()) / rates[user];
    while (day < options.days) {
      const amount = MIDDLE_ORDER * Math.exp(taste + 0.3 * random.normal());
      const lines = 1 + random.integer(3);
      for (let line = 0; line < lines; line++) {
        rows.push({
          user,
          item: random.integer(options.items),
          type: 'PURCHASE',
          occurredAt: RATE_START + Math.floor(day * DAY_MS),
          quantity: 1 + random.integer(3),
          value: amount / lines,
          session,
        });
      }
      session++;
      day -= Math.log(1 - random.uniform()) / rates[user];
    }
  }
  const history: ShopHistory = {
    users: Array.from({ length: options.users }, (_, user) => ({
      id: `u${user}`,
      attributes: { country: user % 3 === 0 ? 'Germany' : 'United Kingdom' },
    })),
    items: Array.from({ length: options.items }, (_, item) => ({
      id: `i${item}`,
      title: `Item ${item}`,
      category: [],
      price: 1 + item,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns([...rows, ...(options.extra ?? [])], options.users),
    transactions: [],
    currency: 'GBP',
  };
  return { history, rates };
}

/** The rows of a history again, so that a test can change some of them. */
export function rowsOf(history: ShopHistory): BehaviourRow[] {
  const { behaviours } = history;
  return Array.from({ length: behaviours.count }, (_, row) => ({
    user: behaviours.user[row],
    item: behaviours.item[row],
    type: BEHAVIOUR_TYPES[behaviours.type[row]],
    occurredAt: behaviours.occurredAt[row],
    quantity: behaviours.quantity[row],
    value: behaviours.value[row],
    session: behaviours.session[row],
  }));
}

/** A history with other behaviours, everything else as it was. */
export function withRows(history: ShopHistory, rows: readonly BehaviourRow[]): ShopHistory {
  return { ...history, ...buildBehaviourColumns(rows, history.users.length) };
}
