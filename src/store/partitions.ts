/** Partitions of the growing tables: made by who writes into them, one a quarter of a year. */
import { rowsOf, type ShopContext } from './shop-context.js';

export const PARTITIONED_TABLES = ['behaviours', 'transactions', 'impressions', 'feedback'] as const;
export type PartitionedTable = (typeof PARTITIONED_TABLES)[number];

const MAX_TRIES = 3;
/** PostgreSQL's code for a row that no partition takes. */
const CHECK_VIOLATION = '23514';

/** A quarter of a year in UTC. */
export interface Quarter {
  readonly from: number;
  /** Its end, which is the start of the next. */
  readonly to: number;
}

/** @param time milliseconds */
export function quarterOf(time: number): Quarter {
  const date = new Date(time);
  const year = date.getUTCFullYear();
  const month = 3 * Math.floor(date.getUTCMonth() / 3);
  return { from: Date.UTC(year, month), to: Date.UTC(year, month + 3) };
}

/** The quarter that a partition is for, by its name; null for another table. */
export function quarterOfPartition(name: string): Quarter | null {
  const match = /_(\d{4})q([1-4])$/.exec(name);
  return match ? quarterOf(Date.UTC(Number(match[1]), 3 * (Number(match[2]) - 1))) : null;
}

/** Sees to it that rows find their partitions, in the writes of one shop. */
export class PartitionMaker {
  private readonly known = new Map<PartitionedTable, Set<number>>(
    PARTITIONED_TABLES.map((table) => [table, new Set()]),
  );

  constructor(private readonly context: ShopContext) {}

  /**
   * Runs a write whose rows have these times, with partitions for all of them. Before its transaction, not in it: who adds partitions
   * waits for others who do.
   */
  async during<T>(table: PartitionedTable, times: Iterable<Date>, write: () => Promise<T>): Promise<T> {
    const quarters = quartersOf(times);
    for (let tries = 1; ; tries++) {
      try {
        await this.make(table, quarters);
        return await write();
      } catch (thrown) {
        const { code, message } = thrown as { code?: string; message?: string };
        // Retention dropped an empty partition that this process had seen.
        const isGone = code === CHECK_VIOLATION && /no partition of relation/.test(message ?? '');
        if (!isGone || tries === MAX_TRIES) throw thrown;
        this.known.get(table)?.clear();
      }
    }
  }

  private async make(table: PartitionedTable, quarters: readonly number[]): Promise<void> {
    const known = this.known.get(table)!;
    for (const from of quarters) {
      if (known.has(from)) continue;
      await this.context.pool.query('SELECT add_partition($1, $2)', [table, new Date(from)]);
      known.add(from);
    }
  }
}

/** Starts of the quarters in which times lie; times of neighbouring rows mostly lie in one. */
function quartersOf(times: Iterable<Date>): number[] {
  const starts = new Set<number>();
  let last: Quarter = { from: Infinity, to: -Infinity };
  for (const date of times) {
    const time = date.getTime();
    if (time >= last.from && time < last.to) continue;
    last = quarterOf(time);
    starts.add(last.from);
  }
  return [...starts];
}

/** Partitions whose quarters end by a time, oldest first. */
export async function oldPartitions(
  context: ShopContext,
  table: PartitionedTable,
  before: Date,
): Promise<string[]> {
  const parts = await rowsOf<{ name: string }>(
    context,
    `SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
     WHERE i.inhparent = to_regclass($1) ORDER BY c.relname`,
    [table],
  );
  return parts
    .map(({ name }) => name)
    .filter((name) => (quarterOfPartition(name)?.to ?? Infinity) <= before.getTime());
}

/** What time brings: rows of the default partition whose quarter can be made by now move there, and statistics are taken anew. */
export async function tendPartitions(context: ShopContext): Promise<void> {
  for (const table of PARTITIONED_TABLES) {
    const [{ rest }] = await rowsOf<{ rest: string | null }>(
      context,
      'SELECT to_regclass($1)::text AS rest',
      [`${table}_default`],
    );
    if (rest === null) continue;
    const time = table === 'impressions' ? 'shown_at' : 'occurred_at';
    // First all of them: a table that a statement reads cannot be changed by it.
    const quarters = await rowsOf<{ quarter: Date }>(
      context,
      `SELECT DISTINCT date_trunc('quarter', ${time}, 'UTC') AS quarter FROM ${rest} WHERE shop_id = $1`,
      [context.shopId],
    );
    for (const { quarter } of quarters)
      await rowsOf(context, 'SELECT add_partition($1, $2)', [table, quarter]);
  }
  await rowsOf(context, 'SELECT analyze_partitioned()');
}
