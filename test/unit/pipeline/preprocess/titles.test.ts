import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { HistoryItem } from '../../../../src/pipeline/index.js';
import {
  bucketOf,
  categoryLifts,
  categoryTree,
  encodeTitles,
  hashedTerms,
  nodeTotals,
  TERM_BUCKETS,
  termsOf,
  titleMatches,
  titleNeighbours,
  titleVectors,
  wordsOf,
} from '../../../../src/pipeline/preprocess/index.js';

const itemOf = (title: string, category: string[] = []): HistoryItem => ({
  id: title,
  title,
  category,
  price: 1,
  available: true,
  attributes: {},
});
const RUNS = { numRuns: 30 };
const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const shopItems = fc.array(fc.tuple(text, fc.array(text, { maxLength: 2 })), { minLength: 1, maxLength: 12 });
const items = shopItems.map((rows) => rows.map(([title, category]) => itemOf(title, category)));

describe('words of a title', () => {
  test('are the same however accents are written, and in whichever case', () => {
    expect(wordsOf('CAFÉ au-lait, 2 Größen!')).toEqual(['cafe', 'au', 'lait', '2', 'großen']);
    fc.assert(fc.property(text, (title) => expect(wordsOf(title.normalize('NFC'))).toEqual(wordsOf(title))));
  });

  test('are there in any script', () => {
    expect(wordsOf('Чайник синий')).toEqual(['чаиник', 'синии']);
    expect(wordsOf('青い マグ')).toEqual(['青い', 'マク']);
    expect(wordsOf('—!… 🎁')).toEqual([]);
  });

  test('are bounded for texts of any length', () => {
    const long = `${'x'.repeat(10_000)} `.repeat(100);
    expect(wordsOf(long)).toHaveLength(32);
    expect(wordsOf(long).every((word) => word.length === 32)).toBe(true);
  });
});

describe('terms', () => {
  test('are words, pairs, n-grams and categories', () => {
    expect([...termsOf({ title: 'Red mug', category: ['Kitchen'] }).keys()]).toEqual([
      'w red',
      'n <red',
      'n red>',
      'w mug',
      'p red mug',
      'n <mug',
      'n mug>',
      'c kitchen',
    ]);
    expect(termsOf({ title: '', category: [] }).size).toBe(0);
  });

  test('keep their buckets from version to version: models are saved by them', () => {
    expect(['w red', 'p red mug', 'n <mug', 'c kitchen'].map(bucketOf)).toEqual([56147, 51715, 53252, 13167]);
  });

  test('lie in the buckets that there are, each once and in order', () => {
    fc.assert(
      fc.property(text, (title) => {
        const { buckets, weights } = hashedTerms(itemOf(title));
        expect(buckets.length).toBeLessThanOrEqual(termsOf({ title, category: [] }).size);
        buckets.forEach((bucket, at) => {
          expect(bucket).toBeLessThan(TERM_BUCKETS);
          expect(bucket).toBeGreaterThan(at > 0 ? buckets[at - 1] : -1);
          expect(weights[at]).toBeGreaterThan(0);
        });
      }),
      RUNS,
    );
  });
});

