import type { HistoryItem } from '../index.js';
import { type ItemGroups, type Neighbours, neighbours } from './co-occurrence.js';
import { hashedTerms, TERM_BUCKETS } from './title-terms.js';

/** Items' texts as sparse vectors of length 1 (0 for an item without any text). */
export interface TitleVectors {
  /** [items + 1] terms of item i are those from offsets[i] up to offsets[i + 1]. */
  readonly offsets: Int32Array;
  /** Buckets of the terms. */
  readonly terms: Int32Array;
  readonly values: Float32Array;
  /** [TERM_BUCKETS] how rare a term is among the items that the vectors were made from. */
  readonly rarity: Float32Array;
}

/** Neighbours by text kept of each item. */
const NEIGHBOURS_KEPT = 50;
/** Terms of more items than this tell little of which two are alike, and would cost the square. */
export const COMMONEST_TERM = 500;

/** Vectors of items, with the rarity of terms among these items: those known before a cut, so that nothing of later ones counts. */
export function titleVectors(items: readonly HistoryItem[]): TitleVectors {
  return encodeTitles(items, rarityOf(items));
}

/** Vectors of any items by a rarity that is known: new items, or one whose title changed, cost their own terms alone. */
export function encodeTitles(items: readonly HistoryItem[], rarity: Float32Array): TitleVectors {
  const hashed = items.map(hashedTerms);
  const offsets = new Int32Array(items.length + 1);
  hashed.forEach(({ buckets }, at) => (offsets[at + 1] = offsets[at] + buckets.length));
  const terms = new Int32Array(offsets[items.length]);
  const values = new Float32Array(terms.length);
  hashed.forEach(({ buckets, weights }, at) => {
    const own = Float64Array.from(buckets, (bucket, term) => Math.log1p(weights[term]) * rarity[bucket]);
    const length = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    terms.set(buckets, offsets[at]);
    values.set(
      own.map((value) => value / length),
      offsets[at],
    );
  });
  return { offsets, terms, values, rarity };
}

/** log((1 + items) / (1 + items with the term)) + 1: [TERM_BUCKETS] (Salton and Buckley, 1988, smoothed). */
function rarityOf(items: readonly HistoryItem[]): Float32Array {
  const counts = new Float64Array(TERM_BUCKETS);
  for (const item of items) for (const bucket of hashedTerms(item).buckets) counts[bucket]++;
  return Float32Array.from(counts, (count) => Math.log((1 + items.length) / (1 + count)) + 1);
}

/** The items that are most alike by text, from the terms that are not common. */
export function titleNeighbours({ offsets, terms, values }: TitleVectors): Neighbours {
  const items = offsets.length - 1;
  const width = Math.min(NEIGHBOURS_KEPT, Math.max(1, items - 1));
  const counts = new Int32Array(TERM_BUCKETS);
  for (const term of terms) counts[term]++;
  const starts = new Int32Array(TERM_BUCKETS + 1);
  counts.forEach((count, term) => {
    starts[term + 1] = starts[term] + (count <= COMMONEST_TERM ? count : 0);
  });
  const groups: ItemGroups & { items: Int32Array; weights: Float32Array } = {
    offsets: starts,
    items: new Int32Array(starts[TERM_BUCKETS]),
    weights: new Float32Array(starts[TERM_BUCKETS]),
  };
  const next = starts.slice();
  for (let item = 0; item < items; item++) {
    for (let at = offsets[item]; at < offsets[item + 1]; at++) {
      const term = terms[at];
      if (starts[term + 1] === starts[term]) continue;
      groups.items[next[term]] = item;
      groups.weights[next[term]++] = values[at];
    }
  }
  // Lengths are 1 but for common terms; the little that is added keeps items of hardly a rare term from being anybody's twin.
  return neighbours(groups, items, { shrinkage: 0.1, width });
}

/** Two sums of a few vectors by term, side by side; all zeros between calls. */
const profiles = new Float32Array(2 * TERM_BUCKETS);

/**
 * Cosine of every item's vector with the sum of some items', and with their sum weighted: [items] each; 0 where either has no terms. Both in one
 * pass over the terms, which is most of the work.
 *
 * @param weights [items named] 0 or more
 */
export function titleMatches(
  { offsets, terms, values }: TitleVectors,
  items: Int32Array,
  weights: Float32Array,
): [plain: Float32Array, weighted: Float32Array] {
  const plain = new Float32Array(offsets.length - 1);
  const weighted = new Float32Array(plain.length);
  for (let place = 0; place < items.length; place++) {
    for (let at = offsets[items[place]]; at < offsets[items[place] + 1]; at++) {
      profiles[2 * terms[at]] += values[at];
      profiles[2 * terms[at] + 1] += weights[place] * values[at];
    }
  }
  for (let item = 0; item < plain.length; item++) {
    let product = 0;
    let weightedProduct = 0;
    for (let at = offsets[item]; at < offsets[item + 1]; at++) {
      const term = 2 * terms[at];
      product += values[at] * profiles[term];
      weightedProduct += values[at] * profiles[term + 1];
    }
    plain[item] = product;
    weighted[item] = weightedProduct;
  }
  // A sum's squared length is the sum of its products with what it is made of.
  let squares = 0;
  let weightedSquares = 0;
  for (let place = 0; place < items.length; place++) {
    squares += plain[items[place]];
    weightedSquares += weights[place] * weighted[items[place]];
    for (let at = offsets[items[place]]; at < offsets[items[place] + 1]; at++)
      profiles[2 * terms[at]] = profiles[2 * terms[at] + 1] = 0;
  }
  divide(plain, Math.sqrt(squares));
  divide(weighted, Math.sqrt(weightedSquares));
  return [plain, weighted];
}

function divide(values: Float32Array, by: number): void {
  if (by > 0) for (let at = 0; at < values.length; at++) values[at] /= by;
}
