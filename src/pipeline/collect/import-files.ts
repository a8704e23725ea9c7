import { basename } from 'node:path';

import { AppError, type ErrorCode } from '../../errors.js';
import { type ShopStore } from '../../store/index.js';
import { type BotEvidence } from './bots.js';
import { type CleaningRuleCount } from './cleaning.js';
import { Exchange } from './currencies.js';
import { type TextRecord } from './delimited.js';
import { findBots } from './find-bots.js';
import { columnsFor, type ImportPlan, planOf, type PlanOptions, replayContext } from './import-plan.js';
import { type Layout, type LayoutOptions } from './layouts/layout.js';
import { chooseLayout } from './layouts/registry.js';
import { QuarantineBuffer, rawRecord } from './quarantine/quarantine-buffer.js';
import { type RecordSource } from './record-source.js';
import { openRecords } from './records.js';
import { RowBuffer, type RowKind, type WriteCounts } from './row-buffer.js';
import { isSimulationNote } from './simulate/simulation-note.js';
import { dateOrderOf } from './source-dates.js';
import { checkTimeZone } from './times.js';
import { textOf } from './values.js';

/** How far an import is. */
export interface ImportProgress {
  readonly path: string;
  /** Bytes of this file read from the disk. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** Lines of this file read so far; 0 while bots are looked for. */
  readonly lines: number;
  /** Share of this file's work that is done, 0 to 1, both readings counted where bots are looked for. */
  readonly share: number;
}

export interface ImportOptions extends PlanOptions {
  /** Whether lines of users who behave as no person can are left out, at the cost of reading the file twice. Default true. */
  readonly leavesBotsOut?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Called once a file, before its first row is written: what the import takes it for. */
  readonly onPlan?: (plan: ImportPlan) => void;
  /** Stops between two batches; what was written stays, and importing again goes on. */
  readonly signal?: AbortSignal;
  /** Most problems and bots listed in the report; all are counted. Default 100. */
  readonly maxProblems?: number;
  /** What reports and quarantine call the file, where its path would say nothing. Default its path. */
  readonly name?: string;
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
  /** Lines that could not be understood or that the store refused; they wait in quarantine. */
  readonly rejected: number;
  readonly rules: CleaningRuleCount[];
  /** The first problems. */
  readonly problems: ImportProblem[];
  /** Users whose lines the rule `bot` dropped, those with most views first, and why. */
  readonly bots: readonly BotEvidence[];
  /** Ids of anonymous visitors whose rows stand under a known user now. */
  readonly merged: number;
  /** Rows the store was sent; `duplicates` were there already, the same. */
  readonly written: Record<RowKind, WriteCounts>;
  readonly seconds: number;
}

/** A file of several that was not imported. */
export interface SkippedFile {
  readonly path: string;
  /** null: it holds no rows of a shop, and is left out. */
  readonly code: ErrorCode | null;
  readonly message: string;
}

export interface ImportReport {
  readonly files: FileReport[];
  /** Of several files those that could not be read, or that hold no rows. */
  readonly skipped: SkippedFile[];
}

/** Rows a write: large enough that COPY's fixed costs vanish, small enough that memory stays flat. */
const BATCH_ROWS = 20_000;
const SIMULATION_NOTE =
  'It holds the options of a simulated shop, from which its truth is drawn again, and no rows: left out.';
/** Share of a file's work that looking for bots takes, where they are looked for: nothing is written then. */
const LOOKING_SHARE = 0.3;

/**
 * Imports files into a shop, one after another; of several, one that cannot be read is skipped and told: CSV of any delimiter, NDJSON or JSON, gzip or not, or Parquet. Importing again changes
 * nothing, so an import that was broken off is resumed by starting it again. A line that cannot be read costs that line alone, and
 * waits in quarantine.
 *
 * @throws AppError NOT_FOUND for a missing file; BAD_USER_INPUT for a file of another format, an empty one, one that lacks columns, or
 * an unknown layout, time zone or rate; `signal.reason` when aborted
 */
export async function importFiles(
  store: ShopStore,
  paths: readonly string[],
  options: ImportOptions = {},
): Promise<ImportReport> {
  const { timeZone, currency, rates } = options;
  if (timeZone !== undefined) checkTimeZone(timeZone);
  new Exchange(currency, rates); // refuses wrong rates before the first file is opened
  const files: FileReport[] = [];
  const skipped: SkippedFile[] = [];
  for (const path of paths) {
    try {
      if (await isSimulationNote(path)) skipped.push({ path, code: null, message: SIMULATION_NOTE });
      else files.push(await importFile(store, path, options));
    } catch (thrown) {
      // What is wrong with one file says nothing of the others; a database that is gone does.
      if (!(thrown instanceof AppError) || thrown.code === 'INTERNAL' || paths.length === 1) throw thrown;
      skipped.push({ path, code: thrown.code, message: thrown.message });
    }
  }
  return { files, skipped };
}

