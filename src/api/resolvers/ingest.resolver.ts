import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';

import { AppError } from '../../errors.js';
import { ingestBatch, type IngestReport } from '../../pipeline/collect/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { given } from '../inputs/checks.js';
import {
  BehaviourInput,
  FeedbackInput,
  ItemInput,
  TransactionInput,
  UserInput,
} from '../inputs/rows.input.js';
import { ErasureReceipt, toErasureReceipt } from '../types/erasure.type.js';
import { IngestResult } from '../types/ingest.type.js';

/** Rows of one mutation; more go through POST /ingest, which streams. */
const MAX_ROWS = 10_000;
const ROWS = 'At most 10,000 rows; POST /ingest takes any number.';

/** @throws AppError LIMIT_EXCEEDED */
function requireRows<Row extends object>(
  input: readonly Row[],
): { [K in keyof Row]?: NonNullable<Row[K]> }[] {
  if (input.length > MAX_ROWS) {
    throw new AppError(
      'LIMIT_EXCEEDED',
      `A mutation takes at most ${MAX_ROWS} rows; got ${input.length}. POST /ingest takes any number.`,
      {
        limit: MAX_ROWS,
      },
    );
  }
  return input.map(given);
}

@Resolver()
export class IngestResolver {
  @Access('INGEST')
  @Mutation(() => IngestResult, { description: 'Stores users, or changes those whose id is known.' })
  upsertUsers(
    @Arg('input', () => [UserInput], { description: ROWS }) input: UserInput[],
    @Ctx() { shop }: Context,
  ): Promise<IngestReport> {
    return ingestBatch(
      shop,
      'users',
      requireRows(input) as Parameters<typeof shop.upsertUsers>[0],
      'upsertUsers',
    );
  }

  @Access('INGEST')
  @Mutation(() => IngestResult, { description: 'Stores items, or changes those whose id is known.' })
  upsertItems(
    @Arg('input', () => [ItemInput], { description: ROWS }) input: ItemInput[],
    @Ctx() { shop }: Context,
  ): Promise<IngestReport> {
    return ingestBatch(
      shop,
      'items',
      requireRows(input) as Parameters<typeof shop.upsertItems>[0],
      'upsertItems',
    );
  }

  @Access('INGEST', 'SHOP')
  @Mutation(() => IngestResult, {
    description: "Stores what users did; sent twice with the shop's event id, it is stored once.",
  })
  async recordBehaviours(
    @Arg('input', () => [BehaviourInput], { description: ROWS }) input: BehaviourInput[],
    @Ctx() { shop, services }: Context,
  ): Promise<IngestReport> {
    const rows = requireRows(input) as Parameters<typeof shop.recordBehaviours>[0];
    const result = await ingestBatch(shop, 'behaviours', rows, 'recordBehaviours');
    const rejected = new Set(result.errors.map((error) => error.index));
    const stored = input.filter((_, index) => !rejected.has(index));
    await services.clocks.advance(
      shop,
      stored.map((row) => row.occurredAt),
    );
    return result;
  }

  @Access('INGEST')
  @Mutation(() => IngestResult, { description: 'Stores orders; sent again, only `isFraud` is changed.' })
  recordTransactions(
    @Arg('input', () => [TransactionInput], { description: ROWS }) input: TransactionInput[],
    @Ctx() { shop }: Context,
  ): Promise<IngestReport> {
    const rows = requireRows(input).map((row) => ({
      ...row,
      ...(row.items && { items: row.items.map((line) => ({ ...line, price: line.price ?? null })) }),
    }));
    return ingestBatch(
      shop,
      'transactions',
      rows as Parameters<typeof shop.recordTransactions>[0],
      'recordTransactions',
    );
  }

  @Access('INGEST', 'SHOP')
  @Mutation(() => IngestResult, { description: 'Stores what became of what was shown.' })
  async recordFeedback(
    @Arg('input', () => [FeedbackInput], { description: ROWS }) input: FeedbackInput[],
    @Ctx() { shop, services }: Context,
  ): Promise<IngestReport> {
    // Feedback on an impression must not arrive before the impression.
    await services.impressions.flush(shop);
    const rows = requireRows(input) as Parameters<typeof shop.recordFeedback>[0];
    return ingestBatch(shop, 'feedback', rows, 'recordFeedback');
  }

  @Access()
  @Mutation(() => ErasureReceipt, {
    description: 'Removes everything about a person and says what was removed.',
  })
  async eraseUser(
    @Arg('id', () => ID, { description: "The shop's own id of the user." }) id: string,
    @Ctx() { shop, services }: Context,
  ): Promise<ErasureReceipt> {
    // Impressions that still wait would be written after the erasure.
    await services.impressions.flush(shop);
    const receipt = await shop.eraseUser(id);
    services.clocks.forget(shop);
    return toErasureReceipt(receipt);
  }
}
