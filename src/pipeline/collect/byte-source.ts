import { isAscii, isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

import { AppError } from '../../errors.js';

/** Encodings a file may be read in; the first two are guessed, UTF-16 by its byte order mark. */
export const ENCODINGS = [
  'utf-8',
  'windows-1252',
  'utf-16le',
  'utf-16be',
  'iso-8859-15',
  'shift_jis',
  'gb18030',
] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** No text of rows packs tighter: NDJSON comes to a tenth or a fiftieth, what is made to fill memory or time to a thousandth. */
const MAX_UNPACKED = 200;
/** Up to so many unpacked bytes nothing is said of a bomb. */
const MAX_UNPACKED_UNASKED = 1 << 24;

/** Encodings whose text can be gone on with at any character. */
const SEEKABLE: readonly Encoding[] = ['utf-8', 'windows-1252', 'iso-8859-15'];

/** Bytes looked at to tell gzip, encoding, format and columns. */
const SAMPLE_BYTES = 1 << 18;

/** Decoded text of a file or stream, its beginning at hand. */
export interface TextSource {
  readonly encoding: Encoding;
  readonly isGzip: boolean;
  /** The text of the first 256 KiB (less for a shorter source). */
  readonly head: string;
  /** Whether `head` is all there is. */
  readonly isHeadAll: boolean;
  /** All text from the beginning, in pieces; can be read once. */
  readonly text: AsyncIterable<string>;
  /** Bytes that the text handed out so far takes; null where reading cannot go on there (gzip, streams, encodings with a state). */
  offset(): number | null;
  /** The text behind an offset that was told, in the place of `text`. @throws RangeError where there is none */
  textFrom(offset: number): AsyncIterable<string>;
  close(): void;
}

export interface TextOptions {
  readonly encoding?: Encoding;
  /** What bytes are read as that are not UTF-8; JSON is never anything else. Default windows-1252. */
  readonly fallback?: Encoding;
  /** What messages call the source, e.g. the file's name. */
  readonly name: string;
}

/**
 * Opens a file as text.
 *
 * @param onBytes called with the bytes read from the disk so far and the file's size
 * @throws AppError NOT_FOUND for a missing file, BAD_USER_INPUT for a folder or a file that is no text
 */
export async function openTextFile(
  path: string,
  options: Partial<TextOptions> & { onBytes?: (read: number, total: number) => void } = {},
): Promise<TextSource> {
  const facts = await stat(path).catch((error: unknown) => {
    throw new AppError('NOT_FOUND', `There is no file ${path}.`, {}, { cause: error });
  });
  if (!facts.isFile()) throw new AppError('BAD_USER_INPUT', `${path} is not a file.`);
  const name = options.name ?? path;
  const open = (start: number): Readable => {
    const bytes = createReadStream(path, { highWaterMark: SAMPLE_BYTES, start });
    let read = start;
    bytes.on('data', (chunk) => {
      read += chunk.length;
      options.onBytes?.(read, facts.size);
    });
    return bytes.pause();
  };
  const source = await openText(open(0), { ...options, name });
  if (source.isGzip || !SEEKABLE.includes(source.encoding)) return source;
  let later: { text: AsyncIterable<string>; offset: () => number; close: () => void } | null = null;
  return {
    ...source,
    offset: () => (later ?? source).offset(),
    textFrom: (start) => {
      const stream = open(start);
      options.onBytes?.(start, facts.size);
      const counter = { bytes: start };
      // Behind the beginning, what looks like a byte order mark is a character.
      const decoder = new TextDecoder(source.encoding, { ignoreBOM: true });
      const text = decode(readChunks(stream, name), decoder, counter);
      later = { text, offset: () => counter.bytes, close: () => stream.destroy() };
      return text;
    },
    close: () => {
      source.close();
      later?.close();
    },
  };
}

/**
 * Opens a stream of bytes as text: unzips it when it is gzip (told by its first bytes) and guesses the encoding from its
 * beginning (byte order mark, valid UTF-8, else Windows-1252).
 *
 * @throws AppError BAD_USER_INPUT for binary content; while reading, for a broken gzip file
 */
export async function openText(stream: Readable, options: TextOptions): Promise<TextSource> {
  const raw = await peek(readChunks(stream, options.name), 2);
  const isGzip = raw.head.length >= 2 && raw.head[0] === 0x1f && raw.head[1] === 0x8b;
  const { head, isAll, chunks } = await peek(
    isGzip ? gunzip(raw.chunks, options.name) : raw.chunks,
    SAMPLE_BYTES,
  );
  const encoding = options.encoding ?? guessEncoding(head, isAll, options.fallback ?? 'windows-1252');
  if (encoding !== 'utf-16le' && encoding !== 'utf-16be' && head.includes(0)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${options.name} is not text: it holds binary data. Expected CSV or NDJSON.`,
    );
  }
  const decoder = new TextDecoder(encoding);
  const counter = { bytes: 0 };
  return {
    encoding,
    isGzip,
    head: new TextDecoder(encoding).decode(head),
    isHeadAll: isAll,
    text: decode(chunks, decoder, counter),
    offset: () => (isGzip || !SEEKABLE.includes(encoding) ? null : counter.bytes),
    textFrom: () => {
      throw new RangeError(`${options.name} can be read from its beginning alone.`);
    },
    close: () => stream.destroy(),
  };
}

/** Reads chunks until there are `size` bytes, and gives them back with an iterable over everything. */
async function peek(
  source: AsyncIterator<Buffer>,
  size: number,
): Promise<{ head: Buffer; isAll: boolean; chunks: AsyncIterator<Buffer> }> {
  const first: Buffer[] = [];
  let length = 0;
  let isAll = false;
  while (length < size && !isAll) {
    const next = await source.next();
    if (next.done === true) isAll = true;
    else {
      first.push(next.value);
      length += next.value.length;
    }
  }
  const head = first.length === 1 ? first[0] : Buffer.concat(first);
  async function* replay(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    for (;;) {
      const next = await source.next();
      if (next.done === true) return;
      yield next.value;
    }
  }
  return { head, isAll, chunks: replay() };
}

async function* readChunks(stream: Readable, name: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream)
      yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
  } catch (error) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${name} ended before it was read: the sender broke off.`,
      {},
      { cause: error },
    );
  }
}