async function importFile(store: ShopStore, path: string, options: ImportOptions): Promise<FileReport> {
  const started = performance.now();
  let bytes = { bytesRead: 0, bytesTotal: 0 };
  const onBytes = (bytesRead: number, bytesTotal: number): void => {
    bytes = { bytesRead, bytesTotal };
  };
  const source = await openRecords(path, { ...options, onBytes });
  try {
    const layout = chooseLayout(source, options);
    const plan = planOf(source, layout);
    options.onPlan?.(plan);
    const { currency, rates, timeZone } = options;
    const dateOrder = options.dateOrder ?? dateOrderOf(source, plan);
    const layoutOptions: LayoutOptions = { currency, rates, timeZone, dateOrder, now: Date.now() };
    const mayHaveBots = layout.hasViews ?? plan.kind === 'BEHAVIOURS';
    const looksForBots = mayHaveBots && options.leavesBotsOut !== false;
    const bots = looksForBots ? await botsOf(path, layout, plan.columns, layoutOptions, options) : [];
    const from = looksForBots ? LOOKING_SHARE : 0;
    const quarantine = new QuarantineBuffer(
      store,
      basename(plan.path),
      replayContext(plan, { ...options, dateOrder }),
    );
    const run = new FileImport(store, plan, quarantine, options.maxProblems ?? 100);
    const report = await run.read(
      source,
      layout,
      { ...layoutOptions, bots: new Set(bots.map(({ userId }) => userId)) },
      (lines) => {
        options.signal?.throwIfAborted();
        options.onProgress?.({ path, ...bytes, lines, share: from + (1 - from) * shareOf(bytes) });
      },
    );
    const shown = bots.slice(0, options.maxProblems ?? 100);
    return { ...plan, ...report, bots: shown, seconds: (performance.now() - started) / 1000 };
  } finally {
    source.close();
  }
}

/** An empty file is read at once. */
function shareOf({ bytesRead, bytesTotal }: { bytesRead: number; bytesTotal: number }): number {
  return bytesTotal > 0 ? bytesRead / bytesTotal : 1;
}

async function botsOf(
  path: string,
  layout: Layout,
  columns: readonly string[],
  layoutOptions: LayoutOptions,
  options: ImportOptions,
): Promise<BotEvidence[]> {
  const onBytes = (bytesRead: number, bytesTotal: number): void => {
    const bytes = { bytesRead, bytesTotal };
    options.onProgress?.({ path, ...bytes, lines: 0, share: LOOKING_SHARE * shareOf(bytes) });
  };
  const source = await openRecords(path, { ...options, onBytes });
  try {
    return await findBots(source, layout, columns, layoutOptions, options.signal);
  } finally {
    source.close();
  }
}

/** One reading of a file into the store. */
class FileImport {
  private readonly tally = { lines: 0, kept: 0, dropped: 0, rejected: 0 };
  private readonly problems: ImportProblem[] = [];
  private readonly refusedLines = new Set<number>();
  private readonly buffer: RowBuffer;
  /** Records whose rows wait, and those whose rows are being written: what the store refuses is found here again. */
  private waiting: TextRecord[][] = [];
  private writing: TextRecord[][] = [];

  constructor(
    store: ShopStore,
    private readonly plan: ImportPlan,
    private readonly quarantine: QuarantineBuffer,
    private readonly maxProblems: number,
  ) {
    this.buffer = new RowBuffer(store, (line, error) => this.refuse(line, error.message));
  }

  async read(
    source: RecordSource,
    layout: Layout,
    options: LayoutOptions,
    onBatch: (lines: number) => void,
  ): Promise<Omit<FileReport, keyof ImportPlan | 'bots' | 'seconds'>> {
    const { buffer, tally, quarantine } = this;
    const columns = columnsFor(layout, source);
    const mapper = layout.createMapper(columns, buffer, options);
    let held = 0;
    for await (const batch of source.batches({
      hasHeader: layout.columnsWithoutHeader === undefined,
      columns,
    })) {
      for (const record of batch) {
        tally.lines++;
        buffer.line = record.line;
        const outcome = record.problem === null ? mapper.map(record.values) : { rejected: record.problem };
        if (outcome === 'KEPT') tally.kept++;
        else if (outcome === 'DROPPED') tally.dropped++;
        else this.reject(record, outcome.rejected);
      }
      this.waiting.push(batch);
      held += batch.length;
      // Lines that gave no rows are held too, until their batch is written.
      if (buffer.waiting >= BATCH_ROWS || held >= 2 * BATCH_ROWS) {
        await this.flush();
        held = 0;
      }
      await quarantine.flush();
      onBatch(tally.lines);
    }
    buffer.line = null;
    mapper.finish();
    await this.flush();
    const merged = await buffer.drain();
    await quarantine.flush(1);
    onBatch(tally.lines);
    return { ...tally, rules: mapper.rules(), problems: this.problems, merged, written: buffer.written };
  }

  private async flush(): Promise<void> {
    await this.buffer.flush();
    this.writing = this.waiting;
    this.waiting = [];
  }

  private reject(record: TextRecord, message: string): void {
    this.tally.rejected++;
    if (this.problems.length < this.maxProblems) this.problems.push({ line: record.line, message });
    const { columns, mapping } = this.plan;
    const raw = rawRecord(record, columns);
    const userId = mapping?.userId === undefined ? '' : textOf(raw[mapping.userId]);
    this.quarantine.add({ line: record.line, raw, reason: message, userId: userId || null });
  }

  /** A row that the store refused. A line may give several rows; it is one line all the same. */
  private refuse(line: number | null, message: string): void {
    if (line === null) {
      if (this.problems.length < this.maxProblems) this.problems.push({ line, message });
      return;
    }
    if (this.refusedLines.has(line)) return;
    this.refusedLines.add(line);
    this.tally.kept--;
    for (const batch of [...this.writing, ...this.waiting]) {
      const record = batch.find((candidate) => candidate.line === line);
      if (record !== undefined) return this.reject(record, message);
    }
  }
}
