import { DAY_MS, type HistoryTransaction, type TransactionContext } from '../index.js';

/** Earlier transactions that are looked at, the latest ones; as many as the store hands out when serving. */
export const MAX_EARLIER_TRANSACTIONS = 200;

/** What the features of one transaction are computed from. */
interface TransactionFacts {
  readonly order: HistoryTransaction;
  readonly earlier: readonly HistoryTransaction[];
  /** NaN without earlier ones. */
  readonly meanAmount: number;
  readonly maxAmount: number;
  readonly daysSincePrevious: number;
  readonly devices: ReadonlySet<string>;
  readonly ipCountries: ReadonlySet<string>;
  readonly shippingCountries: ReadonlySet<string>;
  readonly methods: ReadonlySet<string>;
  /** Earlier orders, and their money, of the last 24 hours and 7 days. */
  readonly ordersLastDay: number;
  readonly ordersLastWeek: number;
  readonly spentLastDay: number;
  readonly hour: number;
}

/** One declared feature: training and serving both compute it from here. */
export interface TransactionFeature {
  readonly name: string;
  readonly description: string;
  readonly value: (facts: TransactionFacts) => number;
}

const flag = (isSo: boolean) => (isSo ? 1 : 0);
const isMethod = (pattern: RegExp) => (facts: TransactionFacts) =>
  flag(pattern.test(facts.order.paymentMethod ?? ''));
const differ = (a: string | null, b: string | null) => flag(a !== null && b !== null && a !== b);
/** Whether a value is given, some are known, and it is none of these. */
const isNew = (value: string | null, known: ReadonlySet<string>) =>
  flag(value !== null && known.size > 0 && !known.has(value));

/** Features of a transaction as of its own time; nothing after it is read. */
export const TRANSACTION_FEATURES: readonly TransactionFeature[] = [
  { name: 'amount', description: 'Amount (logarithm)', value: ({ order }) => Math.log1p(order.amount) },
  {
    name: 'amountAgainstMean',
    description:
      'Amount against the mean of the user’s earlier orders (logarithm of the ratio; 0 for a first order)',
    value: ({ order, earlier, meanAmount }) =>
      earlier.length === 0 ? 0 : logRatio(order.amount, meanAmount),
  },
  {
    name: 'amountAgainstMax',
    description: 'Amount against the largest earlier order (logarithm of the ratio; 0 for a first order)',
    value: ({ order, earlier, maxAmount }) => (earlier.length === 0 ? 0 : logRatio(order.amount, maxAmount)),
  },
  {
    name: 'isFirstOrder',
    description: 'First order of the user',
    value: ({ earlier }) => flag(earlier.length === 0),
  },
  {
    name: 'earlierOrders',
    description: 'Earlier orders (logarithm)',
    value: ({ earlier }) => Math.log1p(earlier.length),
  },
  {
    name: 'accountAge',
    description: 'Days since the user’s first order (logarithm)',
    value: ({ order, earlier }) =>
      earlier.length === 0 ? 0 : logDays(order.occurredAt - earlier[0].occurredAt),
  },
  {
    name: 'daysSincePrevious',
    description: 'Days since the previous order (logarithm)',
    value: ({ daysSincePrevious }) => (Number.isNaN(daysSincePrevious) ? 0 : Math.log1p(daysSincePrevious)),
  },
  {
    name: 'ordersLastDay',
    description: 'Earlier orders of the last 24 hours',
    value: ({ ordersLastDay }) => Math.min(ordersLastDay, 5),
  },
  {
    name: 'ordersLastWeek',
    description: 'Earlier orders of the last 7 days',
    value: ({ ordersLastWeek }) => Math.min(ordersLastWeek, 10),
  },
  {
    name: 'spentLastDay',
    description: 'Money of the earlier orders of the last 24 hours (logarithm)',
    value: ({ spentLastDay }) => Math.log1p(spentLastDay),
  },
  {
    name: 'isOutsideHours',
    description: 'Ordered before 8 or after 18 o’clock (UTC)',
    value: ({ hour }) => flag(hour < 8 || hour >= 18),
  },
  {
    name: 'hourSine',
    description: 'Hour of the day (sine)',
    value: ({ hour }) => Math.sin((hour / 24) * 2 * Math.PI),
  },
  {
    name: 'hourCosine',
    description: 'Hour of the day (cosine)',
    value: ({ hour }) => Math.cos((hour / 24) * 2 * Math.PI),
  },
  {
    name: 'isWeekend',
    description: 'Ordered on a Saturday or Sunday',
    value: ({ order }) => flag([0, 6].includes(new Date(order.occurredAt).getUTCDay())),
  },
  {
    name: 'isDeviceUnknown',
    description: 'No device recorded',
    value: ({ order }) => flag(order.deviceId === null),
  },
  {
    name: 'isDeviceNew',
    description: 'A device that the user never used, though some are known',
    value: ({ order, devices }) => isNew(order.deviceId, devices),
  },
  {
    name: 'hasNoKnownDevice',
    description: 'No device of the user is known',
    value: ({ devices }) => flag(devices.size === 0),
  },
  {
    name: 'isIpUnknown',
    description: 'No IP country recorded',
    value: ({ order }) => flag(order.ipCountry === null),
  },
  {
    name: 'isIpNotBilling',
    description: 'IP address in another country than the bill’s',
    value: ({ order }) => differ(order.ipCountry, order.billingCountry),
  },
  {
    name: 'isIpNew',
    description: 'IP address in a country that the user never ordered from, though some are known',
    value: ({ order, ipCountries }) => isNew(order.ipCountry, ipCountries),
  },
  {
    name: 'isShippingUnknown',
    description: 'No shipping country recorded',
    value: ({ order }) => flag(order.shippingCountry === null),
  },
  {
    name: 'isShippingNotBilling',
    description: 'Goods sent to another country than the bill’s',
    value: ({ order }) => differ(order.shippingCountry, order.billingCountry),
  },
  {
    name: 'isShippingNew',
    description: 'Goods sent to a country where the user never had any sent, though some are known',
    value: ({ order, shippingCountries }) => isNew(order.shippingCountry, shippingCountries),
  },
  {
    name: 'isIpNotShipping',
    description: 'IP address in another country than the goods are sent to',
    value: ({ order }) => differ(order.ipCountry, order.shippingCountry),
  },
  {
    name: 'isMethodUnknown',
    description: 'No payment method recorded',
    value: ({ order }) => flag(order.paymentMethod === null),
  },
  {
    name: 'isMethodNew',
    description: 'A payment method that the user never used, though some are known',
    value: ({ order, methods }) => isNew(order.paymentMethod, methods),
  },
  { name: 'isCard', description: 'Paid by card', value: isMethod(/card|visa|master|amex|credit|debit/i) },
  { name: 'isGiftCard', description: 'Paid by gift card or voucher', value: isMethod(/gift|voucher/i) },
  { name: 'isInvoice', description: 'Paid by invoice', value: isMethod(/invoice|klarna|later/i) },
  {
    name: 'isTransfer',
    description: 'Paid by bank transfer',
    value: isMethod(/transfer|sepa|wire|debit order/i),
  },
  {
    name: 'isWallet',
    description: 'Paid by an online wallet',
    value: isMethod(/paypal|wallet|apple|google/i),
  },
  {
    name: 'lines',
    description: 'Different items in the basket (logarithm)',
    value: ({ order }) => Math.log1p(order.lines.length),
  },
  {
    name: 'largestQuantity',
    description: 'Largest quantity of one item (logarithm)',
    value: ({ order }) =>
      Math.log1p(order.lines.reduce((largest, line) => Math.max(largest, line.quantity), 0)),
  },
  {
    name: 'topLineShare',
    description: 'Share of the money in the most expensive line',
    value: ({ order }) => topLineShare(order),
  },
];

