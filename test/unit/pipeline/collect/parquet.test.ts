import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';

import { AppError } from '../../../../src/errors.js';
import { importFiles } from '../../../../src/pipeline/collect/index.js';
import { JsonValueSplitter } from '../../../../src/pipeline/collect/json-values.js';
import { openParquet } from '../../../../src/pipeline/collect/parquet.js';
import { type RecordSource } from '../../../../src/pipeline/collect/record-source.js';
import { RecordingShop } from '../../../support/recording-shop.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'parquet-'));
});
afterAll(() => rm(directory, { recursive: true }));

const ROWS = 1_200;
const at = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, n));
const events = Buffer.from(
  parquetWriteBuffer({
    rowGroupSize: 500,
    columnData: [
      { name: 'customer_id', data: Array.from({ length: ROWS }, (_, n) => `u${n % 7}`), type: 'STRING' },
      {
        name: 'sku',
        data: Array.from({ length: ROWS }, (_, n) => (n % 10 === 0 ? null : `i${n % 5}`)),
        type: 'STRING',
        nullable: true,
      },
      {
        name: 'event',
        data: Array.from({ length: ROWS }, (_, n) => (n === 3 ? 'stare' : 'view')),
        type: 'STRING',
      },
      { name: 'created_at', data: Array.from({ length: ROWS }, (_, n) => at(n)), type: 'TIMESTAMP' },
      { name: 'row_number', data: Array.from({ length: ROWS }, (_, n) => BigInt(n)), type: 'INT64' },
    ],
  }),
);

async function importBytes(bytes: Uint8Array) {
  const path = join(directory, 'events.parquet');
  await writeFile(path, bytes);
  const shop = new RecordingShop();
  const progress: number[] = [];
  const [report] = (
    await importFiles(shop.asStore(), [path], {
      onProgress: ({ bytesRead, bytesTotal }) => progress.push(bytesRead / bytesTotal),
    })
  ).files;
  return { report, shop, progress };
}

describe('Parquet', () => {
  test('is read by a mapping that is guessed, row group by row group', async () => {
    const { report, shop, progress } = await importBytes(events);
    expect(report).toMatchObject({
      format: 'PARQUET',
      layout: 'generic',
      kind: 'BEHAVIOURS',
      mapping: { userId: 'customer_id', itemId: 'sku', type: 'event', occurredAt: 'created_at' },
      lines: ROWS,
      kept: ROWS - 1,
      rejected: 1,
      problems: [{ line: 4, message: 'The behaviour "stare" is unknown.' }],
    });
    const rows = [...shop.behaviours.values()];
    expect(rows[0]).toMatchObject({ userId: 'u0', itemId: null, type: 'VIEW', occurredAt: at(0) });
    expect(rows.at(-1)).toMatchObject({ userId: 'u2', itemId: 'i4', occurredAt: at(ROWS - 1) });
    expect(progress.at(-1)).toBe(1);
    expect(shop.quarantined[0].raw).toEqual({
      customer_id: 'u3',
      sku: 'i3',
      event: 'stare',
      created_at: at(3).toISOString(),
      row_number: 3,
    });
  });

  test('nested rows of an export', async () => {
    const bytes = Buffer.from(
      parquetWriteBuffer({
        columnData: [
          { name: 'event_name', data: ['view_item'], type: 'STRING' },
          { name: 'event_timestamp', data: [1772359200000000n], type: 'INT64' },
          {
            name: 'event_params',
            data: [[{ key: 'currency', value: { string_value: 'EUR' } }]],
            type: 'JSON',
          },
          { name: 'user_pseudo_id', data: ['p1'], type: 'STRING' },
          { name: 'items', data: [[{ item_id: 'x', item_name: 'X', price: 4 }]], type: 'JSON' },
        ],
      }),
    );
    const { report, shop } = await importBytes(bytes);
    expect(report).toMatchObject({ layout: 'ga4', kept: 1 });
    expect(shop.items.get('x')).toMatchObject({ title: 'X', price: '4.00', currency: 'EUR' });
  });

  test('a broken file is an error that says so, never a crash or a hang', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(events.length - 5), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.nat(events.length),
        async (changes, cut) => {
          const bytes = Buffer.from(cut % 3 === 0 ? events.subarray(0, cut) : events);
          for (const [position, value] of changes)
            if (position >= 4 && position < bytes.length) bytes[position] = value;
          const path = join(directory, 'broken.parquet');
          await writeFile(path, bytes);
          let source: RecordSource | undefined;
          try {
            source = await openParquet(path, { timeoutMs: 1_000 });
            for await (const batch of source.batches()) expect(batch.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            expect((error as AppError).code).toBe('BAD_USER_INPUT');
          } finally {
            source?.close();
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('JSON objects over several lines', () => {
  const split = (text: string, size: number) => {
    const splitter = new JsonValueSplitter();
    const records = [];
    for (let from = 0; from < text.length; from += size)
      records.push(...splitter.push(text.slice(from, from + size)));
    return [...records, ...splitter.end()];
  };

  test('come out as they went in, in whatever pieces they arrive', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), { maxLength: 6 });
    fc.assert(
      fc.property(objects, fc.integer({ min: 1, max: 40 }), fc.boolean(), (values, size, isArray) => {
        const text = isArray
          ? JSON.stringify(values, null, 2)
          : values.map((value) => JSON.stringify(value, null, 1)).join('\n');
        const records = split(text, size);
        expect(records.map(({ values: [value], problem }) => problem ?? value)).toEqual(
          JSON.parse(JSON.stringify(values)),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('no text makes it throw or lose count of lines', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'{}[]",:\\ \n1a') });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 9 }), (text, size) => {
        for (const { line } of split(text, size)) {
          expect(line).toBeGreaterThanOrEqual(1);
          expect(line).toBeLessThanOrEqual(text.split('\n').length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
