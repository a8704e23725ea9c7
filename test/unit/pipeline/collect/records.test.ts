import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { openRecords, type RecordOptions } from '../../../../src/pipeline/collect/records.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'records-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function write(content: string | Uint8Array): Promise<string> {
  const path = join(directory, 'file');
  await writeFile(path, content);
  return path;
}

async function read(content: string | Uint8Array, options: RecordOptions = {}) {
  const source = await openRecords(await write(content), options);
  const records = [];
  for await (const batch of source.batches()) records.push(...batch);
  return {
    source,
    values: records.flatMap((r) => (r.problem === null ? [r.values] : [])),
    problems: records.filter((r) => r.problem !== null),
  };
}

describe('formats', () => {
  test.each([',', ';', '\t', '|'])('the delimiter %j is guessed', async (delimiter) => {
    const { source, values } = await read(`id${delimiter}name\n1${delimiter}"a, b; c"\n2${delimiter}d\n`);
    expect(source).toMatchObject({ format: 'CSV', delimiter, columns: ['id', 'name'] });
    expect(values).toEqual([
      ['1', 'a, b; c'],
      ['2', 'd'],
    ]);
  });

  test('NDJSON, gzip, nested keys, a broken line in between', async () => {
    const lines = ['{"id":1,"by":{"name":"x"}}', '{"id":', '[1]', '{"id":2,"tags":["a"]}'];
    const { source, values, problems } = await read(gzipSync(lines.join('\r\n')));
    expect(source).toMatchObject({ format: 'NDJSON', isGzip: true, columns: ['id', 'by.name', 'tags'] });
    expect(values).toEqual([
      [1, 'x', undefined],
      [2, undefined, ['a']],
    ]);
    expect(problems.map(({ line }) => line)).toEqual([2, 3]);
  });

  test('a line with another number of values is a problem of that line', async () => {
    const { values, problems } = await read('a,b\n1\n2,3\n4,5,6\n');
    expect(values).toEqual([['2', '3']]);
    expect(problems).toEqual([
      { line: 2, values: [], problem: 'The line has 1 values; the header has 2.', text: '["1"]' },
      { line: 4, values: [], problem: 'The line has 3 values; the header has 2.', text: '["4","5","6"]' },
    ]);
  });
});

describe('encodings', () => {
  const table = 'id,name\n1,Müller Straße €\n';
  test('UTF-8 with a byte order mark', async () => {
    const { source, values } = await read(`\ufeff${table}`);
    expect(source.columns).toEqual(['id', 'name']);
    expect(values).toEqual([['1', 'Müller Straße €']]);
  });

  test('Windows-1252, where the bytes are not UTF-8', async () => {
    const bytes = Buffer.from('id,name\n1,M\xfcller \x80\n', 'latin1');
    const { source, values } = await read(bytes);
    expect(source.encoding).toBe('windows-1252');
    expect(values).toEqual([['1', 'Müller €']]);
  });

  test('UTF-16 by its byte order mark', async () => {
    const { source, values } = await read(Buffer.from(`\ufeff${table}`, 'utf16le'));
    expect(source.encoding).toBe('utf-16le');
    expect(values).toEqual([['1', 'Müller Straße €']]);
  });

  test('the one that is asked for', async () => {
    const { values } = await read(Buffer.from([...Buffer.from('id,name\n1,'), 0x82, 0xa0, 0x0a]), {
      encoding: 'shift_jis',
    });
    expect(values).toEqual([['1', 'あ']]);
  });

  test('a wrong byte far behind the beginning costs its line alone, and is no wrong row', async () => {
    const start = Buffer.from(`id,name\n${'1,é\n'.repeat(100_000)}`);
    const { source, values, problems } = await read(
      Buffer.concat([start, Buffer.from('2,M\xfcller\n3,x\n', 'latin1')]),
    );
    expect(source.encoding).toBe('utf-8');
    expect(values).toHaveLength(100_001);
    expect(problems).toHaveLength(1);
    expect(problems[0].problem).toMatch(/not valid/);
  });
});

describe('what is none of the formats is refused, saying why', () => {
  test.each([
    ['', /is empty/],
    ['  \n \n', /is empty/],
    [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1]), /binary/],
    ['[1, 2]', /not CSV, NDJSON or JSON/],
    [gzipSync('a,b\n1,2\n').subarray(0, 12), /not a whole gzip/],
    [Buffer.concat([gzipSync('a,b\n').subarray(0, 10), Buffer.from('nonsense')]), /not a whole gzip/],
    ['"a,b\n', /quote is not closed/],
  ])('%p', async (content, message) => {
    await expect(read(content)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    });
  });

  test('a missing file and a folder', async () => {
    await expect(openRecords(join(directory, 'nothing'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(openRecords(directory)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('a gzip file that breaks off in the middle gives an error, not silence', async () => {
    const rows = Array.from({ length: 50_000 }, (_, n) => `${n},${(n * 7919) % 1000}`).join('\n');
    const whole = gzipSync(`a,b\n${rows}`);
    await expect(read(whole.subarray(0, whole.length - 2_000))).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });
});
