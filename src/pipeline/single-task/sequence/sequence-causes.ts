import type { SequenceNetwork } from './sequence-network.js';

/** Items of the user that are left out one by one: the latest. */
const MOST_LEFT_OUT = 8;

/**
 * The item of the user's sequence that each item of a list is owed to: the one without which its probability of being the next falls most
 * (occlusion: Zeiler and Fergus, ECCV 2014, of items instead of pixels).
 *
 * @param sequence the user's items, the oldest first, as indices into the vocabulary
 * @param shown    items of the list
 * @returns by shown item; null where leaving out anything makes it no less probable
 */
export function causesOf(
  network: SequenceNetwork,
  length: number,
  sequence: Int32Array,
  shown: readonly number[],
): (number | null)[] {
  const latest = sequence.slice(-length);
  const own = [...new Set([...latest].reverse())].slice(0, MOST_LEFT_OUT);
  if (own.length === 0) return shown.map(() => null);
  const windows = new Int32Array((own.length + 1) * length).fill(network.padding);
  [null, ...own].forEach((left, row) => {
    const rest = latest.filter((item) => item !== left);
    windows.set(rest, (row + 1) * length - rest.length);
  });
  const logits = network.score(windows);
  const size = logits.length / (own.length + 1);
  const rows = Array.from({ length: own.length + 1 }, (_, row) =>
    logits.subarray(row * size, (row + 1) * size),
  );
  const totals = rows.map(logSumOfPowers);
  const logProbability = (row: number, item: number) => rows[row][item] - totals[row];
  return shown.map((item) => {
    const lost = own.map((_, at) => logProbability(0, item) - logProbability(at + 1, item));
    const most = Math.max(...lost);
    return most > 0 ? own[lost.indexOf(most)] : null;
  });
}

function logSumOfPowers(logits: Float32Array): number {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  return highest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
}
