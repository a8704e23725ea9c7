/** Malformed bodies of many kinds for POST /ingest/behaviours, each with what a right answer to it is. */
import { gzipSync } from 'node:zlib';

import type { Random } from '../../src/nn/random.js';

export interface MalformedRequest {
  readonly body: Buffer;
  readonly headers: Record<string, string>;
  /** ROW: the bad row alone is refused, by its index. BODY: the request is. EITHER: whichever names the reason. */
  readonly refused: 'ROW' | 'BODY' | 'EITHER';
  /** Index of the bad row, where it is one. */
  readonly badIndex: number;
  /** Ids of the right events in the body, by the order of their rows. */
  readonly rightEvents: readonly string[];
}

type Make = (random: Random, id: string) => MalformedRequest;

const NDJSON = { 'content-type': 'application/x-ndjson' };
const CSV = { 'content-type': 'text/csv' };
const CSV_HEAD = 'eventId,userId,itemId,type,occurredAt,quantity,value';

type Row = Record<string, unknown>;

const rightRow = (eventId: string): Row => ({
  eventId,
  userId: 'u1',
  itemId: 'i1',
  type: 'PURCHASE',
  occurredAt: '2026-01-31T12:00:00Z',
  quantity: 1,
  value: '2.50',
});
const rightCsv = (eventId: string): string => `${eventId},u1,i1,PURCHASE,2026-01-31T12:00:00Z,1,2.50`;

const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)];
const without = (row: Row, key: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== key));

/** A bad line between two right ones. */
function between(line: string | Buffer, id: string): MalformedRequest {
  const [before, after] = [`${id}-before`, `${id}-after`];
  return {
    body: Buffer.concat([
      Buffer.from(`${JSON.stringify(rightRow(before))}\n`),
      Buffer.from(line),
      Buffer.from(`\n${JSON.stringify(rightRow(after))}\n`),
    ]),
    headers: NDJSON,
    refused: 'ROW',
    badIndex: 1,
    rightEvents: [before, after],
  };
}

const wrongField =
  (change: (random: Random, row: Row) => Row): Make =>
  (random, id) =>
    between(JSON.stringify(change(random, rightRow(`${id}-bad`))), id);

function csvBetween(line: string, id: string): MalformedRequest {
  const [before, after] = [`${id}-before`, `${id}-after`];
  const body = Buffer.from(`${CSV_HEAD}\n${rightCsv(before)}\n${line}\n${rightCsv(after)}\n`);
  return { body, headers: CSV, refused: 'ROW', badIndex: 1, rightEvents: [before, after] };
}

const refusedBody = (body: Buffer, headers: Record<string, string>): MalformedRequest => ({
  body,
  headers,
  refused: 'BODY',
  badIndex: -1,
  rightEvents: [],
});

const randomBytes = (random: Random, length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, () => random.integer(256)));

function brokenJson(random: Random, id: string): string {
  const line = JSON.stringify(rightRow(`${id}-bad`));
  for (;;) {
    const at = random.integer(line.length);
    const broken = pick(random, [
      line.slice(0, at),
      line.slice(0, at) + pick(random, ['{', '"', ',', '\\', ']', "'"]) + line.slice(at),
      line.slice(0, at) + line.slice(at + 1),
      `${line},`,
      line.replaceAll('"', "'"),
    ]);
    try {
      JSON.parse(broken);
    } catch {
      if (broken.trim() !== '') return broken;
    }
  }
}

const WRONG_TYPES: Record<string, readonly unknown[]> = {
  eventId: [true, 1.5, {}, [], [['a']], ''],
  userId: [false, { id: 'u1' }, ['u1'], '', 0.1],
  itemId: [true, {}, [], ''],
  type: [1, 'VIEWED', 'view', {}, []],
  occurredAt: [true, {}, [], ''],
  quantity: ['1', true, {}, [1]],
  value: [true, {}, ['2.50'], 'many'],
  context: ['text', 1, true, [1]],
};
const WRONG_DATES = [
  'yesterday',
  '2026-02-30T00:00:00Z',
  '2026-13-01',
  '2026-01-31T25:00:00Z',
  '1969-12-31T23:59:59Z',
  '2200-01-01T00:00:00Z',
  '0000-00-00',
  '31/01/26',
  -1,
  9e18,
  '2026-01-31T12:00:00+99:99x',
];
const OUT_OF_RANGE: readonly (readonly [string, unknown])[] = [
  ['quantity', -1],
  ['quantity', 1.5],
  ['quantity', 1e10],
  ['quantity', 2 ** 53],
  ['value', '-0.01'],
  ['value', '1e5'],
  ['value', '123456789012345.00'],
  ['value', -1],
  ['value', 'NaN'],
  ['value', '0x10'],
];