describe('vectors of titles', () => {
  test('have length 1, or none without text', () => {
    fc.assert(
      fc.property(items, (all) => {
        const { offsets, values } = titleVectors(all);
        all.forEach((item, at) => {
          const own = values.subarray(offsets[at], offsets[at + 1]);
          const squares = own.reduce((sum, value) => sum + value * value, 0);
          expect(Math.abs(squares - (termsOf(item).size > 0 ? 1 : 0))).toBeLessThan(1e-5);
        });
      }),
      RUNS,
    );
  });

  test('of one item are the same to the bit, encoded with the others or later alone', () => {
    fc.assert(
      fc.property(items, (all) => {
        const { offsets, terms, values, rarity } = titleVectors(all);
        all.forEach(({ title, category }, at) => {
          const alone = encodeTitles([itemOf(title, [...category])], rarity);
          expect(alone.terms).toEqual(terms.slice(offsets[at], offsets[at + 1]));
          expect(alone.values).toEqual(values.slice(offsets[at], offsets[at + 1]));
        });
      }),
      RUNS,
    );
  });

  test('match profiles by the cosine', () => {
    fc.assert(
      fc.property(items, (all) => {
        const vectors = titleVectors(all);
        const one = [Int32Array.of(0), Float32Array.of(3)] as const;
        const [matches, weighted] = titleMatches(vectors, ...one);
        weighted.forEach((match, item) => expect(match).toBeCloseTo(matches[item], 5));
        const hasText = termsOf(all[0]).size > 0;
        expect(matches[0]).toBeCloseTo(hasText ? 1 : 0, 5);
        for (const match of matches) {
          expect(match).toBeGreaterThanOrEqual(0);
          expect(match).toBeLessThan(1 + 1e-5);
        }
        // An item of no weight is as good as not there; and nothing of one call is left for the next.
        const last = all.length - 1;
        const two = titleMatches(vectors, Int32Array.of(0, last), Float32Array.of(3, 0));
        two[1].forEach((match, item) => expect(match).toBeCloseTo(weighted[item], 5));
        expect(titleMatches(vectors, ...one)).toEqual([matches, weighted]);
      }),
      RUNS,
    );
  });

  test('rare words count for more, and forms of a word are related', () => {
    const all = ['set of mugs', 'set of pans', 'set of lamps', 'large mug', 'set of towels'].map((title) =>
      itemOf(title),
    );
    const vectors = titleVectors(all);
    const [mugs] = titleMatches(vectors, Int32Array.of(3), Float32Array.of(1));
    expect(mugs[0]).toBeGreaterThan(0.05);
    expect([...mugs.subarray(1, 3)]).toEqual([0, 0]);
    const { values, offsets, terms } = vectors;
    const valueOf = (term: string) => {
      const from = offsets[0];
      return values[from + terms.subarray(from, offsets[1]).indexOf(bucketOf(term))];
    };
    expect(valueOf('w mugs')).toBeGreaterThan(1.5 * valueOf('w set'));
  });

  test('have as neighbours what is most alike, best first', () => {
    fc.assert(
      fc.property(items, (all) => {
        const vectors = titleVectors(all);
        const { width, items: near, scores } = titleNeighbours(vectors);
        all.forEach((_, item) => {
          const [own] = titleMatches(vectors, Int32Array.of(item), Float32Array.of(1));
          for (let at = item * width; at < (item + 1) * width && near[at] >= 0; at++) {
            expect(near[at]).not.toBe(item);
            expect(scores[at]).toBeLessThan(own[near[at]] + 1e-5);
            if (at > item * width) expect(scores[at]).toBeLessThanOrEqual(scores[at - 1]);
          }
        });
      }),
      RUNS,
    );
  });
});

describe('lift of categories', () => {
  const tree = categoryTree([
    { category: ['Garden', 'pots'] },
    { category: ['Garden', 'tools'] },
    { category: ['Toys'] },
    { category: [] },
  ]);
  const totals = nodeTotals(tree, [10, 10, 20, 0]);

  test('is nothing for nobody, and where there is one category', () => {
    expect([...categoryLifts(tree, totals, new Int32Array(0))]).toEqual([0, 0, 0, 0]);
    const one = categoryTree([{ category: ['Toys'] }, { category: ['Toys'] }]);
    const lifts = categoryLifts(one, nodeTotals(one, [3, 1]), Int32Array.of(0, 1));
    lifts.forEach((lift) => expect(lift).toBeCloseTo(0, 6));
  });

  test('goes down the path, each level shrunk by a prior of four choices', () => {
    const lifts = categoryLifts(tree, totals, Int32Array.of(0));
    // Garden: a half of everybody's, one of one choice; pots: a half of Garden's.
    const level = Math.log((1 / 0.5 + 4) / 5);
    expect(lifts[0]).toBeCloseTo(2 * level, 5);
    expect(lifts[1]).toBeCloseTo(level + Math.log(4 / 5), 5);
    expect(lifts[2]).toBeCloseTo(Math.log(4 / 5), 5);
    expect(lifts[3]).toBe(0);
  });
});
