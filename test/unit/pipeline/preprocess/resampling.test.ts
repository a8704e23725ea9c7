import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { resampleRows } from '../../../../src/pipeline/preprocess/index.js';
import { RESAMPLING_METHODS } from '../../../../src/tasks/index.js';

const WIDTH = 3;
/** Rows of two measures and a flag; both classes there. */
const samples = fc
  .array(
    fc.record({
      x: fc.float({ min: -3, max: 3, noNaN: true }),
      y: fc.float({ min: -3, max: 3, noNaN: true }),
      flag: fc.constantFrom(-1, 2),
      label: fc.constantFrom(0, 0, 0, 1),
    }),
    { minLength: 4, maxLength: 40 },
  )
  .map((rows) => ({
    features: Float32Array.from(rows.flatMap(({ x, y, flag }) => [x, y, flag])),
    labels: Float32Array.from(rows, ({ label }, at) => (at === 0 ? 1 : at === 1 ? 0 : label)),
  }));
type Rows = { features: Float32Array; labels: Float32Array };
const rowOf = ({ features }: Rows, row: number) => [...features.subarray(row * WIDTH, (row + 1) * WIDTH)];
const ofLabel = (rows: Rows, label: number) =>
  [...rows.labels.keys()].filter((row) => rows.labels[row] === label).map((row) => rowOf(rows, row));
const count = (rows: Rows, label: number) => ofLabel(rows, label).length;
const options = { width: WIDTH, seed: 3 };

test.each(RESAMPLING_METHODS)(
  '%s: rows, labels and weights are of one length; the seed decides',
  (method) => {
    fc.assert(
      fc.property(samples, (rows) => {
        const made = resampleRows(method, rows, options);
        expect(made.features).toHaveLength(made.labels.length * WIDTH);
        expect(made.weights).toHaveLength(made.labels.length);
        expect(resampleRows(method, rows, options)).toEqual(made);
        const weighed = made.labels.reduce((sum, label, at) => sum + label * made.weights[at], 0);
        const total = made.weights.reduce((sum, weight) => sum + weight, 0);
        expect(weighed / total).toBeCloseTo(made.taughtRate, 5);
        expect(total / made.labels.length).toBeCloseTo(1, 5);
      }),
    );
  },
);

test('class weights by hand: a yes among four counts twice, each no two thirds', () => {
  const rows = { features: new Float32Array(4 * WIDTH), labels: Float32Array.of(0, 1, 0, 0) };
  const { weights, taughtRate } = resampleRows('CLASS_WEIGHTS', rows, options);
  [2 / 3, 2, 2 / 3, 2 / 3].forEach((weight, at) => expect(weights[at]).toBeCloseTo(weight, 6));
  expect(taughtRate).toBe(0.5);
});

test.each(['OVERSAMPLE', 'UNDERSAMPLE', 'SMOTE'] as const)('%s makes the classes of one size', (method) => {
  fc.assert(
    fc.property(samples, (rows) => {
      const made = resampleRows(method, rows, options);
      const [few, many] = [count(rows, 0), count(rows, 1)].sort((a, b) => a - b);
      expect(count(made, 0)).toBe(method === 'UNDERSAMPLE' ? few : many);
      expect(count(made, 1)).toBe(count(made, 0));
      // The given rows come first and as they are, unless some are left out.
      if (method !== 'UNDERSAMPLE')
        expect(made.features.subarray(0, rows.features.length)).toEqual(rows.features);
      for (const label of [0, 1]) {
        const known = ofLabel(rows, label).map((row) => row.join());
        if (method !== 'SMOTE') for (const row of ofLabel(made, label)) expect(known).toContain(row.join());
      }
    }),
  );
});

describe('SMOTE', () => {
  test('draws between a row and a near one of its own class; a flag stays a flag', () => {
    fc.assert(
      fc.property(samples, (rows) => {
        const made = resampleRows('SMOTE', rows, options);
        const rare = count(rows, 1) <= count(rows, 0) ? 1 : 0;
        const own = ofLabel(rows, rare);
        for (let row = rows.labels.length; row < made.labels.length; row++) {
          expect(made.labels[row]).toBe(rare);
          const [x, y, flag] = rowOf(made, row);
          expect(own.map((known) => known[2])).toContain(flag);
          // On the segment between two of its class: the same share of the way in both measures.
          const isBetween = own.some((from) =>
            own.some((to) => {
              const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
              const length = dx * dx + dy * dy;
              const share = length === 0 ? 0 : ((x - from[0]) * dx + (y - from[1]) * dy) / length;
              const off = Math.hypot(x - from[0] - share * dx, y - from[1] - share * dy);
              return off < 1e-4 && share > -1e-4 && share < 1 + 1e-4;
            }),
          );
          expect(isBetween).toBe(true);
        }
      }),
    );
  });

  test('looks no farther than the five nearest: two far groups never meet', () => {
    // Six rare rows about x = 0 and six about x = 10, among 60 others.
    const rare = [0, 10].flatMap((middle) =>
      [0, 1, 2, 3, 4, 5].map((at) => [middle + at / 10, at / 10, at % 3]),
    );
    const others = Array.from({ length: 60 }, (_, at) => [5, at / 60, at % 3]);
    const rows = {
      features: Float32Array.from([...rare, ...others].flat()),
      labels: Float32Array.from([...rare, ...others], (_, at) => (at < 12 ? 1 : 0)),
    };
    const made = resampleRows('SMOTE', rows, options);
    const added = ofLabel(made, 1).slice(12);
    expect(added).toHaveLength(48);
    for (const [x] of added) expect(x < 0.51 || x > 9.99).toBe(true);
    expect(added.some(([x]) => x < 1) && added.some(([x]) => x > 9)).toBe(true);
    expect(new Set(added.map((row) => row.join())).size).toBeGreaterThan(40);
  });

  test('a class of a single row is repeated', () => {
    const rows = { features: Float32Array.of(1, 2, 3, 0, 0, 0, 5, 5, 5), labels: Float32Array.of(1, 0, 0) };
    expect(ofLabel(resampleRows('SMOTE', rows, options), 1)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
  });
});

test('rows of one class only come back as they are', () => {
  const rows = { features: Float32Array.of(1, 2, 3, 4, 5, 6), labels: Float32Array.of(1, 1) };
  for (const method of RESAMPLING_METHODS) {
    expect(resampleRows(method, rows, options)).toMatchObject({ ...rows, taughtRate: 1 });
  }
});
