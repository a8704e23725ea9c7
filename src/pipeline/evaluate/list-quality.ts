/** What lists of recommendations are like beside being right: how much of the catalogue they show, how unlike their items are, and whether
 * they find more than what everybody buys. */

/** Share of the candidates that appear in at least one list. */
export function listCoverage(lists: readonly (readonly number[])[], candidates: number): number {
  const shown = new Set<number>();
  for (const list of lists) for (const item of list) shown.add(item);
  return shown.size / candidates;
}

/**
 * Intra-list diversity (Ziegler et al., WWW 2005): one minus the similarity of two items of a list, mean over the pairs of each list and over the
 * lists. Lists of fewer than two items are left out.
 *
 * @param similarity symmetric, 0 to 1
 * @returns NaN without a list of two items
 */
export function listDiversity(
  lists: readonly (readonly number[])[],
  similarity: (a: number, b: number) => number,
): number {
  let total = 0;
  let counted = 0;
  for (const list of lists) {
    if (list.length < 2) continue;
    let sum = 0;
    for (let a = 1; a < list.length; a++) for (let b = 0; b < a; b++) sum += 1 - similarity(list[a], list[b]);
    total += sum / ((list.length * (list.length - 1)) / 2);
    counted++;
  }
  return total / counted;
}

/**
 * Cosine of two items' buyers.
 *
 * @param buyers for each item its buyers, ascending
 */
export function buyerSimilarity(buyers: readonly ArrayLike<number>[]): (a: number, b: number) => number {
  return (a, b) => {
    const [left, right] = [buyers[a], buyers[b]];
    if (left.length === 0 || right.length === 0) return 0;
    let shared = 0;
    for (let i = 0, j = 0; i < left.length && j < right.length;) {
      if (left[i] === right[j]) {
        shared++;
        i++;
        j++;
      } else if (left[i] < right[j]) i++;
      else j++;
    }
    return shared / Math.sqrt(left.length * right.length);
  };
}

/** The most popular items that together make up `share` of all counts: 1 for the head, 0 for the tail; equal counts by index. */
export function headItems(counts: ArrayLike<number>, share = 0.5): Uint8Array {
  const order = Array.from(counts, (_, item) => item).sort((a, b) => counts[b] - counts[a] || a - b);
  const total = Array.from(counts).reduce((sum, count) => sum + count, 0);
  const isHead = new Uint8Array(counts.length);
  let reached = 0;
  for (const item of order) {
    if (reached >= share * total) break;
    isHead[item] = 1;
    reached += counts[item];
  }
  return isHead;
}

/** Share of the targets that their lists hold. @param lists, targets one each a user @returns NaN without a target */
export function listRecall(
  lists: readonly (readonly number[])[],
  targets: readonly ReadonlySet<number>[],
  isCounted: (item: number) => boolean = () => true,
): number {
  let found = 0;
  let all = 0;
  targets.forEach((own, at) => {
    const list = new Set(lists[at]);
    for (const item of own) {
      if (!isCounted(item)) continue;
      all++;
      if (list.has(item)) found++;
    }
  });
  return found / all;
}

/**
 * Novelty of a list (Vargas and Castells, RecSys 2011): mean self-information of its items, in bits; an item that half of the buyers bought
 * has one bit.
 *
 * @param popularity [items] share of the buyers who bought the item, above 0 (smoothed)
 * @returns NaN for an empty list
 */
export function itemNovelty(list: readonly number[], popularity: ArrayLike<number>): number {
  return list.reduce((sum, item) => sum - Math.log2(popularity[item]), 0) / list.length;
}

/**
 * Gini index of how often items are shown: 0 when all of the catalogue are shown equally often, near 1 when a few take everything.
 *
 * @param shown times that each item is shown; only items above zero matter beside the catalogue's size
 * @param catalogue number of items that could be shown
 */
export function giniIndex(shown: ArrayLike<number>, catalogue: number): number {
  const positive = Array.from(shown)
    .filter((times) => times > 0)
    .sort((a, b) => a - b);
  const total = positive.reduce((sum, times) => sum + times, 0);
  const never = Math.max(0, catalogue - positive.length);
  // Ranks of what is shown come after those of what never is.
  const ranked = positive.reduce((sum, times, at) => sum + (never + at + 1) * times, 0);
  return (2 * ranked) / (catalogue * total) - (catalogue + 1) / catalogue;
}
