import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

import { Agent, type Dispatcher, request } from 'undici';

import { AppError } from '../../errors.js';
import { addressProblem, publicLookup } from './public-address.js';

export interface DownloadOptions {
  /** Lets the file lie at a private address. */
  readonly allowPrivate: boolean;
  readonly maxBytes: number;
  /** Ends early, content, once so many bytes of a file that is no Parquet are there: enough to tell what it is. */
  readonly enoughBytes?: number;
  /** Milliseconds without a byte after which a try is given up. Default 30,000. */
  readonly timeoutMs?: number;
  /** Tries, the first included. Default 5. */
  readonly maxTries?: number;
  readonly signal?: AbortSignal;
  readonly onBytes?: (read: number, total: number | null) => void;
}

const MAX_REDIRECTS = 5;
const FIRST_PAUSE_MS = 500;

/** What a try came to that may be made again. */
class Interrupted extends Error {}

/**
 * Fetches a file over HTTP to the disk. A transfer that breaks off goes on where it was, where the server knows how (Range, If-Range), as
 * does one that an earlier process left in `path` + `.part`; the whole file is renamed to `path` at the end. Private addresses are
 * refused as by the crawler: for the connection that is made, behind redirects, too.
 *
 * @throws AppError BAD_USER_INPUT for an address that is none, refuses, or failed at all tries; NOT_FOUND; LIMIT_EXCEEDED for more than
 * `maxBytes`; `signal.reason` when aborted
 */
export async function downloadFile(url: string, path: string, options: DownloadOptions): Promise<void> {
  if (!URL.canParse(url))
    throw new AppError(
      'BAD_USER_INPUT',
      `Expected the address of a file, such as https://shop.example/orders.csv; got ${url}.`,
    );
  const { allowPrivate, timeoutMs = 30_000, maxTries = 5, signal } = options;
  const agent = new Agent({
    connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: publicLookup }) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  try {
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      try {
        await transfer(agent, new URL(url), path, options);
        await rename(`${path}.part`, path);
        return;
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof AppError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        if (tries >= maxTries)
          throw new AppError(
            'BAD_USER_INPUT',
            `${new URL(url).host} could not be read${tries > 1 ? `, ${tries} times` : ''}: ${reason}.`,
            {},
            { cause: error },
          );
        await wait(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal });
      }
    }
  } finally {
    await agent.destroy();
  }
}

async function transfer(agent: Agent, url: URL, path: string, options: DownloadOptions): Promise<void> {
  const part = `${path}.part`;
  const mark = `${path}.mark`;
  const have = await sizeOf(part);
  const validator = have > 0 ? await readText(mark) : '';
  const headers: Record<string, string> = { 'user-agent': 'TandemImport/1', 'accept-encoding': 'identity' };
  if (validator !== '') Object.assign(headers, { range: `bytes=${have}-`, 'if-range': validator });
  const response = await follow(agent, url, headers, options);
  const { statusCode, body } = response;
  if (statusCode === 416) {
    // What is there does not fit what the server has: it is fetched anew.
    await Promise.all([body.dump(), rm(part, { force: true })]);
    throw new Interrupted('it has no such part');
  }
  const isContinued = statusCode === 206;
  const from = isContinued ? have : 0;
  const length = Number([response.headers['content-length']].flat()[0]);
  const total = Number.isFinite(length) ? from + length : null;
  const tooLarge = () =>
    new AppError(
      'LIMIT_EXCEEDED',
      `${url.host} sends more than ${options.maxBytes} bytes; tandem import takes files of any size.`,
      {
        limit: options.maxBytes,
      },
    );
  if (total !== null && total > options.maxBytes && options.enoughBytes === undefined) {
    await body.dump();
    throw tooLarge();
  }
  if (!isContinued) await writeText(mark, validatorOf(response.headers));
  const file = await open(part, isContinued ? 'a' : 'w');
  let bytes = from;
  try {
    let isParquet: boolean | null = null;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      isParquet ??= from === 0 && chunk.subarray(0, 4).toString('latin1') === 'PAR1';
      bytes += chunk.length;
      if (bytes > options.maxBytes) throw tooLarge();
      await file.write(chunk);
      options.onBytes?.(bytes, total);
      if (options.enoughBytes !== undefined && bytes >= options.enoughBytes && !isParquet) return;
    }
  } finally {
    await file.close();
  }
  if (total !== null && bytes < total) throw new Interrupted(`it ended after ${bytes} of ${total} bytes`);
  await rm(mark, { force: true });
}

async function follow(
  agent: Agent,
  url: URL,
  headers: Record<string, string>,
  options: DownloadOptions,
): Promise<Dispatcher.ResponseData> {
  let target = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const problem = addressProblem(target, options.allowPrivate);
    if (problem !== null) throw new AppError('BAD_USER_INPUT', `${problem}: it is not read.`);
    const response = await request(target, { dispatcher: agent, headers, signal: options.signal }).catch(
      (error: unknown) => {
        // A name that leads into a private network stays one at the next try.
        if (error instanceof Error && error.message.includes('has no public address'))
          throw new AppError('BAD_USER_INPUT', `${error.message}: it is not read.`, {}, { cause: error });
        throw error;
      },
    );
    const { statusCode: status } = response;
    const { location } = response.headers;
    if (status === 200 || status === 206 || status === 416) return response;
    await response.body.dump();
    if (
      status >= 300 &&
      status < 400 &&
      typeof location === 'string' &&
      URL.canParse(location, target.href)
    ) {
      target = new URL(location, target);
      continue;
    }
    const where = `${target.host}${target.pathname}`;
    if (status === 404 || status === 410)
      throw new AppError('NOT_FOUND', `There is nothing at ${where} (${status}).`);
    if (status === 408 || status === 429 || status >= 500) throw new Interrupted(`it answered ${status}`);
    throw new AppError('BAD_USER_INPUT', `${where} answered ${status}.`);
  }
  throw new AppError('BAD_USER_INPUT', `${url.host} redirects more than ${MAX_REDIRECTS} times.`);
}

/** A strong ETag, else the time of the last change: what If-Range takes (RFC 9110, section 13.1.5). */
function validatorOf(headers: Dispatcher.ResponseData['headers']): string {
  const etag = [headers.etag].flat()[0] ?? '';
  return etag !== '' && !etag.startsWith('W/') ? etag : ([headers['last-modified']].flat()[0] ?? '');
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

async function readText(path: string): Promise<string> {
  const file = await open(path).catch((): FileHandle | null => null);
  if (file === null) return '';
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

async function writeText(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}
