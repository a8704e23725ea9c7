import type { ShopHistory } from '../index.js';
import { TERM_BUCKETS } from './title-terms.js';
import { COMMONEST_TERM, encodeTitles, type TitleVectors } from './title-vectors.js';
import type { Vocabulary } from './vocabulary.js';

/** Items of the catalogue that nobody has taken to yet: known by their text alone. */
export interface ColdItems {
  /** The shop's ids. */
  readonly ids: readonly string[];
  readonly width: number;
  /** [cold items × width] the items of the state whose texts are most alike, best first; -1 for none. */
  readonly neighbours: Int32Array;
  /** [cold items × width] cosine of the texts, above 0. */
  readonly similarities: Float32Array;
}

/** Where every item that there is has behaviours, or serving is not at hand. */
export const NO_COLD_ITEMS: ColdItems = {
  ids: [],
  width: 1,
  neighbours: new Int32Array(0),
  similarities: new Float32Array(0),
};

/** So many of the most alike speak for a cold item. */
const WIDTH = 10;

/**
 * The available items of a catalogue that a state does not hold, each beside those of the state that are most alike by text, common
 * terms apart.
 *
 * @param history with the whole catalogue; its behaviours are not read
 */
export function coldItems(
  history: Pick<ShopHistory, 'items'>,
  { vocabulary, titles }: { readonly vocabulary: Vocabulary; readonly titles: TitleVectors },
): ColdItems {
  const items = history.items.filter(({ id, available }) => available && !vocabulary.has(id));
  const cold = encodeTitles(items, titles.rarity);
  const postings = postingsOf(titles.offsets, titles.terms);
  const neighbours = new Int32Array(items.length * WIDTH).fill(-1);
  const similarities = new Float32Array(items.length * WIDTH);
  const products = new Float64Array(vocabulary.size);
  items.forEach((_, item) => {
    const touched: number[] = [];
    for (let at = cold.offsets[item]; at < cold.offsets[item + 1]; at++) {
      const term = cold.terms[at];
      const [from, to] = [postings.offsets[term], postings.offsets[term + 1]];
      if (to - from > COMMONEST_TERM) continue;
      for (let place = from; place < to; place++) {
        const known = postings.items[place];
        if (products[known] === 0) touched.push(known);
        products[known] += cold.values[at] * titles.values[postings.places[place]];
      }
    }
    touched.sort((a, b) => products[b] - products[a] || a - b);
    touched.slice(0, WIDTH).forEach((known, place) => {
      neighbours[item * WIDTH + place] = known;
      similarities[item * WIDTH + place] = products[known];
    });
    for (const known of touched) products[known] = 0;
  });
  return { ids: items.map(({ id }) => id), width: WIDTH, neighbours, similarities };
}

/** By term: the items with it, and where in the vectors it stands. */
function postingsOf(offsets: Int32Array, terms: Int32Array) {
  const starts = new Int32Array(TERM_BUCKETS + 1);
  for (const term of terms) starts[term + 1]++;
  for (let term = 0; term < TERM_BUCKETS; term++) starts[term + 1] += starts[term];
  const next = starts.slice();
  const items = new Int32Array(terms.length);
  const places = new Int32Array(terms.length);
  for (let item = 0; item + 1 < offsets.length; item++)
    for (let at = offsets[item]; at < offsets[item + 1]; at++) {
      const to = next[terms[at]]++;
      items[to] = item;
      places[to] = at;
    }
  return { offsets: starts, items, places };
}

/**
 * Scores of cold items from those of the items like them, on the scale of log-probabilities: the mean over the most alike, weighted by their
 * similarity, and the logarithm of the nearest one's similarity beside it, so that what is like nothing known comes last.
 *
 * @param scores [items of the state]
 * @returns [cold items]; -Infinity for one whose text says nothing
 */
export function scoreCold(
  { ids, width, neighbours, similarities }: ColdItems,
  scores: Float32Array,
): Float32Array {
  return Float32Array.from(ids, (_, item) => {
    let sum = 0;
    let total = 0;
    for (let at = item * width; at < (item + 1) * width && neighbours[at] >= 0; at++) {
      sum += similarities[at] * scores[neighbours[at]];
      total += similarities[at];
    }
    return total > 0 ? sum / total + Math.log(Math.min(1, similarities[item * width])) : -Infinity;
  });
}
