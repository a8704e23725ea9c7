/** What the API asks of the queue for work on the data itself. The work happens in a process of its own that a worker starts. */
import type { FieldMapping, RecordKind } from '../../pipeline/collect/index.js';
import type { DateOrder, Rates } from '../../pipeline/collect/index.js';
import type { ConnectionRow, DataJobRow, RunStatus } from '../../store/index.js';

/** A file that was uploaded, or its address. */
export type FileSource = { readonly uploadId: string } | { readonly url: string };

/** What an import may be told. */
export interface ImportSettings {
  readonly layout?: string;
  readonly kind?: RecordKind;
  readonly mapping?: FieldMapping;
  readonly currency?: string;
  readonly rates?: Rates;
  readonly timeZone?: string;
  readonly dateOrder?: DateOrder;
  readonly keepBots?: boolean;
}

export interface ImportRequest extends ImportSettings {
  readonly source: FileSource;
  /** What reports and quarantine call the file. */
  readonly name: string;
}

export interface CrawlRequest {
  readonly url: string;
  readonly maxPages?: number;
  readonly maxDepth?: number;
  readonly delayMs?: number;
}

/** Sent on the channel `data_job_progress` on every change worth showing. */
export interface DataJobEvent {
  readonly shopKey: string;
  readonly jobId: string;
  readonly status: RunStatus;
  readonly progress: number;
  readonly message: string;
}

export interface DataJobs {
  startImport(shopKey: string, request: ImportRequest): Promise<DataJobRow>;
  /** @throws AppError CONFLICT while a pull of the connection is queued or running */
  startPull(shopKey: string, connection: ConnectionRow, isFull: boolean): Promise<DataJobRow>;
  /** @throws AppError CONFLICT while a crawl of the site is queued or running */
  startCrawl(shopKey: string, request: CrawlRequest): Promise<DataJobRow>;
  /** @throws AppError CONFLICT while retention is applied already */
  startRetention(shopKey: string): Promise<DataJobRow>;
  /** @param source only rows of this origin @throws AppError CONFLICT while a replay runs */
  startReplay(shopKey: string, source: string | null): Promise<DataJobRow>;
  /** @throws AppError NOT_FOUND; CONFLICT when it has ended */
  cancel(shopKey: string, jobId: string): Promise<DataJobRow>;
  /** Progress of every data job of the shop; @returns stops listening. */
  onProgress(shopKey: string, listener: (event: DataJobEvent) => void): Promise<() => Promise<void>>;
}

/** Channel of DataJobEvent. */
export const DATA_PROGRESS_CHANNEL = 'data_job_progress';
