import { AppError } from '../../../errors.js';
import {
  type Json,
  type JsonObject,
  type QuarantinedRow,
  type QuarantineFilter,
  type QuarantineState,
  type ShopStore,
} from '../../../store/index.js';
import { type EntityContext, writeEntities } from '../connect/write-entities.js';
import { describeIssues, INGEST_KINDS, INGEST_SCHEMAS, type IngestKind } from '../ingest-schemas.js';
import { type LayoutOptions, type RecordOutcome } from '../layouts/layout.js';
import { layoutNamed } from '../layouts/registry.js';
import { RowBuffer } from '../row-buffer.js';
import { textOf } from '../values.js';
import { TEXT_KEY } from './quarantine-buffer.js';

/** What became of rows that were tried again. rows = replayed + discarded + waiting. */
export interface ReplayReport {
  readonly rows: number;
  /** In the shop now. */
  readonly replayed: number;
  /** Left out by a cleaning rule. */
  readonly discarded: number;
  /** Still not understood, with a new reason. */
  readonly waiting: number;
  /** The first that still wait. */
  readonly problems: { readonly id: string; readonly reason: string }[];
}

interface Outcome {
  readonly id: string;
  readonly state: QuarantineState;
  readonly reason?: string;
}

/** Reads rows of one context again and writes them; an outcome a row, in their order. */
type ReplayRows = (
  store: ShopStore,
  context: JsonObject,
  rows: readonly QuarantinedRow[],
) => Promise<RecordOutcome[]>;

/** How rows are read again, by the `kind` of their context. */
const READERS: ReadonlyMap<string, ReplayRows> = new Map([
  ['IMPORT', replayImported],
  ['INGEST', replayIngested],
  ['ENTITY', replayEntities],
]);

const PAGE_ROWS = 500;
const MAX_PROBLEMS = 100;

/**
 * Tries waiting rows again, in the form they have now: all that pass the filter, or those named. Rows that are understood come into the
 * shop as their import would have brought them; others go on waiting.
 *
 * @throws AppError NOT_FOUND for a named row that does not wait
 */
export async function replayQuarantine(
  store: ShopStore,
  selection: { readonly ids: readonly string[] } | QuarantineFilter = {},
): Promise<ReplayReport> {
  const report = { rows: 0, replayed: 0, discarded: 0, waiting: 0, problems: [] as ReplayReport['problems'] };
  const isNamed = 'ids' in selection;
  const filter: QuarantineFilter = isNamed ? { state: 'WAITING' } : { ...selection, state: 'WAITING' };
  const wanted = isNamed ? new Set(selection.ids) : null;
  for (let after: string | null = null; ;) {
    const page = await store.quarantinedRows({ first: PAGE_ROWS, after }, filter);
    const rows = wanted === null ? page.rows : page.rows.filter(({ id }) => wanted.has(id));
    for (const outcome of await replayRows(store, rows)) {
      wanted?.delete(outcome.id);
      report.rows++;
      if (outcome.state === 'REPLAYED') report.replayed++;
      else if (outcome.state === 'DISCARDED') report.discarded++;
      else {
        report.waiting++;
        if (report.problems.length < MAX_PROBLEMS)
          report.problems.push({ id: outcome.id, reason: outcome.reason ?? '' });
      }
    }
    after = page.rows.at(-1)?.cursor ?? null;
    if (!page.hasNextPage || after === null || wanted?.size === 0) break;
  }
  if (wanted !== null && wanted.size > 0)
    throw new AppError('NOT_FOUND', `No row ${[...wanted].join(', ')} waits in quarantine.`);
  return report;
}

async function replayRows(store: ShopStore, rows: readonly QuarantinedRow[]): Promise<Outcome[]> {
  const byContext = new Map<string, QuarantinedRow[]>();
  for (const row of rows) byContext.set(row.contextId, [...(byContext.get(row.contextId) ?? []), row]);
  const outcomes: Outcome[] = [];
  for (const group of byContext.values()) {
    const { context } = group[0];
    const kind = textOf(context.kind);
    const replay = READERS.get(kind);
    if (replay === undefined) throw new AppError('INTERNAL', `Nothing reads rows of the kind ${kind}.`);
    const results = await replay(store, context, group);
    group.forEach(({ id }, index) => outcomes.push(stateOf(id, results[index])));
  }
  await store.settleQuarantined(outcomes);
  return outcomes;
}