/**
 * Features of transactions, each as of its own time.
 *
 * @returns [transactions × TRANSACTION_FEATURES.length], row by row
 */
export function transactionFeatures(contexts: readonly TransactionContext[]): Float32Array {
  const width = TRANSACTION_FEATURES.length;
  const values = new Float32Array(contexts.length * width);
  contexts.forEach((context, row) => {
    const facts = gatherFacts(context);
    TRANSACTION_FEATURES.forEach((feature, column) => {
      values[row * width + column] = feature.value(facts);
    });
  });
  return values;
}

/**
 * Every transaction with the same user's earlier ones, as serving will see them: none of the same moment, since nobody knows which of them came
 * first.
 *
 * @param transactions sorted by time
 */
export function transactionContexts(transactions: readonly HistoryTransaction[]): TransactionContext[] {
  const byUser = new Map<number, HistoryTransaction[]>();
  return transactions.map((transaction) => {
    const own = byUser.get(transaction.user) ?? [];
    byUser.set(transaction.user, own);
    let end = own.length;
    while (end > 0 && own[end - 1].occurredAt >= transaction.occurredAt) end--;
    const earlier = own.slice(Math.max(0, end - MAX_EARLIER_TRANSACTIONS), end);
    // A user whom the history does not hold is nobody in particular: orders of two such users are not one history.
    if (transaction.user >= 0) own.push(transaction);
    return { transaction, earlier };
  });
}

function gatherFacts({ transaction: order, earlier: given }: TransactionContext): TransactionFacts {
  const earlier = given
    .filter((other) => other.id !== order.id && other.occurredAt < order.occurredAt)
    .slice(-MAX_EARLIER_TRANSACTIONS);
  let [total, maxAmount, ordersLastDay, ordersLastWeek, spentLastDay] = [0, 0, 0, 0, 0];
  for (const { amount, occurredAt } of earlier) {
    total += amount;
    maxAmount = Math.max(maxAmount, amount);
    if (occurredAt > order.occurredAt - 7 * DAY_MS) ordersLastWeek++;
    if (occurredAt > order.occurredAt - DAY_MS) {
      ordersLastDay++;
      spentLastDay += amount;
    }
  }
  const previous = earlier.at(-1);
  return {
    order,
    earlier,
    meanAmount: total / earlier.length,
    maxAmount,
    daysSincePrevious: previous === undefined ? NaN : (order.occurredAt - previous.occurredAt) / DAY_MS,
    devices: known(earlier, (other) => other.deviceId),
    ipCountries: known(earlier, (other) => other.ipCountry),
    shippingCountries: known(earlier, (other) => other.shippingCountry),
    methods: known(earlier, (other) => other.paymentMethod),
    ordersLastDay,
    ordersLastWeek,
    spentLastDay,
    hour: new Date(order.occurredAt).getUTCHours(),
  };
}

function known(
  earlier: readonly HistoryTransaction[],
  value: (other: HistoryTransaction) => string | null,
): Set<string> {
  return new Set(earlier.flatMap((other) => value(other) ?? []));
}

function logRatio(amount: number, against: number): number {
  return Math.log((amount + 1) / (against + 1));
}

function logDays(ms: number): number {
  return Math.log1p(Math.max(0, ms) / DAY_MS);
}

function topLineShare(order: HistoryTransaction): number {
  let [total, top] = [0, 0];
  for (const { price, quantity } of order.lines) {
    const money = Number.isNaN(price) ? 0 : price * quantity;
    total += money;
    top = Math.max(top, money);
  }
  return total > 0 ? top / total : 0;
}
