import { Random } from '../../src/nn/random.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type ShopHistory,
} from '../../src/pipeline/index.js';

export const SESSION_START = Date.UTC(2026, 2, 1);
const MINUTE_MS = 60_000;

/**
 * A shop whose truth is known: in a visit a user views; after each view they view on (0.6), add to the cart (0.2) or leave (0.2). From the cart they
 * buy with the probability 0.7 if they are a buyer (users 0, 3, 6, …), 0.1 otherwise, and leave if they do not. So the chance to buy from a view is
 * that of ever reaching the cart, 0.2 / 0.4 = 0.5, times theirs to buy from it. `extra` behaviours are added as they are.
 */
export function shopWithSessions(options: {
  users: number;
  items: number;
  days: number;
  seed: number;
  hasSessionIds?: boolean;
  extra?: readonly BehaviourRow[];
}): ShopHistory {
  const random = new Random(options.seed);
  const rows: BehaviourRow[] = [];
  let session = 0;
  for (let user = 0; user < options.users; user++) {
    for (let day = random.integer(3); day < options.days; day += 1 + random.integer(4)) {
      let time = SESSION_START + day * DAY_MS + random.integer(DAY_MS / 2);
      const add = (type: BehaviourRow['type']) => {
        const item = random.integer(options.items);
        const own = options.hasSessionIds === false ? -1 : session;
        rows.push({
          user,
          item,
          type,
          occurredAt: time,
          quantity: 1,
          value: type === 'PURCHASE' ? 10 : 0,
          session: own,
        });
        time += MINUTE_MS * (1 + random.integer(5));
      };
      add('VIEW');
      for (;;) {
        const draw = random.uniform();
        if (draw < 0.2) break;
        if (draw < 0.8) {
          add('VIEW');
          continue;
        }
        add('ADD_TO_CART');
        if (random.uniform() < chanceFromCart(user)) add('PURCHASE');
        break;
      }
      session++;
    }
  }
  return {
    users: Array.from({ length: options.users }, (_, user) => ({ id: `u${user}`, attributes: {} })),
    items: Array.from({ length: options.items }, (_, item) => ({
      id: `i${item}`,
      title: `Item ${item}`,
      category: [],
      price: item === 0 ? Number.NaN : item,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns([...rows, ...(options.extra ?? [])], options.users),
    transactions: [],
    currency: 'GBP',
  };
}

/** Probability that a user buys from the cart. */
export const chanceFromCart = (user: number): number => (user % 3 === 0 ? 0.7 : 0.1);
