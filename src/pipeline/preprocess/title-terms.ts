/** Terms of an item's text: words, pairs of words, n-grams of characters and names of categories, hashed into so many buckets. */
import { hashText } from '../../nn/random.js';
import type { HistoryItem } from '../index.js';

/** Terms share this many buckets, however many different ones there are. */
export const TERM_BUCKETS = 2 ** 16;
/** Longer texts are cut off, so that no item costs more than another by orders. */
const MOST_WORDS = 32;
const LONGEST_WORD = 32;
const NGRAM = 4;
/** The n-grams of a word together weigh less than the word: they tell it from others in fewer cases. */
const NGRAM_WEIGHT = 0.5;
const PAIR_WEIGHT = 0.5;

/** Terms of one text, a bucket once, ascending. */
export interface HashedTerms {
  /** [terms] in 0 to TERM_BUCKETS - 1 */
  readonly buckets: Int32Array;
  /** [terms] how much a term weighs before rarity counts, above 0. */
  readonly weights: Float32Array;
}

/** Words of a text in lower case and without accents, in any script; at most 32, each of at most 32 characters. */
export function wordsOf(text: string): string[] {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
  const words: string[] = [];
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+/gu)) {
    words.push([...word].slice(0, LONGEST_WORD).join(''));
    if (words.length === MOST_WORDS) break;
  }
  return words;
}

/**
 * Words, neighbouring words, and the n-grams of each word's characters between its ends (Bojanowski et al., 2017), which relate words of one
 * stem without a list of endings for each language; category names as terms of their own kind.
 */
export function termsOf({ title, category }: Pick<HistoryItem, 'title' | 'category'>): Map<string, number> {
  const terms = new Map<string, number>();
  const add = (term: string, weight: number) => terms.set(term, (terms.get(term) ?? 0) + weight);
  const words = wordsOf(title);
  words.forEach((word, at) => {
    add(`w ${word}`, 1);
    if (at > 0) add(`p ${words[at - 1]} ${word}`, PAIR_WEIGHT);
    const characters = [...`<${word}>`];
    const count = characters.length - NGRAM + 1;
    for (let from = 0; from < count; from++)
      add(`n ${characters.slice(from, from + NGRAM).join('')}`, NGRAM_WEIGHT);
  });
  for (const name of category) {
    const named = wordsOf(name).join(' ');
    if (named !== '') add(`c ${named}`, 1);
  }
  return terms;
}

const cache = new WeakMap<HistoryItem, HashedTerms>();

/** Terms of an item by bucket; worked out once for each item object. Colliding terms add up. */
export function hashedTerms(item: HistoryItem): HashedTerms {
  const known = cache.get(item);
  if (known) return known;
  const byBucket = new Map<number, number>();
  for (const [term, weight] of termsOf(item)) {
    const bucket = bucketOf(term);
    byBucket.set(bucket, (byBucket.get(bucket) ?? 0) + weight);
  }
  const buckets = Int32Array.from(byBucket.keys()).sort();
  const hashed = { buckets, weights: Float32Array.from(buckets, (bucket) => byBucket.get(bucket)!) };
  cache.set(item, hashed);
  return hashed;
}

/** FNV-1a, whose low bits are mixed by the last steps of MurmurHash3 (Appleby, 2011). The same in every version: models are kept by it. */
export function bucketOf(term: string): number {
  let hash = hashText(term);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % TERM_BUCKETS;
}
