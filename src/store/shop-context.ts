import type pg from 'pg';

import type { PrismaClient } from './generated/client.js';

/** What every part of one shop's store works with. All connections of `pool` are bound to the shop by row-level security. */
export interface ShopContext {
  readonly shopId: number;
  readonly shopKey: string;
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;
}

/** Rows of one statement on the shop's pool. */
export async function rowsOf<Row extends pg.QueryResultRow>(
  context: ShopContext,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  return (await context.pool.query<Row>(sql, parameters)).rows;
}

/**
 * Rows of a statement that is sent often, planned once a connection: to plan a read of a table in partitions takes longer than the read.
 *
 * @param name of its own for each statement
 */
export async function preparedRowsOf<Row extends pg.QueryResultRow>(
  context: ShopContext,
  name: string,
  sql: string,
  parameters: unknown[],
): Promise<Row[]> {
  return (await context.pool.query<Row>({ name, text: sql, values: parameters })).rows;
}
