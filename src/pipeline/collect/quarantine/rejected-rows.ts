import { type Json, type JsonObject, type RowError, type ShopStore } from '../../../store/index.js';
import { type IngestKind } from '../ingest-schemas.js';
import { textOf } from '../values.js';
import { QuarantineBuffer, TEXT_KEY } from './quarantine-buffer.js';

/** Rejected rows of one stream that are kept; a stream of another format altogether must not fill the store. */
export const MAX_KEPT = 10_000;
/** Rows that wait in memory for their turn. */
const BATCH_ROWS = 500;

/**
 * Keeps the rejected rows of one stream or batch in quarantine, up to `MAX_KEPT`, in the form in which NDJSON has them. The same row sent
 * again, at whatever place, is kept once.
 */
export class RejectedRows {
  private readonly buffer: QuarantineBuffer;

  /** @param source what people call the stream, such as `POST /ingest/behaviours` */
  constructor(
    store: ShopStore,
    private readonly kind: IngestKind,
    source: string,
  ) {
    this.buffer = new QuarantineBuffer(store, source, { kind: 'INGEST', rows: kind }, { isPlaceless: true });
  }

  /** Rows that are in quarantine now, through this stream or an earlier one. */
  get kept(): number {
    return this.buffer.count;
  }

  /** @param row as it came: an object, or the text of a line that is none */
  add(error: RowError, row: object | string): void {
    if (this.kept >= MAX_KEPT) return;
    // Times are texts again, and what JSON cannot hold is left out.
    const raw: Json =
      typeof row === 'string' ? { [TEXT_KEY]: row } : (JSON.parse(JSON.stringify(row)) as JsonObject);
    const person = typeof row === 'string' ? '' : textOf(raw[this.kind === 'users' ? 'id' : 'userId']);
    const userId = this.kind === 'items' || person === '' ? null : person;
    this.buffer.add({ line: error.index, raw, reason: error.message, userId });
  }

  /** Writes what waits, if that is enough for a statement. */
  async flushFull(): Promise<void> {
    await this.buffer.flush(BATCH_ROWS);
  }

  async flush(): Promise<void> {
    await this.buffer.flush(1);
  }
}
