import { type Affinities, AFFINITY_FEATURES, MATCH_FEATURES } from './affinities.js';
import { ITEM_FEATURE_COUNT, ITEM_FEATURES, type ItemState } from './item-state.js';
import { DECAY_DAYS, type UserItems } from './user-items.js';

const OWN_FEATURES = [
  'own',
  'isBought',
  'own15',
  'own45',
  'own120',
  'lastDays',
  'cycle',
  'isRepeated',
  'ownShare',
  'isInLastOrder',
  'looks',
  'looksDecayed',
] as const;
/** Of items that the user bought or looked at; 0 for all others. */
const SEEN_FEATURES = [
  'isSeen',
  'visits',
  'visitShare',
  'visitsTimesPopular',
  'seenTimesPopular',
  'seenTimesItems',
  'seenTimesTaste',
] as const;
const CROSSED_FEATURES = [
  'priceMatch',
  'ownTimesItems',
  'popularTimesItems',
  'boughtTimesItems',
  'boughtTimesQuiet',
  'boughtTimesRepeats',
  'ownTimesRepeats',
  'boughtTimesOrders',
  'boughtTimesPopular',
  'boughtTimesRebuy',
  'boughtTimesUnsold',
] as const;

/** What a user and an item have to do with each other: the columns of a candidate's row. */
export const CANDIDATE_FEATURES = [
  ...ITEM_FEATURES,
  ...OWN_FEATURES,
  ...AFFINITY_FEATURES,
  ...MATCH_FEATURES,
  ...CROSSED_FEATURES,
  ...SEEN_FEATURES,
] as const;
export const CANDIDATE_FEATURE_COUNT = CANDIDATE_FEATURES.length;
export const IS_BOUGHT_COLUMN = CANDIDATE_FEATURES.indexOf('isBought');

const BUYERS30 = ITEM_FEATURES.indexOf('buyers30');
const DAYS_UNSOLD = ITEM_FEATURES.indexOf('daysUnsold');
const REBUY_SHARE = ITEM_FEATURES.indexOf('rebuyShare');
const LOOKS = ITEM_FEATURE_COUNT + OWN_FEATURES.indexOf('looks');
const AFFINITY_AT = ITEM_FEATURE_COUNT + OWN_FEATURES.length;
const MATCH_AT = AFFINITY_AT + AFFINITY_FEATURES.length;
const CROSSED_AT = MATCH_AT + MATCH_FEATURES.length;
const SEEN_AT = CROSSED_AT + CROSSED_FEATURES.length;
const TASTE_LIFT = MATCH_AT + MATCH_FEATURES.indexOf('tasteLift');
/**
 * Columns of an item that the user has nothing to do with that still differ from user to user: its similarities to what the user has,
 * its price beside theirs, its popularity times how much they have.
 */
export const STRANGER_COLUMNS: readonly number[] = [
  ...AFFINITY_FEATURES.map((_, kind) => AFFINITY_AT + kind),
  ...MATCH_FEATURES.map((_, kind) => MATCH_AT + kind),
  CROSSED_AT,
  CROSSED_AT + 2,
];

/** Similarity below which items are strangers: keeps the logarithm finite. */
const STRANGERS = 1e-3;
/** A cycle shorter than this many days is a split order. */
const SHORTEST_CYCLE_DAYS = 3;

/**
 * Feature rows of candidates for one user.
 *
 * @param candidates vocabulary indices; null = all items in order
 * @param target receives [candidates × CANDIDATE_FEATURES], from `offset` on
 */
export function writeCandidates(
  state: ItemState,
  user: UserItems,
  { sums, matches }: Affinities,
  candidates: Int32Array | null,
  target: Float32Array,
  offset = 0,
): void {
  const size = state.vocabulary.size;
  const count = candidates?.length ?? size;
  const profile = describeProfile(state, user);
  const ownAt = new Int32Array(size).fill(-1);
  user.items.forEach((item, at) => (ownAt[item] = at));
  for (let row = 0; row < count; row++) {
    const item = candidates === null ? row : candidates[row];
    const start = offset + row * CANDIDATE_FEATURE_COUNT;
    const itemStart = item * ITEM_FEATURE_COUNT;
    for (let column = 0; column < ITEM_FEATURE_COUNT; column++) {
      target[start + column] = state.features[itemStart + column];
    }
    target.fill(0, start + ITEM_FEATURE_COUNT, start + CANDIDATE_FEATURE_COUNT);
    for (let kind = 0; kind < sums.length; kind++) {
      target[start + AFFINITY_AT + kind] = Math.log(sums[kind][item] + STRANGERS);
    }
    for (let kind = 0; kind < matches.length; kind++) target[start + MATCH_AT + kind] = matches[kind][item];
    const crossed = start + CROSSED_AT;
    const popular = target[start + BUYERS30];
    target[crossed] = priceMatch(state, profile, item);
    target[crossed + 2] = popular * profile.logItems;
    const at = ownAt[item];
    if (at < 0) continue;
    target[start + LOOKS] = Math.log1p(user.looks[at]);
    target[start + LOOKS + 1] = Math.log1p(user.looksDecayed[at]);
    const visits = user.orders[at] + user.looks[at];
    const seen = start + SEEN_AT;
    target[seen] = 1;
    target[seen + 1] = Math.log(visits);
    target[seen + 2] = Math.log(visits / profile.visits);
    target[seen + 3] = Math.log(visits) * popular;
    target[seen + 4] = popular;
    target[seen + 5] = profile.logItems;
    target[seen + 6] = target[start + TASTE_LIFT];
    if (user.orders[at] === 0) continue;
    const own = writeOwn(user, at, target, start + ITEM_FEATURE_COUNT);
    target[crossed + 1] = own * profile.logItems;
    target[crossed + 3] = profile.logItems;
    target[crossed + 4] = Math.log1p(user.lastOrderDays);
    target[crossed + 5] = profile.repeatShare;
    target[crossed + 6] = own * profile.repeatShare;
    target[crossed + 7] = Math.log(user.orderCount);
    target[crossed + 8] = popular;
    target[crossed + 9] = target[start + REBUY_SHARE];
    target[crossed + 10] = target[start + DAYS_UNSOLD];
  }
}

