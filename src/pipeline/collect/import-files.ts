import { type ShopStore } from '../../store/index.js';
import { type Encoding } from './byte-source.js';
import { type CleaningRuleCount } from './cleaning.js';
import { type FieldMapping, type RecordKind } from './fields.js';
import { chooseLayout, type LayoutChoice } from './layouts/registry.js';
import { openRecords, type RecordFormat, type RecordOptions, type RecordSource } from './records.js';
import { RowBuffer, type RowKind, type WriteCounts } from './row-buffer.js';
import { dateOrderOf } from './source-dates.js';
import { type DateOrder } from './times.js';

/** How far an import is. */
export interface ImportProgress {
  readonly path: string;
  /** Bytes of this file read from the disk. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Lines of this file read so far. */
  readonly lines: number;
}

export interface ImportOptions extends LayoutChoice, RecordOptions {
  readonly currency?: string;
  readonly dateOrder?: DateOrder;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Called once a file, before its first row is written: what the import takes it for. */
  readonly onPlan?: (plan: ImportPlan) => void;
  /** Stops between two batches; what was written stays, and importing again goes on. */
  readonly signal?: AbortSignal;
  /** Most problems listed in the report; all are counted. Default 100. */
  readonly maxProblems?: number;
}

/** What an import takes a file for; shown before it runs and part of the report. */
export interface ImportPlan {
  readonly path: string;
  readonly layout: string;
  readonly format: RecordFormat;
  readonly encoding: Encoding;
  readonly delimiter: string | null;
  readonly columns: readonly string[];
  /** null for a layout that reads its columns in its own way. */
  readonly kind: RecordKind | null;
  readonly mapping: FieldMapping | null;
}

/** A line that was rejected, and why; line null: a row made from many lines. */
export interface ImportProblem {
  readonly line: number | null;
  readonly message: string;
}

/** What became of one file. lines = kept + dropped + rejected. */
export interface FileReport extends ImportPlan {
  /** Records read, the header left out. */
  readonly lines: number;
  /** Lines that are in the shop now, through this import or an earlier one. */
  readonly kept: number;
  /** Lines left out by a cleaning rule; the DROP rules' `lines` add up to it. */
  readonly dropped: number;
  /** Lines that could not be understood or that the store refused. */
  readonly rejected: number;
  readonly rules: CleaningRuleCount[];
  /** The first problems. */
  readonly problems: ImportProblem[];
  /** Rows the store was sent; `duplicates` were there already, the same. */
  readonly written: Record<RowKind, WriteCounts>;
  readonly seconds: number;
}

export interface ImportReport {
  readonly files: FileReport[];
}

/** Rows a write: large enough that COPY's fixed costs vanish, small enough that memory stays flat. */
const BATCH_ROWS = 20_000;

/**
 * Imports files into a shop, one after another: CSV of any delimiter or NDJSON, gzip or not. Importing again changes nothing, so an
 * import that was broken off is resumed by starting it again. A line that cannot be read costs that line alone.
 *
 * @throws AppError NOT_FOUND for a missing file; BAD_USER_INPUT for a file that is neither CSV nor NDJSON, is empty, lacks
 * columns, or an unknown layout; `signal.reason` when aborted
 */
export async function importFiles(
  store: ShopStore,
  paths: readonly string[],
  options: ImportOptions = {},
): Promise<ImportReport> {
  const files: FileReport[] = [];
  for (const path of paths) files.push(await importFile(store, path, options));
  return { files };
}

async function importFile(store: ShopStore, path: string, options: ImportOptions): Promise<FileReport> {
  const started = performance.now();
  const tally = { lines: 0, kept: 0, dropped: 0, rejected: 0 };
  const problems: ImportProblem[] = [];
  const { maxProblems = 100, onProgress } = options;
  let bytes = { bytesRead: 0, bytesTotal: 0 };
  const source = await openRecords(path, {
    ...options,
    onBytes: (bytesRead, bytesTotal) => {
      bytes = { bytesRead, bytesTotal };
    },
  });
  const reject = (line: number | null, message: string): void => {
    tally.rejected++;
    if (problems.length < maxProblems) problems.push({ line, message });
  };
  try {
    const layout = chooseLayout(source, options);
    const columns = layout.columnsWithoutHeader ?? source.columns;
    const plan = planOf(source, path, layout.name, layout.mapping(columns), columns);
    options.onPlan?.(plan);
    const refusedLines = new Set<number>();
    const buffer = new RowBuffer(store, (line, error) => {
      if (line === null) {
        if (problems.length < maxProblems) problems.push({ line, message: error.message });
        return;
      }
      // A line may give several rows; it is one line all the same.
      if (!refusedLines.has(line)) tally.kept--;
      else tally.rejected--;
      refusedLines.add(line);
      reject(line, error.message);
    });
    const mapper = layout.createMapper(columns, buffer, {
      currency: options.currency,
      dateOrder: options.dateOrder ?? dateOrderOf(source, plan),
      now: Date.now(),
    });
    for await (const batch of source.batches({ hasHeader: layout.columnsWithoutHeader === undefined })) {
      for (const { line, values, problem } of batch) {
        tally.lines++;
        buffer.line = line;
        const outcome = problem === null ? mapper.map(values) : { rejected: problem };
        if (outcome === 'KEPT') tally.kept++;
        else if (outcome === 'DROPPED') tally.dropped++;
        else reject(line, outcome.rejected);
      }
      if (buffer.waiting >= BATCH_ROWS) await buffer.flush();
      options.signal?.throwIfAborted();
      onProgress?.({ path, ...bytes, lines: tally.lines });
    }
    buffer.line = null;
    mapper.finish();
    await buffer.drain();
    onProgress?.({ path, ...bytes, lines: tally.lines });
    const { written } = buffer;
    const seconds = (performance.now() - started) / 1000;
    return { ...plan, ...tally, rules: mapper.rules(), problems, written, seconds };
  } finally {
    source.close();
  }
}

function planOf(
  source: RecordSource,
  path: string,
  layout: string,
  mapping: { kind: RecordKind; fields: FieldMapping } | null,
  columns: readonly string[],
): ImportPlan {
  const { format, encoding, delimiter } = source;
  return {
    path,
    layout,
    format,
    encoding,
    delimiter,
    columns,
    kind: mapping?.kind ?? null,
    mapping: mapping?.fields ?? null,
  };
}
