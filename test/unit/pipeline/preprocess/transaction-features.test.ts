import { describe, expect, test } from '@jest/globals';

import { DAY_MS, type HistoryTransaction } from '../../../../src/pipeline/index.js';
import {
  MAX_EARLIER_TRANSACTIONS,
  TRANSACTION_FEATURES,
  transactionContexts,
  transactionFeatures,
} from '../../../../src/pipeline/preprocess/index.js';

const NOON = Date.UTC(2026, 0, 5, 12); // a Monday
let nextId = 0;
const order = (change: Partial<HistoryTransaction> = {}): HistoryTransaction => ({
  id: `t${nextId++}`,
  user: 0,
  amount: 99,
  currency: 'EUR',
  occurredAt: NOON,
  lines: [],
  paymentMethod: null,
  deviceId: null,
  ipCountry: null,
  billingCountry: null,
  shippingCountry: null,
  isFraud: null,
  ...change,
});

/** Features by name. */
function featuresOf(
  transaction: HistoryTransaction,
  earlier: HistoryTransaction[] = [],
): Record<string, number> {
  const values = transactionFeatures([{ transaction, earlier }]);
  return Object.fromEntries(TRANSACTION_FEATURES.map(({ name }, column) => [name, values[column]]));
}

describe('features of a transaction', () => {
  test('a first order', () => {
    const features = featuresOf(order());
    expect(features).toMatchObject({
      isFirstOrder: 1,
      amountAgainstMean: 0,
      daysSincePrevious: 0,
      isDeviceUnknown: 1,
      isDeviceNew: 0,
      hasNoKnownDevice: 1,
      isOutsideHours: 0,
      isWeekend: 0,
    });
    expect(features.amount).toBeCloseTo(Math.log(100), 5);
  });

  test('amount and speed against the user’s own past', () => {
    const earlier = [
      order({ amount: 19, occurredAt: NOON - 9 * DAY_MS }),
      order({ amount: 29, occurredAt: NOON - 3 * DAY_MS }),
      order({ amount: 9, occurredAt: NOON - DAY_MS / 2 }),
    ];
    const features = featuresOf(order(), earlier);
    expect(features.amountAgainstMean).toBeCloseTo(Math.log(100 / 20), 5);
    expect(features.amountAgainstMax).toBeCloseTo(Math.log(100 / 30), 5);
    expect(features.accountAge).toBeCloseTo(Math.log(1 + 9), 5);
    expect(features.daysSincePrevious).toBeCloseTo(Math.log(1.5), 5);
    expect(features).toMatchObject({ ordersLastDay: 1, ordersLastWeek: 2, isFirstOrder: 0 });
    expect(features.spentLastDay).toBeCloseTo(Math.log(10), 5);
  });

  test('devices, countries and payment that are new, or do not match', () => {
    const earlier = [
      order({
        deviceId: 'a',
        ipCountry: 'DE',
        shippingCountry: 'DE',
        paymentMethod: 'CARD',
        occurredAt: NOON - DAY_MS,
      }),
    ];
    const same = {
      deviceId: 'a',
      ipCountry: 'DE',
      billingCountry: 'DE',
      shippingCountry: 'DE',
      paymentMethod: 'CARD',
    };
    const none = {
      isDeviceNew: 0,
      isIpNew: 0,
      isIpNotBilling: 0,
      isShippingNew: 0,
      isShippingNotBilling: 0,
      isIpNotShipping: 0,
      isMethodNew: 0,
    };
    expect(featuresOf(order(same), earlier)).toMatchObject(none);
    expect(
      featuresOf(
        order({ ...same, deviceId: 'b', ipCountry: 'US', shippingCountry: 'FR', paymentMethod: 'gift card' }),
        earlier,
      ),
    ).toMatchObject({
      isDeviceNew: 1,
      isIpNew: 1,
      isIpNotBilling: 1,
      isShippingNew: 1,
      isShippingNotBilling: 1,
      isIpNotShipping: 1,
      isMethodNew: 1,
      isGiftCard: 1,
    });
    // Where nothing is known of the past, nothing is new.
    expect(featuresOf(order({ ...same, deviceId: 'b' }))).toMatchObject(none);
  });

  test('nothing at or after the order is read, and the order itself is not its own past', () => {
    const transaction = order();
    const later = order({ amount: 1e6, deviceId: 'z', occurredAt: NOON + 1 });
    const past = [order({ amount: 50, occurredAt: NOON - DAY_MS })];
    expect(featuresOf(transaction, [...past, transaction, later])).toEqual(featuresOf(transaction, past));
  });

  test('training sees of each order what serving will see', () => {
    const many = Array.from({ length: 260 }, (_, n) =>
      order({ amount: n, occurredAt: NOON + n * 1000, user: n % 2 }),
    );
    const contexts = transactionContexts(many);
    const values = transactionFeatures(contexts);
    const width = TRANSACTION_FEATURES.length;
    many.forEach((transaction, index) => {
      // Serving reads the latest earlier ones of the user from the store.
      const earlier = many
        .slice(0, index)
        .filter(({ user }) => user === transaction.user)
        .slice(-MAX_EARLIER_TRANSACTIONS);
      const served = transactionFeatures([{ transaction, earlier }]);
      expect(values.slice(index * width, (index + 1) * width)).toEqual(served);
    });
  });

  test('every feature is a finite number for odd orders', () => {
    const odd = order({ amount: 0, lines: [{ item: -1, quantity: 0, price: NaN }] });
    expect(
      [...transactionFeatures([{ transaction: odd, earlier: [order({ amount: 0 })] }])].every(
        Number.isFinite,
      ),
    ).toBe(true);
  });
});
