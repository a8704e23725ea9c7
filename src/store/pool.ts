import pg from 'pg';

import { coerceError } from '../errors.js';

/** SQLSTATEs after which the same transaction, tried again, may pass: serialisation failure and deadlock. */
const RETRYABLE = new Set(['40001', '40P01']);
const MAX_TRIES = 5;

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
  return pool;
}

/** Runs the work in one transaction; tries again where another transaction was in its way. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (thrown) {
      await client.query('ROLLBACK').catch((failed: unknown) => {
        broken = coerceError(failed);
      });
      const isRetryable = RETRYABLE.has((thrown as { code?: string }).code ?? '');
      if (!isRetryable || tries >= MAX_TRIES) throw thrown;
    } finally {
      client.release(broken);
    }
  }
}
