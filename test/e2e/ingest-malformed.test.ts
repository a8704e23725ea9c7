import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { fuzz } from '../../bench/ingest/fuzz.js';
import { MALFORMED } from '../../bench/ingest/malformed.js';
import { type Api, startApi } from './api-harness.js';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('malformed input of every kind', () => {
  test('is answered with a clear error, and the rows beside it are stored', async () => {
    const kinds = Object.keys(MALFORMED).filter((kind) => kind !== 'gzip bomb');
    const result = await fuzz({
      url: api.url,
      each: 4,
      until: 0,
      seed: 5,
      kinds,
      storedEvents: async () => {
        const rows = await api.shop.query<{ id: string }>('SELECT event_id AS id FROM behaviours');
        return new Set(rows.map(({ id }) => id));
      },
    });
    expect(result.failures).toEqual([]);
    expect(result.inputs).toBe(4 * kinds.length);
  });

  test('a gzip bomb is refused before it has unpacked', async () => {
    const result = await fuzz({
      url: api.url,
      each: 2,
      until: 0,
      seed: 6,
      kinds: ['gzip bomb'],
      storedEvents: () => Promise.resolve(new Set()),
    });
    expect(result.failures).toEqual([]);
  });
});
