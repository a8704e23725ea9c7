import { Random } from '../../src/nn/random.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type ShopHistory,
} from '../../src/pipeline/index.js';

export const TASTE_START = Date.UTC(2026, 0, 1);

/**
 * A shop whose truth is known: item i belongs to group i % groups, user u orders weekly, mostly from group u % groups, and buys
 * one habit item (its own) every time. `extra` behaviours are added as they are.
 */
export function shopWithTastes(options: {
  users: number;
  items: number;
  groups: number;
  days: number;
  seed: number;
  extra?: readonly BehaviourRow[];
}): ShopHistory {
  const random = new Random(options.seed);
  const rows: BehaviourRow[] = [];
  let session = 0;
  for (let user = 0; user < options.users; user++) {
    const group = user % options.groups;
    const ofGroup = () => group + options.groups * random.integer(Math.floor(options.items / options.groups));
    const habit = ofGroup();
    for (let day = random.integer(7); day < options.days; day += 7) {
      const bought = new Set([
        habit,
        ofGroup(),
        random.uniform() < 0.1 ? random.integer(options.items) : ofGroup(),
      ]);
      for (const item of bought) {
        const occurredAt = TASTE_START + day * DAY_MS + random.integer(DAY_MS / 2);
        rows.push({
          user,
          item,
          type: 'PURCHASE',
          occurredAt,
          quantity: 1 + random.integer(4),
          value: 5,
          session,
        });
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
      price: 1 + item,
      available: true,
      attributes: {},
    })),
    ...buildBehaviourColumns([...rows, ...(options.extra ?? [])], options.users),
    transactions: [],
    currency: 'GBP',
  };
}