/**
 * The `STRANGER_COLUMNS` of all items for one user, as `writeCandidates` writes them.
 *
 * @param target receives [items × STRANGER_COLUMNS]
 */
export function writeStrangers(
  state: ItemState,
  user: UserItems,
  { sums, matches }: Affinities,
  target: Float32Array,
): void {
  const profile = describeProfile(state, user);
  const width = STRANGER_COLUMNS.length;
  const none = Math.log(STRANGERS);
  for (let item = 0; item < state.vocabulary.size; item++) {
    const start = item * width;
    for (let kind = 0; kind < sums.length; kind++) {
      const sum = sums[kind][item];
      target[start + kind] = sum === 0 ? none : Math.log(sum + STRANGERS);
    }
    const matched = start + sums.length;
    for (let kind = 0; kind < matches.length; kind++) target[matched + kind] = matches[kind][item];
    const crossed = matched + matches.length;
    target[crossed] = priceMatch(state, profile, item);
    target[crossed + 1] = state.features[item * ITEM_FEATURE_COUNT + BUYERS30] * profile.logItems;
  }
}

/** What is the same for all users whom an item is a stranger to: [items × CANDIDATE_FEATURES], `STRANGER_COLUMNS` as for nobody. */
export function strangerRows(state: ItemState): Float32Array {
  const zeros = () => new Float32Array(state.vocabulary.size);
  const nobody = { sums: AFFINITY_FEATURES.map(zeros), matches: MATCH_FEATURES.map(zeros) };
  const rows = new Float32Array(state.vocabulary.size * CANDIDATE_FEATURE_COUNT);
  writeCandidates(state, NOBODY, nobody, null, rows);
  return rows;
}

const NOBODY: UserItems = {
  items: new Int32Array(0),
  orders: new Float32Array(0),
  decayed: new Float32Array(0),
  looks: new Float32Array(0),
  looksDecayed: new Float32Array(0),
  lastDays: new Float32Array(0),
  firstDays: new Float32Array(0),
  recency: new Float32Array(0),
  orderCount: 0,
  lastOrderDays: 0,
};

function priceMatch(state: ItemState, profile: Profile, item: number): number {
  return profile.hasItems ? -Math.abs(state.logPrices[item] - profile.meanLogPrice) : 0;
}

interface Profile {
  readonly hasItems: boolean;
  readonly meanLogPrice: number;
  readonly logItems: number;
  /** Sum over the items of the visits in which each was bought or looked at. */
  readonly visits: number;
  /** Share of the user's purchases that were not the first of their item. */
  readonly repeatShare: number;
}

function describeProfile(state: ItemState, user: UserItems): Profile {
  const count = user.items.length;
  let prices = 0;
  let purchases = 0;
  let distinct = 0;
  let visits = 0;
  user.items.forEach((item, at) => {
    prices += state.logPrices[item];
    purchases += user.orders[at];
    visits += user.orders[at] + user.looks[at];
    if (user.orders[at] > 0) distinct++;
  });
  return {
    hasItems: count > 0,
    meanLogPrice: count > 0 ? prices / count : 0,
    logItems: Math.log(Math.max(count, 1)),
    visits,
    repeatShare: purchases > 0 ? (purchases - distinct) / purchases : 0,
  };
}

/** The features of an item that the user bought. Returns the first of them. */
function writeOwn(user: UserItems, at: number, target: Float32Array, start: number): number {
  const orders = user.orders[at];
  const last = user.lastDays[at];
  const own = Math.log1p(orders);
  target[start] = own;
  target[start + 1] = 1;
  DECAY_DAYS.forEach((_, decay) => {
    target[start + 2 + decay] = Math.log1p(user.decayed[at * DECAY_DAYS.length + decay]);
  });
  target[start + 5] = Math.log1p(last);
  if (orders > 1) {
    const cycleDays = (user.firstDays[at] - last) / (orders - 1);
    target[start + 6] = Math.min(last / Math.max(cycleDays, SHORTEST_CYCLE_DAYS), 4);
    target[start + 7] = 1;
  }
  target[start + 8] = orders / Math.max(user.orderCount, 1);
  target[start + 9] = last <= user.lastOrderDays + 1 ? 1 : 0;
  return own;
}
