import { setTimeout as wait } from 'node:timers/promises';

import { Agent, request } from 'undici';

import { AppError } from '../../../errors.js';
import { Random } from '../../../nn/random.js';
import { addressProblem, publicLookup } from '../public-address.js';

export interface ApiClientOptions {
  /** Requests go to this origin alone, and so do the headers, which hold the key. */
  readonly origin: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Tries of one request, the first included. Default 8. */
  readonly maxTries?: number;
  /** Longest pause before the second try, doubled before each further one, milliseconds. Default 500. */
  readonly backoffMs?: number;
  /** Longest pause that a server may ask for, milliseconds. Default 5 minutes. */
  readonly maxWaitMs?: number;
  readonly maxBytes?: number;
  readonly seed?: number;
  /** Lets the origin lie in a private network. Default true: whoever starts a pull on the machine itself knows what they ask. */
  readonly allowPrivate?: boolean;
  readonly signal?: AbortSignal;
}

export interface ApiAnswer {
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the way of a client has come to. */
export interface ApiEffort {
  requests: number;
  /** Requests that were sent again. */
  retries: number;
  /** Milliseconds waited for limits and between tries. */
  waitedMs: number;
}

/** Looks at an answer that came with status 200: milliseconds to wait before the same is asked again, or null when it is fine. */
export type Throttle = (answer: ApiAnswer) => number | null;

const RETRYABLE = new Set([408, 425, 429, 500, 502, 503, 504, 520, 522, 524]);

/**
 * Speaks JSON with one server over HTTP, and does not give up easily: broken connections, timeouts, 429 and 5xx are tried again after a
 * pause that the server names (Retry-After) or that grows exponentially with full jitter (Brooker, AWS Architecture Blog, 2015).
 */
export class ApiClient {
  readonly effort: ApiEffort = { requests: 0, retries: 0, waitedMs: 0 };
  private readonly agent: Agent;
  private readonly random: Random;

  constructor(private readonly options: ApiClientOptions) {
    const { timeoutMs = 60_000, maxBytes = 64 * 1024 * 1024, allowPrivate = true } = options;
    this.agent = new Agent({
      connect: { timeout: timeoutMs, ...(allowPrivate ? {} : { lookup: publicLookup }) },
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      maxResponseSize: maxBytes,
    });
    this.random = new Random(options.seed ?? 1);
  }

  /**
   * @param target a path with its query, or a whole address of the same origin
   * @param body sent as JSON by POST; GET without
   * @throws AppError FORBIDDEN when the key is refused, NOT_FOUND, BAD_USER_INPUT for what the server refuses otherwise, INTERNAL when all
   * tries failed; `signal.reason` when aborted
   */
  async send(target: string, body?: object, throttle: Throttle = () => null): Promise<ApiAnswer> {
    const { origin, maxTries = 8, signal } = this.options;
    const url = new URL(target, origin);
    if (url.origin !== origin.origin)
      throw new AppError(
        'BAD_USER_INPUT',
        `${origin.host} leads on to ${url.host}: the key is not sent there.`,
      );
    const problem = addressProblem(url, this.options.allowPrivate ?? true);
    if (problem !== null) throw new AppError('FORBIDDEN', `${problem}: it is not asked.`);
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      const result = await this.once(url, body);
      if ('answer' in result) {
        const pause = throttle(result.answer);
        if (pause === null) return result.answer;
        result.problem = 'asks to slow down';
        result.pauseMs = pause;
      }
      const { problem: failure = '', pauseMs } = result as Failure;
      if (tries >= maxTries)
        throw new AppError(
          'INTERNAL',
          `${url.host}${url.pathname} failed ${tries} times, at last: ${failure}.`,
        );
      this.effort.retries++;
      await this.pause(pauseMs ?? this.backoff(tries));
    }
  }

  /** Waits, as limits ask for; never longer than `maxWaitMs`. */
  async pause(ms: number): Promise<void> {
    const { maxWaitMs = 300_000, signal } = this.options;
    const pause = Math.max(0, Math.min(ms, maxWaitMs));
    if (pause === 0) return;
    this.effort.waitedMs += pause;
    await wait(pause, undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private backoff(tries: number): number {
    const { backoffMs = 500, maxWaitMs = 300_000 } = this.options;
    return this.random.uniform() * Math.min(maxWaitMs, backoffMs * 2 ** (tries - 1));
  }

  private async once(url: URL, body?: object): Promise<Success | Failure> {
    const { headers, timeoutMs = 60_000, signal } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    this.effort.requests++;
    let response;
    let text: string;
    try {
      response = await request(url, {
        dispatcher: this.agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          'user-agent': 'TandemConnect/1',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      });
      text = await response.body.text();
    } catch (error) {
      signal?.throwIfAborted();
      return { problem: timeout.aborted ? 'no answer in time' : messageOf(error) };
    }
    const { statusCode: status } = response;
    if (RETRYABLE.has(status))
      return { problem: `answered ${status}`, pauseMs: retryAfterMs(response.headers['retry-after']) };
    if (status < 200 || status >= 300) throw refusal(url, status, text);
    try {
      const flat = Object.fromEntries(
        Object.entries(response.headers).map(([name, value]) => [
          name.toLowerCase(),
          [value].flat().join(', '),
        ]),
      );
      return { answer: { json: JSON.parse(text) as unknown, headers: flat } };
    } catch {
      // A page of a proxy or an answer that broke off; the next try may bring the whole.
      return { problem: 'the answer is not JSON' };
    }
  }
}

interface Success {
  readonly answer: ApiAnswer;
  problem?: string;
  pauseMs?: number;
}

interface Failure {
  readonly problem: string;
  readonly pauseMs?: number;
}

/** Retry-After in seconds or as a date (RFC 9110); undefined when it is neither. */
function retryAfterMs(value: string | string[] | undefined): number | undefined {
  const text = [value].flat()[0]?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function refusal(url: URL, status: number, text: string): AppError {
  const where = `${url.host}${url.pathname}`;
  const said = text.replace(/\s+/g, ' ').slice(0, 300);
  if (status === 401 || status === 403)
    return new AppError(
      'FORBIDDEN',
      `${where} refuses the key (${status}): is it right, and may it read this?`,
    );
  if (status === 404) return new AppError('NOT_FOUND', `There is nothing at ${where}: is the address right?`);
  if (status >= 300 && status < 400)
    return new AppError('BAD_USER_INPUT', `${where} redirects: give the address that it leads to.`);
  return new AppError('BAD_USER_INPUT', `${where} answered ${status}: ${said}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
