/** What items are, apart from who bought them: words of the title, category, price. Known also of what was never sold. */
import type { HistoryItem } from '../../index.js';
import { Vocabulary } from '../../preprocess/index.js';

export const WORDS = 12;
export const LEVELS = 3;
/** Titles' words by hash: two may share a row. */
export const WORD_BUCKETS = 4096;

/** Columns of items, one after another. */
export interface ItemContent {
  /** [items × WORDS] 1 + bucket of each word; 0 = none. */
  readonly words: Int32Array;
  /** [items × LEVELS] 1 + index of the category's first levels, `vocabulary.size + 1` for an unknown one; 0 = none. */
  readonly categories: Int32Array;
  /** [items × 2] logarithm of the price, standardised, and 1 where there is one. */
  readonly prices: Float32Array;
}

/** How content becomes columns; kept with a model. */
export interface ContentCodes {
  /** Paths of categories, levels joined by ' > '. */
  readonly categories: readonly string[];
  readonly meanLogPrice: number;
  readonly deviation: number;
}

const pathsOf = ({ category }: HistoryItem): string[] =>
  category.slice(0, LEVELS).map((_, level) => category.slice(0, level + 1).join(' > '));

export function fitContent(items: readonly HistoryItem[]): ContentCodes {
  const logs = items.flatMap(({ price }) => (price > 0 ? [Math.log(price)] : []));
  const mean = logs.reduce((sum, log) => sum + log, 0) / Math.max(1, logs.length);
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / Math.max(1, logs.length);
  return {
    categories: [...new Set(items.flatMap(pathsOf))].sort(),
    meanLogPrice: mean,
    deviation: Math.sqrt(variance) || 1,
  };
}

export function itemContent(items: readonly HistoryItem[], codes: ContentCodes): ItemContent {
  const vocabulary = new Vocabulary(codes.categories);
  const content = {
    words: new Int32Array(items.length * WORDS),
    categories: new Int32Array(items.length * LEVELS),
    prices: new Float32Array(items.length * 2),
  };
  items.forEach((item, at) => {
    wordsOf(item.title).forEach((word, place) => {
      content.words[at * WORDS + place] = 1 + (hashOf(word) % WORD_BUCKETS);
    });
    pathsOf(item).forEach((path, place) => {
      content.categories[at * LEVELS + place] = 1 + vocabulary.indexOf(path);
    });
    if (item.price > 0)
      content.prices.set([(Math.log(item.price) - codes.meanLogPrice) / codes.deviation, 1], at * 2);
  });
  return content;
}

/** The first different words of a title. */
function wordsOf(title: string): string[] {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(words)].slice(0, WORDS);
}

/** 32-bit FNV-1a (Fowler, Noll, Vo) of the UTF-16 units. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
