import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';

import type { DataJobKind, RunStatus, ScheduleRow } from '../../store/index.js';
import { StartCrawlInput } from '../inputs/import.input.js';
import { DateTimeScalar } from '../scalars.js';
import { DataJobKindEnum } from './data-enums.enum.js';
import { RunStatusEnum } from './enums.enum.js';

@InputType({ description: 'What is to come by the clock, and when: one of each two.' })
export class SourceScheduleInput {
  @Field(() => ID, { nullable: true, description: 'A connection to pull from.' })
  connectionId?: string | null;

  @Field(() => StartCrawlInput, { nullable: true, description: 'A catalogue to crawl.' })
  crawl?: StartCrawlInput | null;

  @Field(() => String, {
    nullable: true,
    description: 'Minute, hour, day, month and weekday, such as "30 2 * * *".',
  })
  cron?: string | null;

  @Field(() => Int, { nullable: true, description: 'Minutes from one start to the next, 1 to 44,640.' })
  everyMinutes?: number | null;

  @Field(() => String, { nullable: true, description: 'Zone of `cron`, such as Europe/Berlin. Default UTC.' })
  timeZone?: string | null;
}

@ObjectType({ description: 'A pull or crawl that comes by the clock.', simpleResolvers: true })
export class SourceSchedule {
  @Field(() => ID, { description: 'Id of the schedule.' })
  id: string;

  @Field(() => DataJobKindEnum, { description: 'PULL or CRAWL.' })
  kind: DataJobKind;

  @Field(() => String, { description: 'The shop system or site; one schedule each.' })
  subject: string;

  @Field(() => ID, { nullable: true, description: 'The connection, of a pull.' })
  connectionId: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'When it comes; null where it comes every so many minutes.',
  })
  cron: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Minutes from one start to the next; null where `cron` says when.',
  })
  everyMinutes: number | null;

  @Field(() => String, { description: 'Zone of `cron`.' })
  timeZone: string;

  @Field(() => Boolean, { description: 'Whether it waits to be resumed.' })
  isPaused: boolean;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it comes next; null while it is paused. After failures: when it is tried again.',
  })
  nextAt: Date | null;

  @Field(() => Int, { description: 'Jobs in a row that failed.' })
  failures: number;

  @Field(() => ID, { nullable: true, description: 'The data job that it started last.' })
  jobId: string | null;

  @Field(() => RunStatusEnum, { nullable: true, description: 'What became of that job.' })
  jobStatus: RunStatus | null;

  @Field(() => String, { nullable: true, description: 'Why that job failed.' })
  jobError: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was first set.' })
  createdAt: Date;
}

export function toSourceSchedule({
  rhythm,
  input: _input,
  jobError,
  nextAt,
  ...row
}: ScheduleRow): SourceSchedule {
  return { ...row, ...rhythm, nextAt: row.isPaused ? null : nextAt, jobError: jobError?.message ?? null };
}
