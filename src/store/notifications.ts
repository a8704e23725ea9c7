import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import type { JsonObject } from './rows.js';

const RECONNECT_MS = 500;
const CHANNEL = /^[a-z_]+$/;

type Listener = (payload: JsonObject) => void;

/** LISTEN, and locks that last as long as a process, on one connection of its own that comes back by itself when the database does. */
export class Notifications {
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly locks = new Set<number>();
  private client: Promise<pg.Client> | undefined;
  private isClosed = false;

  constructor(private readonly databaseUrl: string) {}

  /** @returns stops listening */
  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    if (!CHANNEL.test(channel)) throw new RangeError(`Not a channel: ${channel}`);
    const known = this.listeners.get(channel) ?? new Set();
    known.add(listener);
    this.listeners.set(channel, known);
    const client = await this.connection();
    await client.query(`LISTEN ${channel}`);
    return async () => {
      known.delete(listener);
      if (known.size > 0 || this.isClosed) return;
      this.listeners.delete(channel);
      // A connection that has just been closed listens to nothing any more.
      await (await this.connection()).query(`UNLISTEN ${channel}`).catch(this.unlessClosed);
    };
  }

  /** Takes an advisory lock, shared with others, for as long as the connection lives; taken again after it broke. */
  async hold(lock: number): Promise<() => Promise<void>> {
    this.locks.add(lock);
    await (await this.connection()).query('SELECT pg_advisory_lock_shared($1)', [lock]);
    return async () => {
      if (!this.locks.delete(lock) || this.isClosed) return;
      await (
        await this.connection()
      )
        .query('SELECT pg_advisory_unlock_shared($1)', [lock])
        .catch(this.unlessClosed);
    };
  }

  /** Takes an advisory lock alone, for as long as the connection lives; null where another has it. */
  async holdAlone(lock: number): Promise<(() => Promise<void>) | null> {
    const client = await this.connection();
    const sql = 'SELECT pg_try_advisory_lock($1) AS taken';
    const { rows } = await client.query<{ taken: boolean }>(sql, [lock]);
    if (!rows[0].taken) return null;
    return async () => {
      if (this.isClosed || client !== (await this.connection())) return; // it went with its connection
      await client.query('SELECT pg_advisory_unlock($1)', [lock]).catch(this.unlessClosed);
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.listeners.clear();
    await (await this.client?.catch(() => undefined))?.end();
  }

  private readonly unlessClosed = (thrown: unknown): void => {
    if (!this.isClosed) throw thrown;
  };

  private connection(): Promise<pg.Client> {
    this.client ??= this.connect().catch((thrown: unknown) => {
      this.client = undefined; // the next call tries again
      throw thrown;
    });
    return this.client;
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    client.on('notification', ({ channel, payload }) => {
      const parsed = JSON.parse(payload ?? '{}') as JsonObject;
      for (const listener of this.listeners.get(channel) ?? []) listener(parsed);
    });
    client.on('error', () => undefined); // 'end' follows
    await client.connect();
    // Not before: an attempt that fails ends too, and each would start a loop of its own.
    client.once('end', () => void this.reconnect());
    for (const channel of this.listeners.keys()) await client.query(`LISTEN ${channel}`);
    for (const lock of this.locks) await client.query('SELECT pg_advisory_lock_shared($1)', [lock]);
    return client;
  }

  private async reconnect(): Promise<void> {
    this.client = undefined;
    while (!this.isClosed) {
      await sleep(RECONNECT_MS, undefined, { ref: false });
      const isBack = await this.connection().then(
        () => true,
        () => false,
      );
      if (isBack) return;
    }
  }
}
