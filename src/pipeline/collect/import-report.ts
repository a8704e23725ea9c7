import { type ErrorCode } from '../../errors.js';
import { type BotEvidence } from './bots.js';
import { type CleaningRuleCount } from './cleaning.js';
import { type ImportPlan } from './import-plan.js';
import { type RowKind, type WriteCounts } from './row-buffer.js';

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
  /** Lines that an earlier attempt, which was broken off, had stored; null for an import that began at the first line. */
  readonly resumedAt: number | null;
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
