import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parquetWriteBuffer } from 'hyparquet-writer';

import type { FileReport } from '../../src/pipeline/collect/index.js';
import { PROJECT_ROOT } from '../../src/root.js';
import { type Api, startApi } from './api-harness.js';

let api: Api;
let key: string;
beforeAll(async () => {
  api = await startApi({ isAuthOn: true });
  key = (await api.database.store.apiKeys.create(api.shop.shopKey, 'import', 'INGEST')).key;
});
afterAll(() => api.close());

async function upload(body: Uint8Array | string, query = '', type = 'application/octet-stream') {
  const response = await fetch(`${api.url}/ingest/file${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': type, authorization: `Bearer ${key}` },
  });
  const json = (await response.json()) as FileReport & { error?: { code: string; message: string } };
  return { status: response.status, json };
}

describe('POST /ingest/file', () => {
  test('takes an export as it is, and answers with the report', async () => {
    const file = await readFile(join(PROJECT_ROOT, 'test/fixtures/shopify-orders.csv'));
    const { status, json } = await upload(gzipSync(file), '?name=shopify-orders.csv');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      path: 'shopify-orders.csv',
      layout: 'shopify-orders',
      lines: 8,
      kept: 4,
      dropped: 3,
      rejected: 1,
    });
    expect((await api.shop.counts()).transactions).toBe(3);
    expect(await api.shop.countQuarantined({ source: 'shopify-orders.csv' })).toBe(1);
    expect((await upload(file, '?layout=shopify-orders')).json.written.behaviours).toMatchObject({
      accepted: 0,
      duplicates: 5,
    });
  });

  test('takes Parquet, by a mapping of columns', async () => {
    const data = [
      { name: 'who', data: ['ann', 'ben'], type: 'STRING' as const },
      { name: 'when', data: [new Date(0), new Date(1.7e12)], type: 'TIMESTAMP' as const },
    ];
    const { json } = await upload(
      Buffer.from(parquetWriteBuffer({ columnData: data })),
      '?map=userId=who,occurredAt=when,type==VIEW',
    );
    expect(json).toMatchObject({ format: 'PARQUET', lines: 2, kept: 1, dropped: 1 });
  });

  test('refuses what it does not know, and forms of other sites', async () => {
    expect((await upload('x', '?layuot=segment')).json.error?.message).toMatch(/no parameter layuot/);
    expect((await upload('a,b\n1,2\n', '?layout=magento')).json.error).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    expect((await upload('a,b\n1,2\n', '?dateOrder=YDM')).status).toBe(400);
    expect((await upload('a,b\n1,2\n', '', 'text/plain')).status).toBe(400);
    const anonymous = await fetch(`${api.url}/ingest/file`, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': 'text/csv' },
    });
    expect(anonymous.status).toBe(401);
  });
});
