import { Random } from '../../src/nn/random.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type HistoryTransaction,
  type ShopHistory,
} from '../../src/pipeline/index.js';

export const TRUTH_START = Date.UTC(2026, 0, 1);
/** Mean days between a user's orders: every other user is quick. */
export const PACES = { quick: 6, slow: 60 };

export const isQuick = (user: number): boolean => user % 2 === 0;

/**
 * A shop in which the answer to every task is known. Even users order about every 6 days, odd ones every 60; user u buys mostly items of
 * group (u >> 1) % groups (item i is of group i % groups), the first of a group more often than the last; half of the orders whose card is from
 * another country than the connection are fraud, others never. With `hasFunnel`, each purchase is viewed and put into the cart before, and as
 * many views come to nothing.
 */
export function shopWithTruth(options: {
  users: number;
  items: number;
  groups: number;
  days: number;
  seed: number;
  hasFunnel?: boolean;
  extra?: readonly BehaviourRow[];
}): ShopHistory {
  const random = new Random(options.seed);
  const rows: BehaviourRow[] = [];
  const transactions: HistoryTransaction[] = [];
  const perGroup = Math.floor(options.items / options.groups);
  for (let user = 0; user < options.users; user++) {
    const pace = isQuick(user) ? PACES.quick : PACES.slow;
    const group = (user >> 1) % options.groups;
    const draw = () => {
      const ofGroup = random.uniform() < 0.9 ? group : random.integer(options.groups);
      return ofGroup + options.groups * Math.floor(perGroup * random.uniform() ** 2);
    };
    const gap = () => -pace * Math.log(1 - random.uniform());
    for (let day = gap(); day < options.days; day += gap()) {
      const occurredAt = TRUTH_START + Math.floor(day * DAY_MS);
      const session = transactions.length;
      const add = (item: number, type: BehaviourRow['type'], before: number, of: number) =>
        rows.push({
          user,
          item,
          type,
          occurredAt: occurredAt - before,
          quantity: 1,
          value: type === 'PURCHASE' ? 5 : 0,
          session: of,
        });
      for (const item of new Set([draw(), draw()])) {
        add(item, 'PURCHASE', 0, session);
        if (!options.hasFunnel) continue;
        add(item, 'VIEW', 120_000, session);
        add(item, 'ADD_TO_CART', 60_000, session);
        add(draw(), 'VIEW', Math.floor(pace * 0.3 * DAY_MS), -1);
      }
      const isAbroad = random.uniform() < 0.2;
      transactions.push({
        id: `t${session}`,
        user,
        amount: 10 + 20 * random.uniform(),
        currency: 'GBP',
        occurredAt,
        lines: [],
        paymentMethod: 'CARD',
        deviceId: `d${user}`,
        ipCountry: isAbroad ? 'FR' : 'GB',
        billingCountry: 'GB',
        shippingCountry: 'GB',
        isFraud: isAbroad && random.uniform() < 0.5,
      });
    }
  }
  return {
    users: Array.from({ length: options.users }, (_, user) => ({ id: `u${user}`, attributes: {} })),
    items: Array.from({ length: options.items }, (_, item) => ({
      id: `i${item}`,
      title: `Item ${item}`,
      category: [],
      price: 5,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns([...rows, ...(options.extra ?? [])], options.users),
    transactions: transactions.sort((a, b) => a.occurredAt - b.occurredAt),
    currency: 'GBP',
  };
}
