import { expect, test } from '@jest/globals';

import { killCampaign } from '../../bench/ingest/kill-campaign.js';

test('kill -9 of the API, of PostgreSQL and of a backend during ingestion loses nothing acknowledged and doubles nothing', async () => {
  const result = await killCampaign({ moments: 3, seed: 11, clients: 2, batchRows: 500, pauseMs: 500 });
  expect(result.killed).toEqual({ API: 1, POSTGRES: 1, BACKEND: 1 });
  expect(result.acknowledged).toBeGreaterThan(0);
  expect(result).toMatchObject({ lost: 0, doubled: 0, miscounted: 0 });
}, 240_000);
