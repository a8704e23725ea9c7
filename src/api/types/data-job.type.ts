import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import type { ErrorCode } from '../../errors.js';
import type { DataJobEvent } from '../../jobs/index.js';
import type { FileReport } from '../../pipeline/collect/index.js';
import type { DataJobKind, DataJobRow, JsonObject, RunStatus } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';
import { DataJobKindEnum } from './data-enums.enum.js';
import { RunStatusEnum } from './enums.enum.js';

@ObjectType({
  description: 'A declared rule of cleaning and what it did in one import.',
  simpleResolvers: true,
})
export class CleaningRule {
  @Field(() => String, { description: 'Name of the rule.' })
  name: string;

  @Field(() => String, { description: 'What it looks for.' })
  description: string;

  @Field(() => String, { description: 'DROP, KEEP (under another meaning) or REPAIR.' })
  action: string;

  @Field(() => Int, { description: 'Lines that it decided.' })
  lines: number;

  @Field(() => Int, { description: 'Lines that came to it.' })
  before: number;

  @Field(() => Int, { description: 'Lines that were left behind it.' })
  after: number;
}

@ObjectType({ description: 'A line that was not understood, and why.', simpleResolvers: true })
export class ImportProblem {
  @Field(() => Int, { nullable: true, description: 'Line of the file; null for a row made from many lines.' })
  line: number | null;

  @Field(() => String, { description: 'What was expected and what came.' })
  message: string;
}

@ObjectType({ description: 'Rows of one kind that an import sent to the store.', simpleResolvers: true })
export class WrittenRows {
  @Field(() => String, { description: 'users, items, behaviours or transactions.' })
  kind: string;

  @Field(() => Int, { description: 'Rows that are new or changed.' })
  accepted: number;

  @Field(() => Int, { description: 'Rows that were there already.' })
  duplicates: number;

  @Field(() => Int, { description: 'Rows that the store refused.' })
  rejected: number;
}

@ObjectType({
  description: 'What became of a file: lines = kept + dropped + rejected.',
  simpleResolvers: true,
})
export class ImportReport {
  @Field(() => String, { description: 'Layout that the file was read by.' })
  layout: string;

  @Field(() => Int, { description: 'Lines read, the header left out.' })
  lines: number;

  @Field(() => Int, { description: 'Lines that are in the shop now.' })
  kept: number;

  @Field(() => Int, { description: 'Lines that a cleaning rule left out.' })
  dropped: number;

  @Field(() => Int, { description: 'Lines that were not understood; they wait in quarantine.' })
  rejected: number;

  @Field(() => Int, { description: 'Anonymous visitors whose rows stand under known users now.' })
  merged: number;

  @Field(() => [CleaningRule], { description: 'Each rule with its counts.' })
  rules: CleaningRule[];

  @Field(() => [ImportProblem], { description: 'The first lines that were not understood.' })
  problems: ImportProblem[];

  @Field(() => [WrittenRows], { description: 'Rows sent to the store.' })
  written: WrittenRows[];

  @Field(() => Float, { description: 'How long reading took.' })
  seconds: number;
}

@ObjectType({
  description: 'Work on the data that was asked for, and what came of it.',
  simpleResolvers: true,
})
export class DataJob {
  @Field(() => ID, { description: 'Id of the job.' })
  id: string;

  @Field(() => DataJobKindEnum, { description: 'What it does.' })
  kind: DataJobKind;

  @Field(() => String, { description: 'What it works on: a file, an address, a shop system.' })
  subject: string;

  @Field(() => RunStatusEnum, { description: 'How far it is.' })
  status: RunStatus;

  @Field(() => Float, { description: 'Share of the work that is done, 0 to 1; 0 where nobody can know.' })
  progress: number;

  @Field(() => String, { description: 'What it is at.' })
  message: string;

  @Field(() => JSONScalar, { description: 'What it was told.' })
  input: JsonObject;

  @Field(() => JSONScalar, { nullable: true, description: 'All that came of it; null before its end.' })
  report: JsonObject | null;

  @Field(() => ImportReport, {
    nullable: true,
    description: 'What became of the file, for an import that ended.',
  })
  importReport: ImportReport | null;

  @Field(() => String, { nullable: true, description: 'Why it failed.' })
  error: string | null;

  @Field(() => String, { nullable: true, description: 'Code of the error, as in `extensions.code`.' })
  errorCode: ErrorCode | null;

  @Field(() => Int, { description: 'How often a worker has taken it up.' })
  attempts: number;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When a worker first took it up.' })
  startedAt: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended.' })
  finishedAt: Date | null;
}

export function toDataJob(row: DataJobRow): DataJob {
  const { error, cancelRequested: _wish, heartbeatAt: _beat, ...rest } = row;
  const isImport = row.kind === 'IMPORT' && row.report !== null;
  return {
    ...rest,
    input: withoutQuery(row.input),
    importReport: isImport ? toImportReport(row.report as unknown as FileReport) : null,
    error: error?.message ?? null,
    errorCode: error?.code ?? null,
  };
}

/** An erased person's traces are taken from reports: lists may be missing. */
function toImportReport(report: FileReport): ImportReport {
  const written = Object.entries(report.written).map(([kind, counts]) => ({ kind, ...counts }));
  const problems = (report as Partial<FileReport>).problems ?? [];
  return { ...report, written, problems };
}

/** What follows the question mark of an address may be what opens it. */
function withoutQuery(input: JsonObject): JsonObject {
  const source = input.source as { url?: string } | null | undefined;
  return source?.url === undefined ? input : { ...input, source: { url: source.url.replace(/\?.*$/s, '') } };
}

export const DataJobConnection = connectionOf('DataJob', () => DataJob);

@ObjectType({ description: 'How far a data job is.', simpleResolvers: true })
export class DataJobProgress {
  @Field(() => ID, { description: 'The job.' })
  jobId: string;

  @Field(() => RunStatusEnum, { description: 'How far it is.' })
  status: RunStatus;

  @Field(() => Float, { description: 'Share of the work that is done, 0 to 1.' })
  progress: number;

  @Field(() => String, { description: 'What it is at, or why it failed.' })
  message: string;
}

export function toDataJobProgress({ jobId, status, progress, message }: DataJobEvent): DataJobProgress {
  return { jobId, status, progress, message };
}
