import { expect, test } from '@jest/globals';
import fc from 'fast-check';

import { JsonLineSplitter } from '../../../../src/pipeline/collect/json-lines.js';

function split(pieces: readonly string[]) {
  const splitter = new JsonLineSplitter();
  return [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
}

/** The text cut at these places. */
function piecesOf(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((to, at) => text.slice(places[at], to));
}

const object = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });

test('objects come back as they were, whatever the pieces, and blank lines count as lines', () => {
  fc.assert(
    fc.property(fc.array(fc.option(object, { nil: null })), fc.array(fc.nat()), (objects, cuts) => {
      const text = objects.map((value) => (value === null ? ' ' : JSON.stringify(value))).join('\n');
      const records = split(piecesOf(text, cuts));
      const expected = objects.flatMap((value, at) =>
        value === null || JSON.stringify(value).includes('\ufffd')
          ? []
          : [{ line: at + 1, values: [JSON.parse(JSON.stringify(value)) as unknown], problem: null }],
      );
      expect(records.filter(({ problem }) => problem === null)).toEqual(expected);
    }),
  );
});

test('of any text, each line that is not blank is an object or a problem with a reason', () => {
  const unit = fc.constantFrom('{', '}', '"', '\\', ':', ',', 'a', '1', '[', ']', ' ', '\n', '\0', '\ufffd');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 200 }), fc.array(fc.nat()), (text, cuts) => {
      const records = split(piecesOf(text, cuts));
      const lines = text.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [at + 1]));
      expect(records.map(({ line }) => line)).toEqual(lines);
      for (const { values, problem } of records) {
        if (problem === null) expect(typeof values[0]).toBe('object');
        else expect(problem.length).toBeGreaterThan(10);
      }
      expect(records).toEqual(split([text]));
    }),
  );
});
