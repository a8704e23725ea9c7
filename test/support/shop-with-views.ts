import { Random } from '../../src/nn/random.js';
import { type BehaviourRow, DAY_MS, type ShopHistory } from '../../src/pipeline/index.js';
import { RATE_START, withRows } from './shop-with-rates.js';

export interface ShopWithViews {
  readonly history: ShopHistory;
  /** [users] views of shoes a day, and of hats: Poisson, at a rate of the user's own that never changes. */
  readonly shoes: Float64Array;
  readonly hats: Float64Array;
}

/** A shop whose truth is known: users view shoes and hats at rates of their own; every other user never buys, the others now and then. */
export function shopWithViews(options: { users: number; days: number; seed: number }): ShopWithViews {
  const random = new Random(options.seed);
  const rows: BehaviourRow[] = [];
  const rates = { shoes: new Float64Array(options.users), hats: new Float64Array(options.users) };
  const add = (user: number, item: number, type: BehaviourRow['type'], day: number) =>
    rows.push({
      user,
      item,
      type,
      occurredAt: RATE_START + Math.floor(day * DAY_MS),
      quantity: 1,
      value: type === 'PURCHASE' ? 10 : 0,
      session: -1,
    });
  const each = (rate: number, visit: (day: number) => void) => {
    for (let day = -Math.log(1 - random.uniform()) / rate; day < options.days;) {
      visit(day);
      day -= Math.log(1 - random.uniform()) / rate;
    }
  };
  for (let user = 0; user < options.users; user++) {
    rates.shoes[user] = 0.25 * Math.exp(1.1 * random.normal());
    rates.hats[user] = 0.25 * Math.exp(1.1 * random.normal());
    // Items 0, 2, 4, … are shoes.
    each(rates.shoes[user], (day) => add(user, 2 * random.integer(6), 'VIEW', day));
    each(rates.hats[user], (day) => add(user, 1 + 2 * random.integer(6), 'VIEW', day));
    if (user % 2 === 0) each(1 / 25, (day) => add(user, random.integer(12), 'PURCHASE', day));
  }
  const empty: ShopHistory = {
    users: Array.from({ length: options.users }, (_, user) => ({ id: `u${user}`, attributes: {} })),
    items: Array.from({ length: 12 }, (_, item) => ({
      id: `i${item}`,
      title: `Item ${item}`,
      category: ['Clothes', item % 2 === 0 ? 'Shoes' : 'Hats'],
      price: 10,
      available: true,
      attributes: {},
    })),
    behaviours: {
      count: 0,
      user: new Int32Array(0),
      item: new Int32Array(0),
      type: new Uint8Array(0),
      occurredAt: new Float64Array(0),
      quantity: new Float32Array(0),
      value: new Float64Array(0),
      session: new Int32Array(0),
    },
    userOffsets: new Int32Array(options.users + 1),
    transactions: [],
    currency: 'EUR',
  };
  return { history: withRows(empty, rows), ...rates };
}
