import { type ShopStore, type WriteResult } from '../../store/index.js';
import { type IngestKind, type IngestRows } from './ingest-schemas.js';

/** How rows of each kind are written. */
export const INGEST_WRITERS: {
  readonly [Kind in IngestKind]: (
    store: ShopStore,
    rows: readonly IngestRows[Kind][],
  ) => Promise<WriteResult>;
} = {
  users: (store, rows) => store.upsertUsers(rows),
  items: (store, rows) => store.upsertItems(rows),
  behaviours: (store, rows) => store.recordBehaviours(rows),
  transactions: (store, rows) => store.recordTransactions(rows),
  feedback: (store, rows) => store.recordFeedback(rows),
};
