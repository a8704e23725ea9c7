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
import {
  describeIssues,
  INGEST_KINDS,
  INGEST_SCHEMAS,
  type IngestKind,
  type IngestRows,
} from '../ingest-schemas.js';
import { LateRows } from '../late-rows.js';
import { type LayoutOptions, type RecordOutcome } from '../layouts/layout.js';
import { layoutNamed } from '../layouts/registry.js';
import { RowBuffer } from '../row-buffer.js';
import { textOf } from '../values.js';
import { INGEST_WRITERS } from '../write-rows.js';
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
  options: { readonly signal?: AbortSignal; readonly onProgress?: (rows: number) => void } = {},
): Promise<ReplayReport> {
  const report = { rows: 0, replayed: 0, discarded: 0, waiting: 0, problems: [] as ReplayReport['problems'] };
  for await (const rows of waitingRows(store, selection)) {
    options.signal?.throwIfAborted();
    for (const outcome of await replayRows(store, rows)) {
      report.rows++;
      if (outcome.state === 'REPLAYED') report.replayed++;
      else if (outcome.state === 'DISCARDED') report.discarded++;
      else {
        report.waiting++;
        if (report.problems.length < MAX_PROBLEMS)
          report.problems.push({ id: outcome.id, reason: outcome.reason ?? '' });
      }
    }
    options.onProgress?.(report.rows);
  }
  return report;
}

async function* waitingRows(
  store: ShopStore,
  selection: { readonly ids: readonly string[] } | QuarantineFilter,
): AsyncGenerator<readonly QuarantinedRow[]> {
  if ('ids' in selection) {
    const ids = [...new Set(selection.ids)];
    const found = await store.quarantinedByIds(ids);
    const missing = ids.filter((_, at) => found[at]?.state !== 'WAITING');
    if (missing.length > 0)
      throw new AppError('NOT_FOUND', `No row ${missing.join(', ')} waits in quarantine.`);
    for (let from = 0; from < found.length; from += PAGE_ROWS)
      yield found.slice(from, from + PAGE_ROWS) as QuarantinedRow[];
    return;
  }
  for (let after: string | null = null; ;) {
    const page = await store.quarantinedRows({ first: PAGE_ROWS, after }, { ...selection, state: 'WAITING' });
    if (page.rows.length > 0) yield page.rows;
    after = page.rows.at(-1)?.cursor ?? null;
    if (!page.hasNextPage || after === null) return;
  }
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

async function replayIngested(
  store: ShopStore,
  context: JsonObject,
  rows: readonly QuarantinedRow[],
): Promise<RecordOutcome[]> {
  const kind = INGEST_KINDS.find((name) => name === context.rows);
  if (kind === undefined) throw new AppError('INTERNAL', `There are no streams of ${textOf(context.rows)}.`);
  return replayIngestedAs(kind, store, rows);
}

async function replayIngestedAs<Kind extends IngestKind>(
  kind: Kind,
  store: ShopStore,
  rows: readonly QuarantinedRow[],
): Promise<RecordOutcome[]> {
  const understood: IngestRows[Kind][] = [];
  const places: number[] = [];
  const outcomes = rows.map(({ raw }, place): RecordOutcome => {
    const parsed = INGEST_SCHEMAS[kind].safeParse(raw);
    if (!parsed.success) return { rejected: describeIssues(parsed.error) };
    understood.push(parsed.data);
    places.push(place);
    return 'KEPT';
  });
  if (understood.length === 0) return outcomes;
  const { errors } = await INGEST_WRITERS[kind](store, understood);
  for (const { index, message } of errors) outcomes[places[index]] = { rejected: message };
  const late = new LateRows(store, kind);
  await late.look(understood);
  await late.bringHome();
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
