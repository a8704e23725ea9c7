import {
  type Json,
  type JsonObject,
  type QuarantineOrigin,
  type QuarantineWrite,
  type ShopStore,
} from '../../../store/index.js';
import { type TextRecord } from '../delimited.js';

/** Key under which a line stands that could not be split into columns. */
export const TEXT_KEY = '@text';
const BATCH_ROWS = 500;
/** Characters of a row that are kept; what is longer has to be mended in its file. */
const MAX_RAW = 65_536;

/** Gathers rows that were not understood and keeps them in quarantine, a batch at a time. */
export class QuarantineBuffer {
  private rows: QuarantineWrite[] = [];
  /** Rows handed over so far. */
  count = 0;

  /**
   * @param source what people call the origin of the rows
   * @param context how the rows are to be read by a replay
   * @param options isPlaceless: whether the same row at another place is the same row
   */
  constructor(
    private readonly store: ShopStore,
    private readonly source: string,
    private readonly context: JsonObject,
    private readonly options: Pick<QuarantineOrigin, 'isPlaceless'> = {},
  ) {}

  add(row: QuarantineWrite): void {
    this.count++;
    const isTooLong = JSON.stringify(row.raw).length > MAX_RAW;
    this.rows.push(
      isTooLong ? { ...row, raw: { [TEXT_KEY]: JSON.stringify(row.raw).slice(0, MAX_RAW) } } : row,
    );
  }

  /** Writes when enough rows wait. */
  async flush(minimum = BATCH_ROWS): Promise<void> {
    if (this.rows.length < Math.max(minimum, 1)) return;
    const { rows } = this;
    this.rows = [];
    for (let from = 0; from < rows.length; from += BATCH_ROWS)
      await this.store.quarantine(
        { source: this.source, context: this.context, ...this.options },
        rows.slice(from, from + BATCH_ROWS),
      );
  }
}

/** A record of a file as it is kept: its values by column, or its text where it has none. */
export function rawRecord(record: TextRecord, columns: readonly string[]): JsonObject {
  if (record.problem !== null) return { [TEXT_KEY]: record.text ?? '' };
  const raw: JsonObject = {};
  columns.forEach((column, at) => {
    const value = record.values[at];
    if (value !== undefined && value !== '') raw[column] = value as Json;
  });
  return raw;
}
