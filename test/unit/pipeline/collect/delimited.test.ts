import { describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';

import {
  DelimitedSplitter,
  MAX_RECORD_LENGTH,
  type TextRecord,
} from '../../../../src/pipeline/collect/delimited.js';

/** Splits a text that comes in pieces of the given length. */
function split(text: string, pieceLength = text.length || 1, delimiter = ','): TextRecord[] {
  const splitter = new DelimitedSplitter(delimiter);
  const records: TextRecord[] = [];
  for (let at = 0; at < text.length; at += pieceLength)
    records.push(...splitter.push(text.slice(at, at + pieceLength)));
  return [...records, ...splitter.end()];
}

const good = (text: string) =>
  split(text)
    .filter(({ problem }) => problem === null)
    .map(({ values }) => values);
const bad = (text: string) => split(text).filter(({ problem }) => problem !== null);

describe('whole files', () => {
  test('are split as csv-parse splits them, in pieces of any size', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '1', ' ', ',', '"', '\n', ';', 'é'), maxLength: 6 });
    const rows = fc
      .integer({ min: 1, max: 4 })
      .chain((width) =>
        fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    const lineEnd = fc.constantFrom('\n', '\r\n');
    fc.assert(
      fc.property(
        rows,
        lineEnd,
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        (table, end, pieceLength, endsWithLine) => {
          const quoted = table
            .map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
            .join(end);
          const text = quoted + (endsWithLine ? end : '');
          const records = split(text, pieceLength);
          expect(records.every(({ problem }) => problem === null)).toBe(true);
          expect(records.map(({ values }) => values)).toEqual(parse(text, { relax_column_count: true }));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('plain values, blank lines, a last line without an end', () => {
    expect(good('a,b\n1,2\n\n  \n3,')).toEqual([
      ['a', 'b'],
      ['1', '2'],
      ['3', ''],
    ]);
  });

  test('line numbers count the lines inside quotes', () => {
    expect(split('a,b\n"x\ny",1\n2,3\n').map(({ line }) => line)).toEqual([1, 2, 4]);
  });

  test('a quote inside of a plain value is a character of it', () => {
    expect(good('size\n12" ruler\n')).toEqual([['size'], ['12" ruler']]);
  });

  test('old Macintosh line ends', () => {
    const splitter = new DelimitedSplitter(';', '\r');
    expect([...splitter.push('a;b\r1;2\r'), ...splitter.end()].map(({ values }) => values)).toEqual([
      ['a', 'b'],
      ['1', '2'],
    ]);
  });
});

describe('a broken line costs itself alone', () => {
  test('a quote that is never closed', () => {
    const text = 'a,b\n1,"open\n2,x\n3,y\n';
    expect(good(text)).toEqual([
      ['a', 'b'],
      ['2', 'x'],
      ['3', 'y'],
    ]);
    expect(bad(text)).toEqual([{ line: 2, values: [], problem: 'A quote is not closed.', text: '1,"open' }]);
  });

  test('an open quote that the next quote seems to close', () => {
    const text = 'a,b\n1,"open\n2,"x"\n3,y\n';
    expect(good(text)).toEqual([
      ['a', 'b'],
      ['2', 'x'],
      ['3', 'y'],
    ]);
    expect(bad(text)).toMatchObject([{ line: 2, problem: 'Text follows a closing quote.' }]);
  });

  test('an open quote before more text than a record may have', () => {
    const lines = Math.ceil(MAX_RECORD_LENGTH / 10) + 10;
    const text = `a,b\n1,"open\n${'22222,3333\n'.repeat(lines)}`;
    const records = split(text, 65_536);
    expect(records.filter(({ problem }) => problem !== null)).toHaveLength(1);
    expect(records).toHaveLength(lines + 2);
  });

  test('a line longer than a record may be', () => {
    const records = split(`a,b\n${'x'.repeat(3 * MAX_RECORD_LENGTH)}\n1,2\n`, 65_536);
    expect(records.map(({ line, problem }) => [line, problem === null])).toEqual([
      [1, true],
      [2, false],
      [3, true],
    ]);
  });

  test('whatever comes, every line is in a record or blank, and nothing is thrown', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', ',', '"', '\n', '\r', '\0', '\ufffd'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (content, pieceLength) => {
        const records = split(content, pieceLength);
        expect(records).toEqual(split(content));
        const lines = records.map(({ line }) => line);
        expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
      }),
      { numRuns: 2_000 },
    );
  });
});
