/** What the product asks of the store for work on a shop's data: imports, pulls, crawls, retention, replays. */
import type { JsonObject, RunRow, RunStatus } from './rows.js';

export const DATA_JOB_KINDS = ['IMPORT', 'PULL', 'CRAWL', 'RETENTION', 'REPLAY'] as const;
export type DataJobKind = (typeof DATA_JOB_KINDS)[number];

export interface NewDataJob {
  readonly kind: DataJobKind;
  /** What it works on, as people call it: a file, an address, a shop system. */
  readonly subject: string;
  readonly input: JsonObject;
  /** Whether a second one of its kind and subject is refused while one is queued or running. */
  readonly isAlone: boolean;
}

export interface DataJobRow extends Omit<NewDataJob, 'isAlone'> {
  readonly id: string;
  readonly status: RunStatus;
  /** Share of the work that is done, 0 to 1. */
  readonly progress: number;
  readonly message: string;
  readonly report: JsonObject | null;
  readonly error: RunRow['error'];
  readonly attempts: number;
  readonly cancelRequested: boolean;
  readonly heartbeatAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface DataJobFilter {
  readonly kinds?: readonly DataJobKind[];
  readonly statuses?: readonly RunStatus[];
}

export interface DataJobStore {
  /** @throws AppError CONFLICT with the id of the job that is in its way; LIMIT_EXCEEDED while 100 wait */
  addDataJob(job: NewDataJob): Promise<DataJobRow>;
  dataJobsByIds(ids: readonly string[]): Promise<(DataJobRow | null)[]>;
  /** The newest first. */
  dataJobs(
    page: { readonly first: number; readonly after?: string | null },
    filter?: DataJobFilter,
  ): Promise<{
    readonly rows: readonly (DataJobRow & { readonly cursor: string })[];
    readonly hasNextPage: boolean;
  }>;
  countDataJobs(filter?: DataJobFilter): Promise<number>;
  /** Takes a queued job up: RUNNING, one attempt more. null when another worker was first or it is not queued. */
  claimDataJob(id: string): Promise<DataJobRow | null>;
  /** A sign of life, and how far it is. @returns whether its end is wished for */
  beatDataJob(id: string, progress?: { share: number; message: string }): Promise<boolean>;
  /** Ends a running job. */
  endDataJob(
    id: string,
    end: { status: 'SUCCEEDED' | 'FAILED' | 'CANCELLED'; report?: JsonObject; error?: RunRow['error'] },
  ): Promise<void>;
  /** Puts a running job back into the queue, unless there was a sign of life since it was read. @returns whether it was put back */
  releaseDataJob(
    job: Pick<DataJobRow, 'id' | 'heartbeatAt'>,
    options?: { isCounted: boolean },
  ): Promise<boolean>;
  /** A queued job ends at once, a running one when its worker sees the wish. @throws AppError NOT_FOUND; CONFLICT when it has ended */
  cancelDataJob(id: string): Promise<DataJobRow>;
}
