import { Field, ID, Int, ObjectType } from 'type-graphql';

import type { Json, QuarantinedRow as StoredRow, QuarantineState } from '../../store/index.js';
import { DateTimeScalar, JSONScalar } from '../scalars.js';
import { connectionOf } from './connection.type.js';
import { QuarantineStateEnum } from './data-enums.enum.js';

@ObjectType({ description: 'A row that could not be taken in, as it came.', simpleResolvers: true })
export class QuarantinedRow {
  @Field(() => ID, { description: 'Id of the row.' })
  id: string;

  @Field(() => String, { description: 'Where it came from: a file, a stream, a mutation, a shop system.' })
  source: string;

  @Field(() => Int, { nullable: true, description: 'Line of the file; null where it was none.' })
  line: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Place in the stream or batch, from 0; null where it was none.',
  })
  index: number | null;

  @Field(() => JSONScalar, { description: 'The row; a mended one has the same form.' })
  row: Json;

  @Field(() => String, { description: 'Why it was not taken in.' })
  reason: string;

  @Field(() => QuarantineStateEnum, { description: 'What became of it.' })
  state: QuarantineState;

  @Field(() => DateTimeScalar, { description: 'When it came.' })
  createdAt: Date;
}

export function toQuarantinedRow(row: StoredRow): QuarantinedRow {
  const { id, source, raw, reason, state, createdAt } = row;
  const isStream = row.context.kind === 'INGEST';
  const line = isStream ? null : row.line;
  return { id, source, line, index: isStream ? row.line : null, row: raw, reason, state, createdAt };
}

export const QuarantinedRowConnection = connectionOf('QuarantinedRow', () => QuarantinedRow);

@ObjectType({ description: 'Rows in quarantine for one reason.', simpleResolvers: true })
export class QuarantineCount {
  @Field(() => String, { description: 'Where they came from.' })
  source: string;

  @Field(() => String, { description: 'Why; what a reason quotes of its row stands as "…".' })
  reason: string;

  @Field(() => Int, { description: 'How many.' })
  rows: number;
}

@ObjectType({ description: 'A row that still waits after it was tried again.', simpleResolvers: true })
export class ReplayProblem {
  @Field(() => ID, { description: 'The row.' })
  id: string;

  @Field(() => String, { description: 'Why it was not taken in.' })
  reason: string;
}

@ObjectType({
  description: 'What became of rows that were tried again: rows = replayed + discarded + waiting.',
  simpleResolvers: true,
})
export class ReplayReport {
  @Field(() => Int, { description: 'Rows that were tried.' })
  rows: number;

  @Field(() => Int, { description: 'Rows that are in the shop now.' })
  replayed: number;

  @Field(() => Int, { description: 'Rows that a cleaning rule leaves out.' })
  discarded: number;

  @Field(() => Int, { description: 'Rows that still wait.' })
  waiting: number;

  @Field(() => [ReplayProblem], { description: 'The first that still wait.' })
  problems: ReplayProblem[];
}
