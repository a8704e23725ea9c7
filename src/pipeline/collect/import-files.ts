import { basename } from 'node:path';

import { AppError } from '../../errors.js';
import { type ShopStore } from '../../store/index.js';
import { type BotEvidence } from './bots.js';
import { Exchange } from './currencies.js';
import { FileImport } from './file-import.js';
import { findBots } from './find-bots.js';
import { type ImportPlan, planOf, type PlanOptions, replayContext } from './import-plan.js';
import { ImportPositions } from './import-position.js';
import { type FileReport, type ImportReport, type SkippedFile } from './import-report.js';
import { type Layout, type LayoutOptions } from './layouts/layout.js';
import { chooseLayout } from './layouts/registry.js';
import { QuarantineBuffer } from './quarantine/quarantine-buffer.js';
import { openRecords } from './records.js';
import { isSimulationNote } from './simulate/simulation-note.js';
import { dateOrderOf } from './source-dates.js';
import { checkTimeZone } from './times.js';

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
  /** Milliseconds between two notes of how far it is: what is broken off goes on from the last. Default 5,000. */
  readonly positionEveryMs?: number;
  /** Rows a write. Default 20,000. */
  readonly batchRows?: number;
  /** What reports and quarantine call the file, where its path would say nothing. Default its path. */
  readonly name?: string;
}

/** Large enough that COPY's fixed costs vanish, small enough that memory stays flat. */
const BATCH_ROWS = 20_000;
/** How often an import notes how far it is: what a kill costs. */
const POSITION_EVERY_MS = 5_000;
const SIMULATION_NOTE =
  'It holds the options of a simulated shop, from which its truth is drawn again, and no rows: left out.';
/** Share of a file's work that looking for bots takes, where they are looked for: nothing is written then. */
const LOOKING_SHARE = 0.3;

/**
 * Imports files into a shop, one after another; of several, one that cannot be read is skipped and told: CSV of any delimiter, NDJSON or JSON, gzip or not, or Parquet. Importing again changes
 * nothing; one that was broken off goes on, when it is started again, from where it last noted that everything was stored. A line that cannot be read costs that line alone, and
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
    const { currency, rates, timeZone, maxProblems = 100 } = options;
    const dateOrder = options.dateOrder ?? dateOrderOf(source, plan);
    const positions = await ImportPositions.of(store, path, plan, { ...options, dateOrder });
    const last = await positions.read();
    const now = last?.now ?? Date.now();
    const layoutOptions: LayoutOptions = { currency, rates, timeZone, dateOrder, now };
    const mayHaveBots = layout.hasViews ?? plan.kind === 'BEHAVIOURS';
    const looksForBots = mayHaveBots && options.leavesBotsOut !== false;
    const bots =
      last?.bots ?? (looksForBots ? await botsOf(path, layout, plan.columns, layoutOptions, options) : []);
    const from = looksForBots ? LOOKING_SHARE : 0;
    const context = replayContext(plan, { ...options, dateOrder });
    const quarantine = new QuarantineBuffer(store, basename(plan.path), context);
    const positionEveryMs = options.positionEveryMs ?? POSITION_EVERY_MS;
    const run = new FileImport(store, plan, quarantine, {
      maxProblems,
      batchRows: options.batchRows ?? BATCH_ROWS,
      positionEveryMs,
      positions,
      bots,
      now,
    });
    const botIds = new Set(bots.map(({ userId }) => userId));
    const report = await run.read(source, layout, { ...layoutOptions, bots: botIds }, last, (lines) => {
      options.signal?.throwIfAborted();
      options.onProgress?.({ path, ...bytes, lines, share: from + (1 - from) * shareOf(bytes) });
    });
    await positions.delete();
    const shown = bots.slice(0, maxProblems);
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
