import { Arg, Ctx, ID, Int, Mutation, Query, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import { replayQuarantine } from '../../pipeline/collect/index.js';
import type { JsonObject } from '../../store/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { given, requireObject } from '../inputs/checks.js';
import { QuarantineFilter } from '../inputs/quarantine.input.js';
import { JSONScalar } from '../scalars.js';
import { type Connection, requirePageSize, toConnection } from '../types/connection.type.js';
import { DataJob, toDataJob } from '../types/data-job.type.js';
import {
  QuarantineCount,
  QuarantinedRow,
  QuarantinedRowConnection,
  ReplayReport,
  toQuarantinedRow,
} from '../types/quarantine.type.js';

/** Rows of one mutation; startReplay takes any number. */
const MAX_ROWS = 1_000;

function requireIds(ids: readonly string[]): readonly string[] {
  if (ids.length <= MAX_ROWS) return ids;
  throw new AppError('LIMIT_EXCEEDED', `At most ${MAX_ROWS} rows; got ${ids.length}.`, { limit: MAX_ROWS });
}

@Resolver(() => QuarantinedRow)
export class QuarantineResolver {
  @Access('INGEST')
  @Query(() => QuarantinedRowConnection, {
    description: 'Rows that could not be taken in, the oldest first.',
  })
  async quarantinedRows(
    @Arg('first', () => Int, { nullable: true, description: 'Rows on the page, at most 100.' })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor of the row before the page.' })
    after: string | null,
    @Arg('filter', () => QuarantineFilter, {
      nullable: true,
      description: 'Which rows. Default: those that wait.',
    })
    filter: QuarantineFilter | null,
    @Ctx() { shop }: Context,
  ): Promise<Connection<QuarantinedRow>> {
    const where = { state: 'WAITING' as const, ...given<QuarantineFilter>(filter ?? {}) };
    const page = await shop.quarantinedRows({ first: requirePageSize(first), after }, where);
    return toConnection(page, after, toQuarantinedRow, () => shop.countQuarantined(where));
  }

  @Access('INGEST')
  @Query(() => [QuarantineCount], { description: 'Rows by origin and reason, the most first.' })
  quarantineCounts(
    @Arg('filter', () => QuarantineFilter, {
      nullable: true,
      description: 'Which rows. Default: those that wait.',
    })
    filter: QuarantineFilter | null,
    @Arg('first', () => Int, { nullable: true, description: 'Reasons at most, up to 100. Default 20.' })
    first: number | null,
    @Ctx() { shop }: Context,
  ): Promise<QuarantineCount[]> {
    const where = { state: 'WAITING' as const, ...given<QuarantineFilter>(filter ?? {}) };
    return shop.quarantineCounts(where, requirePageSize(first));
  }

  @Access('INGEST')
  @Mutation(() => QuarantinedRow, { description: 'Puts a mended row in the place of one that waits.' })
  async mendQuarantinedRow(
    @Arg('id', () => ID, { description: 'The row.' }) id: string,
    @Arg('row', () => JSONScalar, { description: 'The mended row, an object of the same form.' })
    row: JsonObject,
    @Ctx() { shop }: Context,
  ): Promise<QuarantinedRow> {
    return toQuarantinedRow(await shop.mendQuarantined(id, requireObject('row', row)));
  }

  @Access('INGEST')
  @Mutation(() => ReplayReport, { description: 'Tries rows again, in the form they have now.' })
  async replayQuarantinedRows(
    @Arg('ids', () => [ID], { description: 'Rows that wait, at most 1,000.' }) ids: string[],
    @Ctx() { services, shop }: Context,
  ): Promise<ReplayReport> {
    const report = await replayQuarantine(shop, { ids: requireIds(ids) });
    services.clocks.forget(shop);
    return report;
  }

  @Access('INGEST')
  @Mutation(() => DataJob, { description: 'Asks for all waiting rows to be tried again.' })
  async startReplay(
    @Arg('source', () => String, { nullable: true, description: 'Only rows that came from here.' })
    source: string | null,
    @Ctx() { services, shop }: Context,
  ): Promise<DataJob> {
    return toDataJob(await services.jobs.data.startReplay(shop.shopKey, source ?? null));
  }

  @Access('INGEST')
  @Mutation(() => Int, { description: 'Gives rows up. Answers how many waited until now.' })
  async discardQuarantinedRows(
    @Arg('ids', () => [ID], { description: 'Rows that wait, at most 1,000.' }) ids: string[],
    @Ctx() { shop }: Context,
  ): Promise<number> {
    const rows = await shop.quarantinedByIds(requireIds([...new Set(ids)]));
    const waiting = rows.flatMap((row) => (row?.state === 'WAITING' ? [row.id] : []));
    await shop.settleQuarantined(waiting.map((id) => ({ id, state: 'DISCARDED' })));
    return waiting.length;
  }
}
