import { Random } from '../../../nn/random.js';
import { DAY_MS, type HistoryTransaction, type ShopHistory } from '../../index.js';
import {
  FRAUD_PATTERNS,
  type FraudPattern,
  HONEST,
  PATTERN_SHARES,
  PAYMENT_METHODS,
  type Traits,
} from './fraud-patterns.js';

/** A shop's transactions with simulated attributes and labels, and the truth behind them. */
export interface SimulatedTransactions {
  /** The history's transactions, same order, ids, users, times, amounts and lines; the rest is simulated, `isFraud` set. */
  readonly transactions: HistoryTransaction[];
  /** Pattern of each fraud; null for honest orders. */
  readonly patterns: (FraudPattern | null)[];
  /**
   * [transactions] P(fraud | all that can be observed), by Bayes' rule from the simulator's own distributions. No model can rank
   * better: its AUC is the ceiling.
   */
  readonly probabilities: Float64Array;
  /**
   * [transactions] logit of fraud before anything of payment, device and countries is seen; what these add is
   * logit(probability) - prior.
   */
  readonly priorLogits: Float64Array;
}

export interface TransactionSimulationOptions {
  /** Logits that a user's own leaning to fraud adds, by index into `history.users`; none when left out. */
  readonly riskOf?: (user: number) => number;
}

/** The world is one and the same for every model that is trained on it. */
export const SIMULATION_SEED = 20_110_910;

/** Share of single attributes that the shop did not record. */
const MISSING = { device: 0.15, ip: 0.1, shipping: 0.1, payment: 0.05 };
/** Users of whom little is recorded: shops start to record devices and addresses at some time, for some channels. */
const SPARSE_USERS = 0.2;
const SPARSE_MISSING = 0.8;

/** Countries that orders come from or go to when it is not the user's own. */
const ELSEWHERE = [
  'US',
  'DE',
  'FR',
  'NL',
  'ES',
  'IT',
  'PL',
  'RO',
  'NG',
  'BR',
  'VN',
  'UA',
  'TR',
  'ID',
  'CN',
  'GB',
];
const RINGS = 12;

/**
 * Gives a shop's transactions simulated payment methods, devices and countries, and makes about three in a hundred fraud, after
 * three patterns: stolen cards, taken-over accounts and rings of accounts that share devices.
 *
 * Which order is fraud depends on the real data (amount against the user's own, first order, several orders in a day, hour); given
 * that, the attributes are drawn from the pattern's distributions, so that the best possible prediction is known. Every draw comes from the
 * seed and the transaction's own id: a history cut at any time is simulated alike.
 */
export function simulateTransactions(
  history: Pick<ShopHistory, 'users' | 'transactions'>,
  seed: number = SIMULATION_SEED,
  { riskOf = () => 0 }: TransactionSimulationOptions = {},
): SimulatedTransactions {
  const random = new Random(seed);
  const people = new Map<number, Person>();
  const transactions: HistoryTransaction[] = [];
  const patterns: (FraudPattern | null)[] = [];
  const probabilities = new Float64Array(history.transactions.length);
  const priorLogits = new Float64Array(history.transactions.length);
  for (const [index, real] of history.transactions.entries()) {
    const key = real.user;
    let person = people.get(key);
    if (person === undefined) {
      const userId = history.users[key]?.id ?? 'unknown';
      people.set(key, (person = newPerson(homeOf(history, real), random.fork(`user ${userId}`))));
    }
    const logit = priorLogit(real, person) + riskOf(key);
    const drawn = drawTransaction(real, person, logit, random.fork(`transaction ${real.id}`));
    priorLogits[index] = logit;
    transactions.push(drawn.transaction);
    patterns.push(drawn.pattern);
    probabilities[index] = drawn.probability;
    remember(person, drawn.transaction);
  }
  return { transactions, patterns, probabilities, priorLogits };
}

/** What is known of a user before an order. */
interface Person {
  readonly home: string;
  readonly isSparse: boolean;
  readonly ring: number;
  readonly devices: Set<string>;
  orders: number;
  spent: number;
  recentTimes: number[];
}

function newPerson(home: string, random: Random): Person {
  return {
    home,
    isSparse: random.uniform() < SPARSE_USERS,
    ring: random.integer(RINGS),
    devices: new Set(),
    orders: 0,
    spent: 0,
    recentTimes: [],
  };
}

function remember(person: Person, transaction: HistoryTransaction): void {
  if (transaction.deviceId !== null) person.devices.add(transaction.deviceId);
  person.orders++;
  person.spent += transaction.amount;
  person.recentTimes = [
    ...person.recentTimes.filter((time) => time > transaction.occurredAt - DAY_MS),
    transaction.occurredAt,
  ];
}

/** Logits of fraud that what is real about an order brings. */
export const PRIOR = { base: -3.7, amountRatio: 0.9, firstOrder: 0.7, recentOrder: 0.6, outsideHours: 0.6 };