async function* gunzip(source: AsyncIterator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const unzip = createGunzip({ chunkSize: 1 << 16 });
  let packed = 0;
  let unpacked = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      packed += next.value.length;
      yield next.value;
    }
  }
  let broken: unknown = null;
  pipeline(counted(), unzip, (error) => {
    broken = error ?? null;
  });
  try {
    for await (const chunk of unzip) {
      unpacked += (chunk as Buffer).length;
      if (unpacked > MAX_UNPACKED_UNASKED && unpacked > packed * MAX_UNPACKED) {
        throw new AppError(
          'LIMIT_EXCEEDED',
          `${name} unpacks to more than ${MAX_UNPACKED} times its size: that is no file of rows. Send it unpacked.`,
        );
      }
      yield chunk as Buffer;
    }
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (broken instanceof AppError) throw broken;
    throw new AppError(
      'BAD_USER_INPUT',
      `${name} is not a whole gzip file: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

/** @param counter bytes of the text handed out so far, whole characters */
async function* decode(
  chunks: AsyncIterator<Buffer>,
  decoder: InstanceType<typeof TextDecoder>,
  counter: { bytes: number },
): AsyncGenerator<string> {
  let open: Buffer = Buffer.alloc(0);
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    const bytes = open.length > 0 ? Buffer.concat([open, next.value]) : next.value;
    const whole = bytes.length - (decoder.encoding === 'utf-8' ? openTail(bytes) : 0);
    open = bytes.subarray(whole);
    counter.bytes += whole;
    const text = decoder.decode(bytes.subarray(0, whole), { stream: true });
    if (text !== '') yield text;
  }
  const last = decoder.decode(open);
  counter.bytes += open.length;
  if (last !== '') yield last;
}

/** Bytes at the end that begin a character of UTF-8 and do not end it. */
function openTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? back : 0;
  }
  return 0;
}

function guessEncoding(head: Buffer, isAll: boolean, fallback: Encoding): Encoding {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  if (isAscii(head)) return 'utf-8';
  // The head may end inside a character: up to three bytes of it are left out of the test.
  for (let cut = 0; cut <= (isAll ? 0 : 3); cut++)
    if (isUtf8(head.subarray(0, head.length - cut))) return 'utf-8';
  return fallback;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
