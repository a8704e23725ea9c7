import type { PgBoss } from 'pg-boss';

import type { DataJobRow, JsonObject, NewDataJob, Store } from '../../store/index.js';
import { enqueueData } from '../queue.js';
import { DATA_PROGRESS_CHANNEL, type DataJobEvent, type DataJobs } from './contract.js';
import { crawlSubject, pullSubject } from './subjects.js';

/** The side of the queue that starts and cancels work on the data. */
export function createDataJobs(store: Store, boss: PgBoss): DataJobs {
  const start = async (shopKey: string, job: NewDataJob): Promise<DataJobRow> => {
    const shop = await store.forShop(shopKey);
    const row = await shop.addDataJob(job);
    await enqueueData(boss, { shopKey, jobId: row.id });
    return row;
  };
  return {
    startImport: (shopKey, { name, ...input }) =>
      start(shopKey, { kind: 'IMPORT', subject: name, input: plain({ name, ...input }), isAlone: false }),
    startPull: (shopKey, connection, isFull) =>
      start(shopKey, {
        kind: 'PULL',
        subject: pullSubject(connection),
        input: { connectionId: connection.id, isFull },
        isAlone: true,
      }),
    startCrawl: (shopKey, request) =>
      start(shopKey, { kind: 'CRAWL', subject: crawlSubject(request), input: plain(request), isAlone: true }),
    startRetention: (shopKey) =>
      start(shopKey, { kind: 'RETENTION', subject: 'retention', input: {}, isAlone: true }),
    startReplay: (shopKey, source) =>
      start(shopKey, { kind: 'REPLAY', subject: 'quarantine', input: { source }, isAlone: true }),
    cancel: async (shopKey, jobId) => {
      const row = await (await store.forShop(shopKey)).cancelDataJob(jobId);
      if (row.status === 'CANCELLED') await store.notify(DATA_PROGRESS_CHANNEL, eventOf(shopKey, row));
      return row;
    },
    onProgress: (shopKey, listener) =>
      store.listen(DATA_PROGRESS_CHANNEL, (payload) => {
        const event = payload as unknown as DataJobEvent;
        if (event.shopKey === shopKey) listener(event);
      }),
  };
}

function eventOf(shopKey: string, { id, status, progress, message }: DataJobRow): JsonObject {
  return { shopKey, jobId: id, status, progress, message };
}

/** Without what is undefined. */
function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
