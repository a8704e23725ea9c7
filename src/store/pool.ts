import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { coerceError } from '../errors.js';

/** SQLSTATEs after which the same transaction, tried again, may pass: serialisation failure and deadlock. */
const RETRYABLE = new Set(['40001', '40P01']);
const MAX_TRIES = 5;
/** SQLSTATEs and system errors of a server that shuts down, crashed, starts, or does not listen. */
const LOST = new Set([
  ...['57P01', '57P02', '57P03', '08000', '08001', '08003', '08006'],
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'],
]);
/** How long a restarting server is waited for, recovery from a crash included. */
const RESTART_MS = 60_000;
const RECONNECT_MS = 250;

/** Counts statements over all connections of one store. */
export class StatementCounter {
  count = 0;
}

export interface PoolOptions {
  readonly databaseUrl: string;
  readonly counter: StatementCounter;
  readonly max: number;
  /** Settings that every connection starts with, `name → value`; values hold no spaces. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** A pool whose statements are counted and whose idle connections may break without ending the process. */
export function createPool(options: PoolOptions): pg.Pool {
  const { counter } = options;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- applied to the client below
  const send: (...args: unknown[]) => unknown = pg.Client.prototype.query;
  class CountingClient extends pg.Client {
    // pg declares a dozen overloads; all of them send one statement.
    override query = ((...args: unknown[]) => {
      counter.count++;
      return Reflect.apply(send, this, args);
    }) as unknown as pg.Client['query'];
  }
  const flags = Object.entries(options.settings ?? {}).map(([name, value]) => `-c ${name}=${value}`);
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: options.max,
    options: flags.length > 0 ? flags.join(' ') : undefined,
    Client: CountingClient,
  });
  // An idle connection that breaks (a restarted server) is replaced at the next use.
  pool.on('error', () => undefined);
  // One that breaks in use fails its statement; without a listener the event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

export interface TransactionOptions {
  /**
   * The work may run twice though it was stored the first time (idempotent writes). Then it is also tried again when the database
   * goes away in its midst, for as long as a restart takes.
   */
  readonly isRepeatable?: boolean;
}

/** Runs the work in one transaction; tries again where another transaction was in its way. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const started = Date.now();
  for (let tries = 1; ; tries++) {
    try {
      return await tryTransaction(pool, work);
    } catch (thrown) {
      const isInTheWay = RETRYABLE.has((thrown as { code?: string }).code ?? '') && tries < MAX_TRIES;
      const isAway =
        options.isRepeatable === true && isConnectionLost(thrown) && Date.now() - started < RESTART_MS;
      if (!isInTheWay && !isAway) throw thrown;
      if (isAway) await sleep(RECONNECT_MS);
    }
  }
}

async function tryTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (thrown) {
    if (isConnectionLost(thrown)) broken = coerceError(thrown);
    else
      await client.query('ROLLBACK').catch((failed: unknown) => {
        broken = coerceError(failed);
      });
    throw thrown;
  } finally {
    client.release(broken);
  }
}

/** Whether an error says that the connection or the server behind it is gone, rather than that it refused the statement. */
export function isConnectionLost(thrown: unknown): boolean {
  const { code, message } = thrown as { code?: string; message?: string };
  return (
    LOST.has(code ?? '') ||
    /^Connection terminated|^Client has encountered a connection error|^Premature close/.test(message ?? '')
  );
}

/**
 * Keeps users from being erased while rows of theirs are written: writers hold it SHARED, who removes users EXCLUSIVE; until the
 * transaction ends.
 */
export async function lockPeople(
  client: pg.ClientBase,
  shopId: number,
  mode: 'SHARED' | 'EXCLUSIVE',
): Promise<void> {
  const lock = mode === 'SHARED' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await client.query(`SELECT ${lock}(hashtext('tandem.people'), $1)`, [shopId]);
}
