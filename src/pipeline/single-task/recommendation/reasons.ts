import { BEHAVIOUR_CODE, type RankReason, type UserRequest } from '../../index.js';
import {
  ITEM_FEATURE_COUNT,
  ITEM_FEATURES,
  type ItemState,
  type Neighbours,
  type UserItems,
} from '../../preprocess/index.js';

const TREND30 = ITEM_FEATURES.indexOf('trend30');
/** Similarity from which "because you bought" is worth saying: of a hundred pairs of items a few reach it. */
const TELLING_SIMILARITY = 0.05;
/** Twice the buyers of the month before. */
const TRENDING = Math.log(2);

/** Why an item is shown to a user: a habit, the item of theirs that it goes with best, a trend, or its popularity. */
export function reasonOf(state: ItemState, user: UserItems, item: number): RankReason {
  const { ids } = state.vocabulary;
  const at = user.items.indexOf(item);
  if (at >= 0 && user.orders[at] > 0) return { kind: 'BOUGHT_REGULARLY', itemId: null };
  const cause = closestItem(state, user, item);
  if (cause && cause.similarity >= TELLING_SIMILARITY) {
    return {
      kind: user.orders[cause.at] > 0 ? 'BOUGHT_TOGETHER' : 'SIMILAR',
      itemId: ids[user.items[cause.at]],
    };
  }
  if (state.features[item * ITEM_FEATURE_COUNT + TREND30] >= TRENDING)
    return { kind: 'TRENDING', itemId: null };
  return cause ? { kind: 'FOR_YOU', itemId: ids[user.items[cause.at]] } : { kind: 'POPULAR', itemId: null };
}

/** The user's item that is most similar to an item, lately used ones first in doubt. */
function closestItem(
  state: ItemState,
  user: UserItems,
  item: number,
): { at: number; similarity: number } | null {
  let best: { at: number; similarity: number } | null = null;
  user.items.forEach((own, at) => {
    const similarity = (similarityOf(state.byUsers, own, item) + similarityOf(state.byOrders, own, item)) / 2;
    if (similarity > (best?.similarity ?? 0)) best = { at, similarity };
  });
  return best;
}

function similarityOf({ width, items, scores }: Neighbours, from: number, to: number): number {
  for (let at = from * width; at < (from + 1) * width; at++) {
    if (items[at] === to) return scores[at];
  }
  return 0;
}

/** Why an item without behaviours is shown: the user's item that is most like it by text, where one of theirs is. */
export function coldReasonOf({ vocabulary, cold }: ItemState, user: UserItems, item: number): RankReason {
  for (let at = item * cold.width; item >= 0 && at < (item + 1) * cold.width; at++) {
    if (user.items.includes(cold.neighbours[at]))
      return { kind: 'SIMILAR', itemId: vocabulary.ids[cold.neighbours[at]] };
  }
  return { kind: 'FOR_YOU', itemId: null };
}

/** Ids of the items that a user bought before `asOf`, also of those that no ranker knows. */
export function boughtOf({ history, asOf }: UserRequest, user: number): Set<string> {
  const { behaviours, userOffsets, items } = history;
  const bought = new Set<string>();
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    if (behaviours.occurredAt[row] >= asOf) break;
    const isPurchase = behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE;
    if (isPurchase && behaviours.item[row] >= 0) bought.add(items[behaviours.item[row]].id);
  }
  return bought;
}
