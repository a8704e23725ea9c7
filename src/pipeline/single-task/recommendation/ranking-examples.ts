import { setImmediate as yieldToLoop } from 'node:timers/promises';

import { Random } from '../../../nn/random.js';
import { DAY_MS, type ShopHistory } from '../../index.js';
import {
  affinities,
  CANDIDATE_FEATURE_COUNT,
  ITEM_FEATURES,
  type ItemState,
  itemState,
  itemTargets,
  type UserItems,
  userItems,
  writeCandidates,
} from '../../preprocess/index.js';
import { bestItems } from './best-items.js';

/** Rows to learn a ranking from: one a user and cut, each with the same number of candidates. */
export interface RankingExamples {
  readonly count: number;
  readonly candidates: number;
  /** [examples] index into history.users */
  readonly users: Int32Array;
  /** [examples] the time that the features are as of, milliseconds. */
  readonly cuts: Float64Array;
  /** [examples × candidates] index into history.items; -1 for padding. */
  readonly items: Int32Array;
  /** [examples × candidates × CANDIDATE_FEATURES], not standardised. */
  readonly features: Float32Array;
  /** [examples × candidates] 1 where the user bought the item in the window after the cut. */
  readonly labels: Float32Array;
  /** [examples × candidates] 1 where the user had not bought the item before the cut. */
  readonly isNew: Float32Array;
  /** [examples × candidates] added to a logit: the logarithm of how many items the candidate stands for; -1e9 for padding. */
  readonly offsets: Float32Array;
}

export interface RankingExampleOptions {
  /** Cuts to learn from, one label window apart. */
  readonly cuts: number;
  readonly windowDays: number;
  readonly candidates: number;
  /** At most this many examples in all. */
  readonly most: number;
}

export const RANKING_EXAMPLE_DEFAULTS: RankingExampleOptions = {
  cuts: 5,
  windowDays: 30,
  candidates: 256,
  most: 6000,
};

const BUYERS30 = ITEM_FEATURES.indexOf('buyers30');
/** Takes a candidate out of the softmax. */
const PADDING_OFFSET = -1e9;
/** Shares of the candidates that go to what was bought after, what was bought before, and what looks likely. */
const SHARES = { targets: 0.25, bought: 0.35, likely: 0.35 };

/**
 * Cuts whose label windows end by `cut`, the latest first, each with at least a window of history before it. The window
 * shrinks to a third of the history where that is short.
 */
export function rankingCuts(
  history: ShopHistory,
  cut: number,
  options: Pick<RankingExampleOptions, 'cuts' | 'windowDays'>,
): { cuts: number[]; windowDays: number } {
  const { occurredAt, count } = history.behaviours;
  let start = Infinity;
  for (let row = 0; row < count; row++) if (occurredAt[row] < start) start = occurredAt[row];
  const days = (cut - start) / DAY_MS;
  const windowDays = Math.min(options.windowDays, days / 3);
  if (!(windowDays > 0)) return { cuts: [], windowDays: options.windowDays };
  const cuts = Array.from({ length: options.cuts }, (_, back) => cut - (back + 1) * windowDays * DAY_MS);
  return { cuts: cuts.filter((time) => time >= start + windowDays * DAY_MS - 1), windowDays };
}

