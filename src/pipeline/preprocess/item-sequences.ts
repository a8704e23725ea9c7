import { type ShopHistory } from '../index.js';
import { isLiking } from './user-items.js';

/**
 * What a user liked one after another before a cut, the oldest first. An item that follows itself (looked at, put in the cart, bought) counts once.
 *
 * @param vocabularyOf [history.items] index into the vocabulary, or an index ≥ `size` for an unknown item, which is left out
 */
export function itemSequence(
  history: ShopHistory,
  user: number,
  cut: number,
  vocabularyOf: Int32Array,
  size: number,
): Int32Array {
  const { behaviours, userOffsets } = history;
  const sequence: number[] = [];
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    if (behaviours.occurredAt[row] >= cut) break;
    const item = behaviours.item[row];
    if (item < 0 || !isLiking(behaviours.type[row])) continue;
    const index = vocabularyOf[item];
    if (index < size && index !== sequence[sequence.length - 1]) sequence.push(index);
  }
  return Int32Array.from(sequence);
}

/** Windows of sequences, padded on the left. */
export interface SequenceWindows {
  readonly count: number;
  readonly length: number;
  /** [count × length] vocabulary indices; `padding` where there is nothing. */
  readonly items: Int32Array;
  /** [count] which sequence each window is of. */
  readonly sequence: Int32Array;
}

/**
 * Cuts sequences into windows of one length, from the end backwards, so that each item but a sequence's first stands in one window as
 * something to predict: neighbouring windows share one item.
 *
 * @param padding what fills up a window that begins before its sequence does
 */
export function sequenceWindows(
  sequences: readonly Int32Array[],
  length: number,
  padding: number,
): SequenceWindows {
  const windows: { sequence: number; end: number }[] = [];
  sequences.forEach((sequence, at) => {
    for (let end = sequence.length; end > 1; end -= length - 1) windows.push({ sequence: at, end });
  });
  const items = new Int32Array(windows.length * length).fill(padding);
  windows.forEach(({ sequence, end }, row) => {
    const part = sequences[sequence].subarray(Math.max(0, end - length), end);
    items.set(part, (row + 1) * length - part.length);
  });
  return {
    count: windows.length,
    length,
    items,
    sequence: Int32Array.from(windows, ({ sequence }) => sequence),
  };
}
