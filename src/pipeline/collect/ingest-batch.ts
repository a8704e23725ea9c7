import { type ShopStore } from '../../store/index.js';
import { type IngestKind, type IngestRows } from './ingest-schemas.js';
import { type IngestReport } from './ingest-stream.js';
import { LateRows } from './late-rows.js';
import { RejectedRows } from './quarantine/rejected-rows.js';
import { INGEST_WRITERS } from './write-rows.js';

/**
 * Writes a small batch of rows that were read already, as a stream would: each refused row is named by its index and kept in quarantine,
 * late rows of known visitors come under the known user.
 *
 * @param source what the quarantine calls the batch's origin, such as `recordBehaviours`
 */
export async function ingestBatch<Kind extends IngestKind>(
  store: ShopStore,
  kind: Kind,
  rows: readonly IngestRows[Kind][],
  source: string,
): Promise<IngestReport> {
  const result = await INGEST_WRITERS[kind](store, rows);
  const quarantine = new RejectedRows(store, kind, source);
  for (const error of result.errors) quarantine.add(error, rows[error.index]);
  await quarantine.flush();
  const late = new LateRows(store, kind);
  const refused = new Set(result.errors.map(({ index }) => index));
  await late.look(rows.filter((_, index) => !refused.has(index)));
  await late.bringHome();
  return { ...result, quarantined: quarantine.kept };
}
