import { Random } from '../../src/nn/random.js';
import { HistoryBuilder } from '../../src/pipeline/collect/index.js';
import { DAY_MS, type ShopHistory } from '../../src/pipeline/index.js';

/** A shop of made-up orders: users order at random times, amounts about their own mean. */
export function shopWithOrders(options: { users: number; ordersPerUser: number; seed: number }): ShopHistory {
  const random = new Random(options.seed);
  const builder = new HistoryBuilder();
  const start = Date.UTC(2026, 0, 1);
  for (let user = 0; user < options.users; user++) {
    const userId = `u${user}`;
    const scale = 20 + 200 * random.uniform();
    builder.addUser({ id: userId, attributes: { countryCode: user % 5 === 0 ? 'FR' : 'GB' } });
    for (let order = 0; order < options.ordersPerUser; order++) {
      const amount = scale * Math.exp(0.8 * random.normal());
      builder.addTransaction({
        id: `${userId}-${order}`,
        userId,
        amount: amount.toFixed(2),
        currency: 'GBP',
        occurredAt: new Date(start + random.uniform() * 300 * DAY_MS),
        items: [{ itemId: `i${random.integer(30)}`, quantity: 1 + random.integer(5), price: '2.50' }],
      });
    }
  }
  return builder.build('GBP');
}
