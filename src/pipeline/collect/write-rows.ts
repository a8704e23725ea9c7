import { type RowError, type ShopStore, type WriteResult } from '../../store/index.js';
import { type IngestKind, type IngestRows } from './ingest-schemas.js';

const DAY_MS = 86_400_000;

/**
 * How rows of each kind are written. Behaviours, transactions and feedback of more than a day ahead are refused, as imports leave them out:
 * one record of a device with a wrong clock would move the shop's clock, and everybody would have left.
 */
export const INGEST_WRITERS: {
  readonly [Kind in IngestKind]: (
    store: ShopStore,
    rows: readonly IngestRows[Kind][],
  ) => Promise<WriteResult>;
} = {
  users: (store, rows) => store.upsertUsers(rows),
  items: (store, rows) => store.upsertItems(rows),
  behaviours: (store, rows) => withoutFuture(rows, (past) => store.recordBehaviours(past)),
  transactions: (store, rows) => withoutFuture(rows, (past) => store.recordTransactions(past)),
  feedback: (store, rows) => withoutFuture(rows, (past) => store.recordFeedback(past)),
};

async function withoutFuture<Row extends { readonly occurredAt: Date }>(
  rows: readonly Row[],
  write: (rows: readonly Row[]) => Promise<WriteResult>,
): Promise<WriteResult> {
  const latest = Date.now() + DAY_MS;
  // Whatever is no time is the store's to refuse.
  const isAhead = ({ occurredAt }: Row) => occurredAt instanceof Date && occurredAt.getTime() > latest;
  if (!rows.some(isAhead)) return write(rows);
  const errors: RowError[] = [];
  const places: number[] = [];
  rows.forEach((row, index) => {
    if (!isAhead(row)) return void places.push(index);
    const message = `occurredAt: ${row.occurredAt.toISOString()} is more than a day ahead of the server's clock.`;
    errors.push({ index, code: 'BAD_USER_INPUT', message });
  });
  const result = await write(places.map((index) => rows[index]));
  const others = result.errors.map((error) => ({ ...error, index: places[error.index] }));
  return {
    ...result,
    rejected: result.rejected + errors.length,
    errors: [...errors, ...others].sort((a, b) => a.index - b.index),
  };
}
