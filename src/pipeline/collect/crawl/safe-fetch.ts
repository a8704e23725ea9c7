import { Agent, errors, request } from 'undici';

import { addressProblem, publicLookup } from '../public-address.js';

/** What a page came to. UNCHANGED: the server says that it is as it was when it gave the validators. */
export type FetchedPage =
  | {
      readonly kind: 'PAGE';
      readonly url: string;
      readonly body: Buffer;
      readonly contentType: string;
      readonly etag: string | null;
      readonly lastModified: string | null;
      /** The header X-Robots-Tag. */
      readonly robotsTag: string;
    }
  | { readonly kind: 'UNCHANGED' }
  | {
      readonly kind: 'FAILED';
      readonly reason: string;
      /** 0 where there was no answer. */
      readonly status: number;
      /** Set when the server asks to come again later. */
      readonly retryAfterMs: number | null;
    };

/** What a server gave with a page, to be asked whether it is still so (RFC 9110, section 13). */
export interface Validators {
  readonly etag: string | null;
  readonly lastModified: string | null;
}

export interface FetcherOptions {
  readonly userAgent: string;
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Lets private addresses be reached: for a shop on the own machine. */
  readonly allowPrivate: boolean;
}

const MAX_REDIRECTS = 5;

/**
 * Fetches pages, refusing private addresses: checked when a name is resolved for the very connection that is made, so that a name
 * which changes its address between check and use gains nothing; every redirect is checked alike.
 */
export class SafeFetcher {
  private readonly agent: Agent;

  constructor(private readonly options: FetcherOptions) {
    const { timeoutMs, allowPrivate } = options;
    this.agent = new Agent({
      connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: publicLookup }) },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxResponseSize: options.maxBytes,
    });
  }

  /** @param mayFollow asked before each redirect; false ends it */
  async fetch(
    url: URL,
    mayFollow: (target: URL) => boolean,
    { signal, validators }: { signal?: AbortSignal; validators?: Validators } = {},
  ): Promise<FetchedPage> {
    let target = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const problem = addressProblem(target, this.options.allowPrivate);
      if (problem !== null) return failure(problem);
      const answer = await this.get(target, signal, hop === 0 ? validators : undefined);
      if (answer.kind !== 'REDIRECT') return answer;
      if (!URL.canParse(answer.location, target.href)) return failure('redirects to no address');
      target = new URL(answer.location, target);
      if (!mayFollow(target)) return failure(`redirects to ${target.href}, which is not crawled`);
    }
    return failure(`redirects more than ${MAX_REDIRECTS} times`);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async get(
    url: URL,
    signal?: AbortSignal,
    validators?: Validators,
  ): Promise<FetchedPage | { kind: 'REDIRECT'; location: string }> {
    const { userAgent, timeoutMs } = this.options;
    try {
      const timeout = AbortSignal.timeout(timeoutMs);
      const response = await request(url, {
        dispatcher: this.agent,
        headers: {
          'user-agent': userAgent,
          accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,text/plain;q=0.5',
          ...(validators?.etag ? { 'if-none-match': validators.etag } : {}),
          ...(validators?.lastModified ? { 'if-modified-since': validators.lastModified } : {}),
        },
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      const { statusCode, headers, body } = response;
      const { location } = headers;
      if (statusCode === 304) {
        await body.dump();
        return { kind: 'UNCHANGED' };
      }
      if (statusCode >= 300 && statusCode < 400 && typeof location === 'string') {
        await body.dump();
        return { kind: 'REDIRECT', location };
      }
      if (statusCode !== 200) {
        await body.dump();
        const retryAfterMs = statusCode === 429 || statusCode === 503 ? waitOf(headers['retry-after']) : null;
        return { kind: 'FAILED', reason: `answered ${statusCode}`, status: statusCode, retryAfterMs };
      }
      const bytes = Buffer.from(await body.arrayBuffer());
      const header = (name: string) => [headers[name]].flat()[0]?.slice(0, 500) ?? null;
      return {
        kind: 'PAGE',
        url: url.href,
        body: bytes,
        contentType: header('content-type') ?? '',
        etag: header('etag'),
        lastModified: header('last-modified'),
        robotsTag: header('x-robots-tag') ?? '',
      };
    } catch (error) {
      signal?.throwIfAborted();
      return failure(this.reasonOf(error));
    }
  }

  /** Why there is no page, in words that help: the library says that the other side closed where this side did. */
  private reasonOf(error: unknown): string {
    const { maxBytes, timeoutMs } = this.options;
    if (!(error instanceof Error)) return String(error);
    if (error.name === 'TimeoutError') return `took longer than ${timeoutMs / 1000} s`;
    if (error instanceof errors.ResponseExceededMaxSizeError) return `is larger than ${maxBytes} bytes`;
    return error.message;
  }
}

function failure(reason: string): FetchedPage & { kind: 'FAILED' } {
  return { kind: 'FAILED', reason, status: 0, retryAfterMs: null };
}

/** Retry-After in milliseconds; a second where it says nothing that can be read. */
function waitOf(value: string | string[] | undefined): number {
  const text = [value].flat()[0] ?? '';
  if (/^\d{1,6}$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? 1000 : Math.max(0, date - Date.now());
}
