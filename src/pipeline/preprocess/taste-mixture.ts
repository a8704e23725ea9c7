import { Random } from '../../nn/random.js';
import type { UserItems } from './user-items.js';

/** Kinds of users, each with shares of its own of the items: a mixture of multinomials over what users take to. */
export interface TasteMixture {
  readonly tastes: number;
  /** [items × tastes] logarithm of the share that a taste gives to an item. */
  readonly logShares: Float32Array;
  /** [items × tastes] a taste's share of an item over everybody's. */
  readonly lifts: Float32Array;
  /** [tastes] share of the users. */
  readonly priors: Float32Array;
}

const TASTES = 16;
const ITERATIONS = 30;
/** Users that the mixture is fitted to, and items of each, at most. */
const MOST_USERS = 20_000;
const MOST_ITEMS = 200;
/** Each taste's shares are shrunk towards everybody's as by so many choices more for each item that it chose among. */
const PRIOR_PER_ITEM = 0.5;
const SEED = 20_111;

/**
 * Fits the mixture by expectation and maximisation (Dempster et al., 1977), from a start that is the same each time. A user's different items count
 * once each: what they come back to is habit and told elsewhere.
 */
export function tasteMixture(users: readonly UserItems[], items: number): TasteMixture {
  const random = new Random(SEED).fork('tastes');
  const able = users.filter((user) => user.items.length > 1);
  const drawn = Array.from(random.permutation(able.length).subarray(0, MOST_USERS).sort(), (at) =>
    able[at].items.subarray(0, MOST_ITEMS),
  );
  const overall = sharesOf(drawn, items);
  const memberships = drawn.map(() => Math.floor(random.uniform() * TASTES));
  let mixture = maximise(drawn, overall, (user, weights) => {
    weights.fill(0.5 / TASTES);
    weights[memberships[user]] += 0.5;
  });
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const before = mixture;
    mixture = maximise(drawn, overall, (user, weights) => posterior(before, drawn[user], weights));
  }
  return mixture;
}

/** Everybody's shares: [items], with one choice more than was seen. */
function sharesOf(users: readonly Int32Array[], items: number): Float64Array {
  const shares = new Float64Array(items).fill(0.1);
  for (const own of users) for (const item of own) shares[item]++;
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/** @param weigh writes the weights that a user has in the tastes */
function maximise(
  users: readonly Int32Array[],
  overall: Float64Array,
  weigh: (user: number, weights: Float64Array) => void,
): TasteMixture {
  const items = overall.length;
  const prior = PRIOR_PER_ITEM * items;
  const counts = new Float64Array(items * TASTES);
  const totals = new Float64Array(TASTES).fill(prior);
  const priors = new Float64Array(TASTES).fill(1);
  const weights = new Float64Array(TASTES);
  users.forEach((own, user) => {
    weigh(user, weights);
    for (let taste = 0; taste < TASTES; taste++) {
      priors[taste] += weights[taste];
      totals[taste] += weights[taste] * own.length;
    }
    for (const item of own)
      for (let taste = 0; taste < TASTES; taste++) counts[item * TASTES + taste] += weights[taste];
  });
  const lifts = new Float32Array(items * TASTES);
  for (let item = 0; item < items; item++)
    for (let taste = 0; taste < TASTES; taste++) {
      const at = item * TASTES + taste;
      lifts[at] = (counts[at] / overall[item] + prior) / totals[taste];
    }
  return {
    tastes: TASTES,
    lifts,
    logShares: lifts.map((lift, at) => Math.log(lift * overall[Math.floor(at / TASTES)])),
    priors: Float32Array.from(priors, (count) => count / (users.length + TASTES)),
  };
}

/** Weights of a user in the tastes, given their items. @param weights [tastes] receives them */
function posterior(
  { tastes, logShares, priors }: TasteMixture,
  items: Int32Array,
  weights: Float64Array,
): void {
  for (let taste = 0; taste < tastes; taste++) weights[taste] = Math.log(priors[taste]);
  for (const item of items)
    for (let taste = 0; taste < tastes; taste++) weights[taste] += logShares[item * tastes + taste];
  const largest = Math.max(...weights);
  let sum = 0;
  for (let taste = 0; taste < tastes; taste++) sum += weights[taste] = Math.exp(weights[taste] - largest);
  for (let taste = 0; taste < tastes; taste++) weights[taste] /= sum;
}

/** Logarithm of how much more likely than everybody a user is to take to each item, by what is known of their taste: [items]. */
export function tasteLifts(mixture: TasteMixture, items: Int32Array): Float32Array {
  const { tastes, lifts } = mixture;
  const weights = new Float64Array(tastes);
  posterior(mixture, items, weights);
  const logs = new Float32Array(lifts.length / tastes);
  for (let item = 0; item < logs.length; item++) {
    let sum = 0;
    for (let taste = 0; taste < tastes; taste++) sum += weights[taste] * lifts[item * tastes + taste];
    logs[item] = Math.log(sum);
  }
  return logs;
}
