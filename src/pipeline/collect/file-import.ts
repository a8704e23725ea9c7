import { type ShopStore } from '../../store/index.js';
import { type BotEvidence } from './bots.js';
import { type TextRecord } from './delimited.js';
import { columnsFor, type ImportPlan } from './import-plan.js';
import { type ImportPosition, type ImportPositions, type LineTally } from './import-position.js';
import { type FileReport, type ImportProblem } from './import-report.js';
import { type Layout, type LayoutOptions, type RecordMapper } from './layouts/layout.js';
import { type QuarantineBuffer, rawRecord } from './quarantine/quarantine-buffer.js';
import { type RecordSource } from './record-source.js';
import { RowBuffer, type RowKind } from './row-buffer.js';
import { textOf } from './values.js';

export interface FileImportSettings {
  /** Most problems that are listed. */
  readonly maxProblems: number;
  /** Rows a write. */
  readonly batchRows: number;
  /** Milliseconds between two positions: what a kill may cost. */
  readonly positionEveryMs: number;
  readonly positions: ImportPositions;
  readonly bots: readonly BotEvidence[];
  readonly now: number;
}

/** One reading of a file into the store. */
export class FileImport {
  private readonly tally: LineTally = { lines: 0, kept: 0, dropped: 0, rejected: 0 };
  /** The first position is kept as soon as something is stored. */
  private keptAt = -Infinity;
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
    private readonly settings: FileImportSettings,
  ) {
    this.buffer = new RowBuffer(store, (line, error) => this.refuse(line, error.message));
  }

  /** @param last where an earlier attempt came to; null begins the file */
  async read(
    source: RecordSource,
    layout: Layout,
    options: LayoutOptions,
    last: ImportPosition | null,
    onBatch: (lines: number) => void,
  ): Promise<Omit<FileReport, keyof ImportPlan | 'bots' | 'seconds'>> {
    const { buffer, tally, quarantine } = this;
    const { batchRows } = this.settings;
    const columns = columnsFor(layout, source);
    const mapper = layout.createMapper(columns, buffer, options);
    if (last !== null) this.goOnFrom(last, mapper);
    let toReadAgain = last === null || last.mark !== null ? 0 : last.tally.lines;
    let held = 0;
    for await (const batch of source.batches({
      hasHeader: layout.columnsWithoutHeader === undefined,
      columns,
      from: last?.mark ?? undefined,
    })) {
      const known = Math.min(toReadAgain, batch.length);
      if (known > 0) this.readAgain(batch.slice(0, known), mapper);
      toReadAgain -= known;
      const fresh = known > 0 ? batch.slice(known) : batch;
      for (const record of fresh) this.take(record, mapper);
      this.waiting.push(fresh);
      held += fresh.length;
      // Lines that gave no rows are held too, until their batch is written.
      if (buffer.waiting >= batchRows || held >= 2 * batchRows) {
        await this.flush();
        held = 0;
        if (performance.now() - this.keptAt >= this.settings.positionEveryMs)
          await this.keepPosition(source, mapper);
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
    const resumedAt = last === null ? null : last.tally.lines;
    return {
      ...tally,
      resumedAt,
      rules: mapper.rules(),
      problems: this.problems,
      merged,
      written: buffer.written,
    };
  }

  private take(record: TextRecord, mapper: RecordMapper): void {
    const { buffer, tally } = this;
    tally.lines++;
    buffer.line = record.line;
    const outcome = record.problem === null ? mapper.map(record.values) : { rejected: record.problem };
    if (outcome === 'KEPT') tally.kept++;
    else if (outcome === 'DROPPED') tally.dropped++;
    else this.reject(record, outcome.rejected);
  }

  /** Brings the mapper to where it was: what it makes of these lines is stored. */
  private readAgain(records: readonly TextRecord[], mapper: RecordMapper): void {
    this.buffer.isMuted = true;
    for (const { problem, values } of records) if (problem === null) mapper.map(values);
    this.buffer.isMuted = false;
  }

  private goOnFrom({ tally, problems, written, mapper: state }: ImportPosition, mapper: RecordMapper): void {
    Object.assign(this.tally, tally);
    this.problems.push(...problems);
    for (const kind of Object.keys(written) as RowKind[])
      Object.assign(this.buffer.written[kind], written[kind]);
    if (state !== null) mapper.restore?.(state);
  }

  /** Waits until everything read so far is stored, and notes that it is. */
  private async keepPosition(source: RecordSource, mapper: RecordMapper): Promise<void> {
    const { buffer, tally, problems, settings } = this;
    await buffer.settle();
    await this.quarantine.flush(1);
    const state = mapper.state?.() ?? null;
    const mark = state === null ? null : source.mark();
    const { bots, now } = settings;
    await settings.positions.write({
      mark,
      mapper: mark === null ? null : state,
      tally: { ...tally },
      problems,
      written: buffer.written,
      bots,
      now,
    });
    this.keptAt = performance.now();
  }

  private async flush(): Promise<void> {
    await this.buffer.flush();
    this.writing = this.waiting;
    this.waiting = [];
  }

  private reject(record: TextRecord, message: string): void {
    this.tally.rejected++;
    if (this.problems.length < this.settings.maxProblems) this.problems.push({ line: record.line, message });
    const { columns, mapping } = this.plan;
    const raw = rawRecord(record, columns);
    const userId = mapping?.userId === undefined ? '' : textOf(raw[mapping.userId]);
    this.quarantine.add({ line: record.line, raw, reason: message, userId: userId || null });
  }

  /** A row that the store refused. A line may give several rows; it is one line all the same. */
  private refuse(line: number | null, message: string): void {
    if (line === null) {
      if (this.problems.length < this.settings.maxProblems) this.problems.push({ line, message });
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
