/** What the product asks of the store for pulls and crawls that happen by the clock. */
import type { JsonObject, RunRow, RunStatus } from './rows.js';

export type ScheduledKind = 'PULL' | 'CRAWL';

/** When it happens: by a cron expression in a time zone, or every so many minutes. */
export type Rhythm =
  | { readonly cron: string; readonly everyMinutes: null; readonly timeZone: string }
  | { readonly cron: null; readonly everyMinutes: number; readonly timeZone: string };

export interface ScheduleWrite {
  readonly kind: ScheduledKind;
  /** As of its data jobs: a shop system, the origin of a catalogue. */
  readonly subject: string;
  /** Of a PULL; null for a crawl. */
  readonly connectionId: string | null;
  /** Of a CRAWL: what its jobs are told. */
  readonly input: JsonObject;
  readonly rhythm: Rhythm;
  readonly nextAt: Date;
}

export interface ScheduleRow extends ScheduleWrite {
  readonly id: string;
  readonly isPaused: boolean;
  /** Jobs in a row that failed; backoff counts from them. */
  readonly failures: number;
  /** The job that it last started; null before the first. */
  readonly jobId: string | null;
  readonly jobStatus: RunStatus | null;
  readonly jobError: RunRow['error'];
  readonly createdAt: Date;
}

export interface ScheduleStore {
  /** The oldest first. */
  schedules(): Promise<ScheduleRow[]>;
  scheduleById(id: string): Promise<ScheduleRow | null>;
  /** Stores a schedule, in the place of the one of the same kind and subject: not paused, without failures. */
  saveSchedule(schedule: ScheduleWrite): Promise<ScheduleRow>;
  /** @param nextAt when it comes next; null pauses it @throws AppError NOT_FOUND */
  continueSchedule(id: string, nextAt: Date | null): Promise<ScheduleRow>;
  /** @returns whether there was one */
  removeSchedule(id: string): Promise<boolean>;
  /** Whose time has come, and whose last job has ended and is not taken into account. */
  schedulesToTend(): Promise<ScheduleRow[]>;
  /**
   * Puts the next time in the place of the one that was read; of several processes one succeeds.
   *
   * @param jobId the job that was started now @returns whether it was put
   */
  turnSchedule(schedule: Pick<ScheduleRow, 'id' | 'nextAt'>, nextAt: Date, jobId?: string): Promise<boolean>;
  /**
   * Takes the end of its last job into account; of several processes one succeeds.
   *
   * @param nextAt where another time follows from it @returns whether this was the one
   */
  settleSchedule(schedule: ScheduleRow, outcome: { failures: number; nextAt?: Date }): Promise<boolean>;
}
