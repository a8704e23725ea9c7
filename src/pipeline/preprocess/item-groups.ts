import type { ShopHistory } from '../index.js';
import { type ItemGroups, LARGEST_GROUP } from './co-occurrence.js';
import { isLiking, type UserItems } from './user-items.js';

/**
 * A group a user: what they took to, latest first. Straight into columns: an object for each item of each user would cost more than the history.
 *
 * @param weightOf weight of the item at a place of the user's
 */
export function userGroups(
  users: readonly UserItems[],
  weightOf: (user: UserItems, at: number) => number,
): ItemGroups {
  const offsets = new Int32Array(users.length + 1);
  users.forEach((user, at) => (offsets[at + 1] = offsets[at] + Math.min(user.items.length, LARGEST_GROUP)));
  const items = new Int32Array(offsets[users.length]);
  const weights = new Float32Array(items.length);
  users.forEach((user, group) => {
    const latest = Int32Array.from(user.items.keys()).sort(
      (a, b) => user.lastDays[a] - user.lastDays[b] || user.items[a] - user.items[b],
    );
    for (let member = 0; member < offsets[group + 1] - offsets[group]; member++) {
      const place = latest[member];
      items[offsets[group] + member] = user.items[place];
      weights[offsets[group] + member] = weightOf(user, place);
    }
  });
  return { offsets, items, weights };
}

/**
 * A group each order or visit before the cut: its different items, first come first. Those of one item bring no pair and are left out.
 *
 * @param vocabularyOf [history.items] index into the vocabulary, or an index ≥ `size` for an unknown item
 */
export function orderGroups(
  { behaviours }: ShopHistory,
  cut: number,
  vocabularyOf: Int32Array,
  size: number,
): ItemGroups {
  const { count, occurredAt, session, item, type } = behaviours;
  const isMember = (row: number) =>
    occurredAt[row] < cut &&
    session[row] >= 0 &&
    item[row] >= 0 &&
    isLiking(type[row]) &&
    vocabularyOf[item[row]] < size;
  let sessions = 0;
  for (let row = 0; row < count; row++) sessions = Math.max(sessions, session[row] + 1);
  const starts = new Int32Array(sessions + 1);
  for (let row = 0; row < count; row++) if (isMember(row)) starts[session[row] + 1]++;
  for (let at = 0; at < sessions; at++) starts[at + 1] += starts[at];
  const next = starts.slice();
  const members = new Int32Array(starts[sessions]);
  for (let row = 0; row < count; row++)
    if (isMember(row)) members[next[session[row]]++] = vocabularyOf[item[row]];
  return differentItems(starts, members, size);
}

/** Leaves each item of a group in it once, and groups of one item out. Works in place. */
function differentItems(starts: Int32Array, members: Int32Array, size: number): ItemGroups {
  const offsets = [0];
  const seenIn = new Int32Array(size).fill(-1);
  let kept = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    const from = kept;
    for (let at = starts[group]; at < starts[group + 1] && kept - from < LARGEST_GROUP; at++) {
      if (seenIn[members[at]] === group) continue;
      seenIn[members[at]] = group;
      members[kept++] = members[at];
    }
    if (kept - from > 1) offsets.push(kept);
    else kept = from;
  }
  const items = members.slice(0, kept);
  return { offsets: Int32Array.from(offsets), items, weights: new Float32Array(kept).fill(1) };
}