/** Kinds by name. */
export const MALFORMED: Readonly<Record<string, Make>> = {
  'broken JSON': (random, id) => between(brokenJson(random, id), id),
  'not an object': (random, id) =>
    between(pick(random, ['1', '"text"', 'null', '[]', '[{}]', 'true', '-0']), id),
  'wrong types': wrongField((random, row) => {
    const field = pick(random, Object.keys(WRONG_TYPES));
    return { ...row, [field]: pick(random, WRONG_TYPES[field]) };
  }),
  'missing field': wrongField((random, row) =>
    without(row, pick(random, ['eventId', 'userId', 'type', 'occurredAt'])),
  ),
  'null field': wrongField((random, row) => ({
    ...row,
    [pick(random, ['eventId', 'userId', 'type', 'occurredAt'])]: null,
  })),
  'unknown field': wrongField((random, row) => ({
    ...row,
    [`field${random.integer(1e6)}`]: random.integer(9),
  })),
  'prototype key': (random, id) => {
    const key = pick(random, ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']);
    const line = JSON.stringify(rightRow(`${id}-bad`));
    return between(
      `${line.slice(0, -1)},"${key}":${pick(random, ['{"type":"VIEW"}', 'null', '1', '"x"'])}}`,
      id,
    );
  },
  'huge field': wrongField((random, row) => ({
    ...row,
    [pick(random, ['eventId', 'userId', 'itemId', 'sessionId', 'type', 'value'])]: 'x'.repeat(
      257 + random.integer(50_000),
    ),
  })),
  'huge line': (random, id) =>
    between(`{"eventId":"${'x'.repeat((1 << 20) + random.integer(1 << 18))}"}`, id),
  'huge context': wrongField((random, row) => ({
    ...row,
    context: { text: 'x'.repeat(32_768 + random.integer(10_000)) },
  })),
  'deep nesting': (random, id) => {
    const depth = 33 + random.integer(20_000);
    return between(
      `${JSON.stringify(rightRow(`${id}-bad`)).slice(0, -1)},"context":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`,
      id,
    );
  },
  'wrong date': wrongField((random, row) => ({ ...row, occurredAt: pick(random, WRONG_DATES) })),
  'number out of range': wrongField((random, row) => {
    const [field, value] = pick(random, OUT_OF_RANGE);
    return { ...row, [field]: value };
  }),
  'number beyond JSON': (random, id) =>
    between(
      JSON.stringify(rightRow(`${id}-bad`)).replace(
        '"quantity":1',
        `"quantity":${pick(random, ['1e400', '-1e400', '1e99'])}`,
      ),
      id,
    ),
  'NUL character': wrongField((random, row) => ({
    ...row,
    [pick(random, ['eventId', 'userId', 'itemId', 'sessionId'])]: `a\0${random.integer(100)}`,
  })),
  'NUL in context': wrongField((random, row) => ({ ...row, context: { [`k${random.integer(9)}`]: 'a\0b' } })),
  'half a surrogate': (random, id) =>
    between(
      JSON.stringify(rightRow(`${id}-bad`)).replace('"u1"', `"u\\u${pick(random, ['d800', 'dc00'])}"`),
      id,
    ),
  'bad UTF-8': (random, id) => {
    const line = Buffer.from(JSON.stringify(rightRow(`${id}-bad`)));
    const at = line.indexOf('u1') + 1;
    const bytes = pick(random, [
      [0xff],
      [0xc3, 0x28],
      [0xe2, 0x82],
      [0xf0, 0x9f, 0x92],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
    ]);
    return between(Buffer.concat([line.subarray(0, at), Buffer.from(bytes), line.subarray(at)]), id);
  },
  'truncated gzip': (random, id) => {
    const rows = Array.from({ length: 50 }, (_, at) => JSON.stringify(rightRow(`${id}-${at}`)));
    const zipped = gzipSync(rows.join('\n'));
    return {
      ...refusedBody(zipped.subarray(0, 2 + random.integer(zipped.length - 3)), {
        ...NDJSON,
        'content-encoding': 'gzip',
      }),
      rightEvents: rows.map((_, at) => `${id}-${at}`),
    };
  },
  'damaged gzip': (random, id) => {
    const rows = Array.from({ length: 50 }, (_, at) => JSON.stringify(rightRow(`${id}-${at}`)));
    const zipped = gzipSync(rows.join('\n'));
    zipped[zipped.length - 1 - random.integer(8)] ^= 1 + random.integer(255);
    return {
      ...refusedBody(zipped, { ...NDJSON, 'content-encoding': 'gzip' }),
      rightEvents: rows.map((_, at) => `${id}-${at}`),
    };
  },
  'gzip bomb': (random) => refusedBody(pick(random, bombBodies()), { ...NDJSON, 'content-encoding': 'gzip' }),
  'binary body': (random) =>
    refusedBody(
      Buffer.concat([Buffer.from([0, 1, 0]), randomBytes(random, 20 + random.integer(2_000))]),
      NDJSON,
    ),
  'wrong content type': (random) =>
    refusedBody(
      Buffer.from(JSON.stringify(rightRow('never'))),
      pick(random, [
        { 'content-type': 'image/png' },
        { 'content-type': 'multipart/form-data; boundary=x' },
        { 'content-type': 'x/y' },
      ]),
    ),
  'wrong content encoding': (random) =>
    refusedBody(Buffer.from(JSON.stringify(rightRow('never'))), {
      ...NDJSON,
      'content-encoding': pick(random, ['br', 'deflate', 'zstd', 'x']),
    }),
  'CSV: unclosed quote': (random, id) =>
    csvBetween(`${id}-bad,"u1,i1,PURCHASE,2026-01-31T12:00:00Z,${random.integer(9)},2.50`, id),
  'CSV: text behind a quote': (random, id) =>
    csvBetween(`${id}-bad,"u1"x${random.integer(9)},i1,PURCHASE,2026-01-31T12:00:00Z,1,2.50`, id),
  'CSV: values missing': (random, id) =>
    csvBetween([`${id}-bad`, 'u1', 'i1', 'PURCHASE'].slice(0, 1 + random.integer(4)).join(','), id),
  'CSV: wrong values': (random, id) =>
    csvBetween(
      pick(random, [
        `${id}-bad,u1,i1,PURCHASE,soon,1,2.50`,
        `${id}-bad,u1,i1,BOUGHT IT,2026-01-31T12:00:00Z,1,2.50`,
        `${id}-bad,u1,i1,PURCHASE,2026-01-31T12:00:00Z,one,2.50`,
        `${id}-bad,u1,i1,PURCHASE,2026-01-31T12:00:00Z,1,"2,5,0"`,
        `,u1,i1,PURCHASE,2026-01-31T12:00:00Z,1,2.50`,
      ]),
      id,
    ),
  'CSV: too many values': (random, id) =>
    csvBetween(`${rightCsv(`${id}-bad`)}${',x'.repeat(1 + random.integer(20))}`, id),
  'CSV: unknown column': (random) =>
    refusedBody(
      Buffer.from(`eventId,userId,type,occurredAt,colour${random.integer(99)}\ne,u,VIEW,2026-01-31,red\n`),
      CSV,
    ),
};

let bombs: Buffer[] | undefined;
/** A megabyte or less that unpacks to a gigabyte: blanks, blank lines, one endless line. */
function bombBodies(): Buffer[] {
  bombs ??= [' ', '\n', 'x'].map((text) => {
    const part = gzipSync(text.repeat(1 << 24), { level: 9 });
    // Members of a gzip file one behind another unpack to their texts one behind another.
    return Buffer.concat(Array.from({ length: 64 }, () => part));
  });
  return bombs;
}
