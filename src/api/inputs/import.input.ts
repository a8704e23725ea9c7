import { Field, Float, ID, InputType, Int } from 'type-graphql';

import type { DateOrder, RecordKind } from '../../pipeline/collect/index.js';
import type { DataJobKind, RunStatus } from '../../store/index.js';
import { DataJobKindEnum, DateOrderEnum, RecordKindEnum } from '../types/data-enums.enum.js';
import { RunStatusEnum } from '../types/enums.enum.js';

@InputType({ description: 'A file to import: one of the two.' })
export class FileSourceInput {
  @Field(() => ID, { nullable: true, description: 'What POST /uploads answered.' })
  uploadId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Address of a file; a public one, over http or https.',
  })
  url?: string | null;
}

@InputType({ description: 'Which column of a file is which field.' })
export class FieldMappingInput {
  @Field(() => String, { description: 'Name of the field, such as userId.' })
  field: string;

  @Field(() => String, {
    description: 'Name of the column; `=VALUE` is the same for all lines, `=PURCHASE`.',
  })
  column: string;
}

@InputType({ description: 'What a unit of another currency is worth.' })
export class CurrencyRateInput {
  @Field(() => String, { description: 'ISO 4217 code.' })
  currency: string;

  @Field(() => Float, { description: 'Units of the shop’s currency that one unit of this one is worth.' })
  rate: number;
}

@InputType({ description: 'What is known of a file; what is not given is told from its contents.' })
export class ImportSettingsInput {
  @Field(() => String, { nullable: true, description: 'Name of a known layout, or generic.' })
  layout?: string | null;

  @Field(() => RecordKindEnum, { nullable: true, description: 'What its lines are.' })
  kind?: RecordKind | null;

  @Field(() => [FieldMappingInput], {
    nullable: true,
    description: 'Columns by field, over the guessed ones.',
  })
  mapping?: FieldMappingInput[] | null;

  @Field(() => String, { nullable: true, description: 'ISO 4217 code for amounts that name no currency.' })
  currency?: string | null;

  @Field(() => [CurrencyRateInput], {
    nullable: true,
    description: 'Amounts in these are converted to `currency`; a currency without a rate is refused.',
  })
  rates?: CurrencyRateInput[] | null;

  @Field(() => String, { nullable: true, description: 'Zone of times without one, such as Europe/Berlin.' })
  timeZone?: string | null;

  @Field(() => DateOrderEnum, { nullable: true, description: 'For dates that fit more than one order.' })
  dateOrder?: DateOrder | null;

  @Field(() => Boolean, { nullable: true, description: 'Keep lines of users who behave as no person can.' })
  keepBots?: boolean | null;
}

@InputType({ description: 'What to import.' })
export class StartImportInput {
  @Field(() => FileSourceInput, { description: 'Where the file is.' })
  source: FileSourceInput;

  @Field(() => String, { nullable: true, description: 'What reports call it. Default: its own name.' })
  name?: string | null;

  @Field(() => ImportSettingsInput, { nullable: true, description: 'What is known of it.' })
  settings?: ImportSettingsInput | null;
}

@InputType({ description: 'Which catalogue to read.' })
export class StartCrawlInput {
  @Field(() => String, { description: 'Address of a page of the shop; a public one.' })
  url: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Pages of this run, at most 100,000; the next goes on. Default 1,000.',
  })
  maxPages?: number | null;

  @Field(() => Int, { nullable: true, description: 'Links from the start that are followed. Default 20.' })
  maxDepth?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Pause between two requests, at least 100 ms. Default 500.',
  })
  delayMs?: number | null;
}

@InputType({ description: 'Which data jobs.' })
export class DataJobFilter {
  @Field(() => [DataJobKindEnum], { nullable: true, description: 'Only these kinds.' })
  kinds?: DataJobKind[] | null;

  @Field(() => [RunStatusEnum], { nullable: true, description: 'Only these states.' })
  statuses?: RunStatus[] | null;
}
