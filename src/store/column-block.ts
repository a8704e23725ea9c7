/** Behaviours in columns under internal ids, and their form in a file. */
import { BEHAVIOUR_TYPES } from '../pipeline/index.js';

/** Bytes of the file before the columns: the number of rows, padded so that every column is aligned. */
const HEAD_BYTES = 16;
const ROW_BYTES = 3 * 8 + 3 * 4 + 1;

/** A growing list of behaviours, sorted by user, then time; ids are the store's. */
export class ColumnBlock {
  count = 0;
  user: Int32Array;
  /** -1 where the behaviour names none. */
  item: Int32Array;
  type: Uint8Array;
  occurredAt: Float64Array;
  quantity: Float32Array;
  value: Float64Array;
  /** A hash of the session's name below 2⁵², -1 without one. */
  session: Float64Array;

  constructor(capacity = 1 << 12) {
    this.user = new Int32Array(capacity);
    this.item = new Int32Array(capacity);
    this.type = new Uint8Array(capacity);
    this.occurredAt = new Float64Array(capacity);
    this.quantity = new Float32Array(capacity);
    this.value = new Float64Array(capacity);
    this.session = new Float64Array(capacity);
  }

  /** Appends rows [from, to) of another. */
  append(other: ColumnBlock, from: number, to: number): void {
    this.reserve(this.count + to - from);
    this.user.set(other.user.subarray(from, to), this.count);
    this.item.set(other.item.subarray(from, to), this.count);
    this.type.set(other.type.subarray(from, to), this.count);
    this.occurredAt.set(other.occurredAt.subarray(from, to), this.count);
    this.quantity.set(other.quantity.subarray(from, to), this.count);
    this.value.set(other.value.subarray(from, to), this.count);
    this.session.set(other.session.subarray(from, to), this.count);
    this.count += to - from;
  }

  reserve(rows: number): void {
    if (rows <= this.user.length) return;
    const larger = new ColumnBlock(Math.max(rows, 2 * this.user.length));
    const { count } = this;
    larger.append(this, 0, count);
    Object.assign(this, larger, { count });
  }

  /** First row at or after `from` of another user than that row's. */
  endOfUser(from: number): number {
    const user = this.user[from];
    let to = from + 1;
    while (to < this.count && this.user[to] === user) to++;
    return to;
  }

  toBytes(): Buffer {
    const { count } = this;
    const bytes = Buffer.alloc(HEAD_BYTES + count * ROW_BYTES);
    bytes.writeUInt32LE(count, 0);
    let at = HEAD_BYTES;
    for (const column of this.columns()) {
      const part = column.subarray(0, count);
      bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
      at += part.byteLength;
    }
    return bytes;
  }

  /** @param bytes as `toBytes` made them, at the beginning of their buffer */
  static fromBytes(bytes: Buffer): ColumnBlock {
    const count = bytes.length >= HEAD_BYTES ? bytes.readUInt32LE(0) : -1;
    if (bytes.length !== HEAD_BYTES + count * ROW_BYTES) throw new RangeError('The file is not whole.');
    const { buffer } = bytes.byteOffset === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
    const block = new ColumnBlock(0);
    let at = HEAD_BYTES;
    const take = (width: number): number => {
      const from = at;
      at += width * count;
      return from;
    };
    block.count = count;
    block.occurredAt = new Float64Array(buffer, take(8), count);
    block.value = new Float64Array(buffer, take(8), count);
    block.session = new Float64Array(buffer, take(8), count);
    block.user = new Int32Array(buffer, take(4), count);
    block.item = new Int32Array(buffer, take(4), count);
    block.quantity = new Float32Array(buffer, take(4), count);
    block.type = new Uint8Array(buffer, take(1), count);
    return block;
  }

  private columns(): (Float64Array | Int32Array | Float32Array | Uint8Array)[] {
    return [this.occurredAt, this.value, this.session, this.user, this.item, this.quantity, this.type];
  }
}

const TAB = 9;
const NEWLINE = 10;
const MINUS = 45;
const POINT = 46;
const BACKSLASH = 92;
/** Digits up to which a decimal is exact as one whole number over a power of ten. */
const EXACT_DIGITS = 15;
const TYPE_AT = new Map(
  BEHAVIOUR_TYPES.map((name, code) => [typeKey(Buffer.from(name), 0, name.length), code]),
);

/** Two first letters and the length tell the types apart. */
function typeKey(bytes: Buffer, from: number, to: number): number {
  return (bytes[from] << 16) | (bytes[from + 1] << 8) | (to - from);
}

/** Columns that `CopyReader` reads, in its order. */
export const COPY_FIELDS = `user_id, item_id, type, (extract(epoch FROM occurred_at) * 1000)::int8, quantity, value,
  hashtextextended(session_id, 0) & 4503599627370495`;

/**
 * Reads what COPY sends of `COPY_FIELDS` into blocks, byte by byte: as texts, ten million rows took three times as long.
 */
export class CopyReader {
  private block = new ColumnBlock();
  private rest: Buffer = Buffer.alloc(0);

  /** Takes the whole rows out that were read so far; they may end in the midst of a user. */
  take(): ColumnBlock {
    const { block } = this;
    this.block = new ColumnBlock();
    return block;
  }

  push(chunk: Buffer): void {
    const bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      this.addLine(bytes, from, end);
      from = end + 1;
    }
    this.rest = bytes.subarray(from);
  }

  private addLine(bytes: Buffer, start: number, end: number): void {
    const { block } = this;
    block.reserve(block.count + 1);
    const row = block.count++;
    let from = start;
    const next = (otherwise: number): number => {
      let to = from;
      while (to < end && bytes[to] !== TAB) to++;
      const value = bytes[from] === BACKSLASH ? otherwise : numberIn(bytes, from, to);
      from = to + 1;
      return value;
    };
    block.user[row] = next(-1);
    block.item[row] = next(-1);
    let to = from;
    while (bytes[to] !== TAB) to++;
    block.type[row] = TYPE_AT.get(typeKey(bytes, from, to)) ?? 0;
    from = to + 1;
    block.occurredAt[row] = next(0);
    block.quantity[row] = next(1);
    block.value[row] = next(0);
    block.session[row] = next(-1);
  }
}

/** The same number that `Number` reads from the text. */
function numberIn(bytes: Buffer, from: number, to: number): number {
  if (to - from > EXACT_DIGITS) return Number(bytes.toString('latin1', from, to));
  let whole = 0;
  let scale = 1;
  let isFraction = false;
  const isNegative = bytes[from] === MINUS;
  for (let at = isNegative ? from + 1 : from; at < to; at++) {
    if (bytes[at] === POINT) {
      isFraction = true;
      continue;
    }
    whole = whole * 10 + bytes[at] - 48;
    if (isFraction) scale *= 10;
  }
  return (isNegative ? -whole : whole) / scale;
}