/** Makes examples at past cuts. Candidates and order are drawn from the seed. */
export function rankingExamples(
  history: ShopHistory,
  cut: number,
  seed: number,
  given: Partial<RankingExampleOptions> = {},
): RankingExamples {
  const steps = makeExamples(history, cut, seed, given);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Work that goes on before other work of the process (heartbeats, cancelling) gets its turn, milliseconds. */
const TURN_MS = 50;

/** The same without holding up the process. @param signal aborted: rejects with its reason soon after */
export async function gatherRankingExamples(
  history: ShopHistory,
  cut: number,
  seed: number,
  given: Partial<RankingExampleOptions>,
  signal: AbortSignal,
): Promise<RankingExamples> {
  const steps = makeExamples(history, cut, seed, given);
  for (let turn = Date.now(); ;) {
    const step = steps.next();
    if (step.done) return step.value;
    if (Date.now() - turn < TURN_MS) continue;
    await yieldToLoop();
    signal.throwIfAborted();
    turn = Date.now();
  }
}

/** Pauses after each example. */
function* makeExamples(
  history: ShopHistory,
  cut: number,
  seed: number,
  given: Partial<RankingExampleOptions>,
): Generator<undefined, RankingExamples> {
  const options = { ...RANKING_EXAMPLE_DEFAULTS, ...given };
  const { cuts, windowDays } = rankingCuts(history, cut, options);
  const random = new Random(seed).fork('ranking-examples');
  const drawn = cuts.map((time) => {
    const { users, targets } = itemTargets(history, time, windowDays);
    const most = Math.ceil(options.most / cuts.length);
    const order = random.fork(time).permutation(users.length).subarray(0, most).sort();
    return { time, users: order.map((at) => users[at]), targets: Array.from(order, (at) => targets[at]) };
  });
  const count = drawn.reduce((sum, { users }) => sum + users.length, 0);
  const { candidates } = options;
  const examples = {
    count,
    candidates,
    users: new Int32Array(count),
    cuts: new Float64Array(count),
    items: new Int32Array(count * candidates).fill(-1),
    features: new Float32Array(count * candidates * CANDIDATE_FEATURE_COUNT),
    labels: new Float32Array(count * candidates),
    isNew: new Float32Array(count * candidates),
    offsets: new Float32Array(count * candidates).fill(PADDING_OFFSET),
  };
  let row = 0;
  for (const { time, users, targets } of drawn) {
    const state = itemState(history, time);
    const vocabularyOf = state.vocabulary.indicesOf(history.items.map((item) => item.id));
    const itemOf = new Int32Array(state.vocabulary.size + 1);
    vocabularyOf.forEach((index, item) => (itemOf[index] = item));
    for (const [at, user] of users.entries()) {
      const own = userItems(history, user, time, vocabularyOf, state.vocabulary.size);
      const bought = new Set(Array.from(targets[at], (item) => vocabularyOf[item]));
      const source = { state, own, itemOf, targets: bought, random: random.fork(`${time}/${user}`) };
      writeExample(examples, row, source);
      examples.users[row] = user;
      examples.cuts[row++] = time;
      yield;
    }
  }
  return examples;
}

interface ExampleSource {
  readonly state: ItemState;
  readonly own: UserItems;
  /** Index into history.items of each item of the state. */
  readonly itemOf: Int32Array;
  readonly targets: ReadonlySet<number>;
  readonly random: Random;
}

function writeExample(examples: RankingExamples, row: number, source: ExampleSource): void {
  const { state, own, targets } = source;
  const sums = affinities(state, own);
  const { items, offsets } = drawCandidates(source, sums.sums[0], examples.candidates);
  const start = row * examples.candidates;
  writeCandidates(state, own, sums, items, examples.features, start * CANDIDATE_FEATURE_COUNT);
  const bought = new Set(own.items.filter((_, at) => own.orders[at] > 0));
  items.forEach((item, at) => {
    examples.items[start + at] = source.itemOf[item];
    examples.labels[start + at] = targets.has(item) ? 1 : 0;
    examples.isNew[start + at] = bought.has(item) ? 0 : 1;
    examples.offsets[start + at] = offsets[at];
  });
}

/**
 * Items to choose among: what was bought after the cut, what was bought before it, what looks likely, and a random sample that
 * stands for all the rest (its logits are raised by the logarithm of how many each stands for, so that the softmax over the
 * candidates estimates the softmax over all items; Bengio and Senécal, 2008).
 */
function drawCandidates(
  { state, own, targets, random }: ExampleSource,
  similarity: Float32Array,
  count: number,
): { items: Int32Array; offsets: Float32Array } {
  const size = state.vocabulary.size;
  if (size <= count)
    return { items: Int32Array.from({ length: size }, (_, item) => item), offsets: new Float32Array(size) };
  const chosen = new Set<number>();
  for (const item of random.shuffle([...targets]).slice(0, count * SHARES.targets)) chosen.add(item);
  const owned = Array.from(own.items, (item, at) => ({ item, weight: own.orders[at] + own.recency[at] }));
  owned.sort((a, b) => b.weight - a.weight || a.item - b.item);
  for (const { item } of owned.slice(0, count * SHARES.bought)) chosen.add(item);
  const width = state.features.length / size;
  // Similar to what the user has, and popular in the last month.
  const likelihood = similarity.map(
    (sum, item) => Math.log(sum + 1e-3) + state.features[item * width + BUYERS30] / 2,
  );
  const owns = new Set(own.items);
  const likely = bestItems(likelihood, Math.floor(count * SHARES.likely), (item) => !owns.has(item));
  for (const item of likely) chosen.add(item);
  const left = new Int32Array(size - chosen.size);
  const isChosen = new Uint8Array(size);
  for (const item of chosen) isChosen[item] = 1;
  for (let item = 0, at = 0; item < size; item++) if (isChosen[item] === 0) left[at++] = item;
  const sample = drawFirst(left, count - chosen.size, random);
  const offset = Math.log(left.length / Math.max(sample.length, 1));
  const items = Int32Array.from([...chosen, ...sample]);
  return { items, offsets: Float32Array.from(items, (_, at) => (at < chosen.size ? 0 : offset)) };
}

/** The first `count` of a shuffle, without shuffling the rest. Disturbs the items. */
function drawFirst(items: Int32Array, count: number, random: Random): Int32Array {
  for (let at = 0; at < count; at++) {
    const other = at + random.integer(items.length - at);
    [items[at], items[other]] = [items[other], items[at]];
  }
  return items.subarray(0, count);
}