/** Logit of fraud from what is real about the order. */
function priorLogit(order: HistoryTransaction, person: Person): number {
  const mean = person.orders === 0 ? order.amount : person.spent / person.orders;
  const ratio = Math.log((order.amount + 1) / (mean + 1));
  const recent = person.recentTimes.filter((time) => time > order.occurredAt - DAY_MS).length;
  const hour = new Date(order.occurredAt).getUTCHours();
  return (
    PRIOR.base +
    PRIOR.amountRatio * Math.max(-2, Math.min(2, ratio)) +
    (person.orders === 0 ? PRIOR.firstOrder : 0) +
    PRIOR.recentOrder * Math.min(recent, 3) +
    (hour < 8 || hour >= 18 ? PRIOR.outsideHours : 0)
  );
}

function drawTransaction(
  real: HistoryTransaction,
  person: Person,
  logit: number,
  random: Random,
): { transaction: HistoryTransaction; pattern: FraudPattern | null; probability: number } {
  const isFraud = random.uniform() < 1 / (1 + Math.exp(-logit));
  const pattern = isFraud ? FRAUD_PATTERNS[draw(PATTERN_SHARES, random)] : null;
  const traits = pattern?.traits ?? HONEST;
  const drawn = {
    isDeviceNew: random.uniform() < traits.newDevice,
    isIpElsewhere: random.uniform() < traits.ipElsewhere,
    isShippedElsewhere: random.uniform() < traits.shippedElsewhere,
    payment: draw(traits.payment, random),
  };
  const elsewhere =
    pattern?.name === 'RING'
      ? ELSEWHERE[person.ring % ELSEWHERE.length]
      : pick(ELSEWHERE, person.home, random);
  const isMissing = (share: number) => random.uniform() < (person.isSparse ? SPARSE_MISSING : share);
  const hasDevice = !isMissing(MISSING.device);
  const hasIp = !isMissing(MISSING.ip);
  const hasShipping = !isMissing(MISSING.shipping);
  const hasPayment = !isMissing(MISSING.payment);
  const seen: Seen = {
    // Of a user without a known device every device is new: it tells nothing.
    isDeviceNew: hasDevice && person.devices.size > 0 ? drawn.isDeviceNew : null,
    isIpElsewhere: hasIp ? drawn.isIpElsewhere : null,
    isShippedElsewhere: hasShipping ? drawn.isShippedElsewhere : null,
    payment: hasPayment ? drawn.payment : null,
  };
  const away = elsewhere === person.home ? pick(ELSEWHERE, person.home, random) : elsewhere;
  return {
    transaction: {
      ...real,
      paymentMethod: hasPayment ? PAYMENT_METHODS[drawn.payment] : null,
      deviceId: hasDevice ? deviceOf(real, person, drawn.isDeviceNew, pattern) : null,
      ipCountry: hasIp ? (drawn.isIpElsewhere ? away : person.home) : null,
      billingCountry: person.home,
      shippingCountry: hasShipping ? (drawn.isShippedElsewhere ? away : person.home) : null,
      isFraud,
    },
    pattern,
    probability: posterior(logit, seen),
  };
}

/** Traits as the shop sees them; null where it sees nothing. */
interface Seen {
  readonly isDeviceNew: boolean | null;
  readonly isIpElsewhere: boolean | null;
  readonly isShippedElsewhere: boolean | null;
  readonly payment: number | null;
}

/** Bayes' rule: the prior times the likelihoods, with fraud a mixture of the patterns. */
function posterior(logit: number, seen: Seen): number {
  const fraud = FRAUD_PATTERNS.reduce(
    (sum, { traits }, index) => sum + PATTERN_SHARES[index] * likelihood(traits, seen),
    0,
  );
  const total = logit + Math.log(fraud) - Math.log(likelihood(HONEST, seen));
  return 1 / (1 + Math.exp(-total));
}

function likelihood(traits: Traits, seen: Seen): number {
  const of = (share: number, isSo: boolean | null) => (isSo === null ? 1 : isSo ? share : 1 - share);
  return (
    of(traits.newDevice, seen.isDeviceNew) *
    of(traits.ipElsewhere, seen.isIpElsewhere) *
    of(traits.shippedElsewhere, seen.isShippedElsewhere) *
    (seen.payment === null ? 1 : traits.payment[seen.payment])
  );
}

function deviceOf(
  real: HistoryTransaction,
  person: Person,
  isNew: boolean,
  pattern: FraudPattern | null,
): string {
  if (!isNew && person.devices.size > 0) return [...person.devices][0];
  const shared = pattern?.name === 'RING' ? `sim-ring-${person.ring}` : null;
  return shared !== null && !person.devices.has(shared) ? shared : `sim-${real.id}`;
}

function homeOf(history: Pick<ShopHistory, 'users'>, transaction: HistoryTransaction): string {
  const code = history.users[transaction.user]?.attributes.countryCode;
  return typeof code === 'string' ? code : (transaction.billingCountry ?? 'GB');
}

function pick(values: readonly string[], except: string, random: Random): string {
  const others = values.filter((value) => value !== except);
  return others[random.integer(others.length)];
}

/** Index drawn with the given probabilities, which add up to 1. */
function draw(shares: readonly number[], random: Random): number {
  let left = random.uniform();
  for (let index = 0; index < shares.length - 1; index++) {
    left -= shares[index];
    if (left < 0) return index;
  }
  return shares.length - 1;
}