function stateOf(id: string, outcome: RecordOutcome): Outcome {
  if (outcome === 'KEPT') return { id, state: 'REPLAYED' };
  if (outcome === 'DROPPED') return { id, state: 'DISCARDED', reason: 'A cleaning rule leaves it out.' };
  return { id, state: 'WAITING', reason: outcome.rejected };
}

async function replayImported(
  store: ShopStore,
  context: JsonObject,
  rows: readonly QuarantinedRow[],
): Promise<RecordOutcome[]> {
  const { layout, records, mapping, columns, ...options } = context as unknown as LayoutOptions & {
    readonly layout: string;
    readonly records: Parameters<typeof layoutNamed>[1];
    readonly mapping: Parameters<typeof layoutNamed>[2];
    readonly columns: readonly string[];
  };
  const refused = new Map<number, string>();
  const buffer = new RowBuffer(store, (line, error) => {
    if (line !== null) refused.set(line, error.message);
  });
  const mapper = layoutNamed(layout, records, mapping).createMapper(columns, buffer, {
    ...options,
    now: Date.now(),
  });
  const outcomes = rows.map((row, index): RecordOutcome => {
    buffer.line = index;
    const values = valuesOf(row.raw, columns);
    return values === null
      ? { rejected: `The line has no columns yet: mend it as an object with ${columns.join(', ')}.` }
      : mapper.map(values);
  });
  buffer.line = null;
  mapper.finish();
  await buffer.drain();
  return outcomes.map((outcome, index) => {
    const reason = refused.get(index);
    return outcome === 'KEPT' && reason !== undefined ? { rejected: reason } : outcome;
  });
}

function valuesOf(raw: Json, columns: readonly string[]): unknown[] | null {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw) || TEXT_KEY in raw) return null;
  return columns.map((column) => raw[column] ?? '');
}

const WRITES: {
  readonly [Kind in IngestKind]: (
    store: ShopStore,
    row: unknown,
  ) => Promise<{ errors: { message: string }[] }>;
} = {
  users: (store, row) => store.upsertUsers([row as Parameters<typeof store.upsertUsers>[0][0]]),
  items: (store, row) => store.upsertItems([row as Parameters<typeof store.upsertItems>[0][0]]),
  behaviours: (store, row) =>
    store.recordBehaviours([row as Parameters<typeof store.recordBehaviours>[0][0]]),
  transactions: (store, row) =>
    store.recordTransactions([row as Parameters<typeof store.recordTransactions>[0][0]]),
  feedback: (store, row) => store.recordFeedback([row as Parameters<typeof store.recordFeedback>[0][0]]),
};

/** Rows of a stream, one by one: they are few, and each must be told apart. */
async function replayIngested(
  store: ShopStore,
  context: JsonObject,
  rows: readonly QuarantinedRow[],
): Promise<RecordOutcome[]> {
  const kind = INGEST_KINDS.find((name) => name === context.rows);
  if (kind === undefined) throw new AppError('INTERNAL', `There are no streams of ${textOf(context.rows)}.`);
  const outcomes: RecordOutcome[] = [];
  for (const { raw } of rows) {
    const parsed = INGEST_SCHEMAS[kind].safeParse(raw);
    if (!parsed.success) {
      outcomes.push({ rejected: describeIssues(parsed.error) });
      continue;
    }
    const { errors } = await WRITES[kind](store, parsed.data);
    outcomes.push(errors.length === 0 ? 'KEPT' : { rejected: errors[0].message });
  }
  return outcomes;
}

function replayEntities(
  store: ShopStore,
  context: JsonObject,
  rows: readonly QuarantinedRow[],
): Promise<RecordOutcome[]> {
  const { connector, resource, itemKey } = context as unknown as EntityContext;
  return writeEntities(
    store,
    connector,
    resource,
    rows.map(({ raw }) => raw as JsonObject),
    itemKey,
  );
}
