import {
  type BehaviourWrite,
  type ItemWrite,
  type TransactionWrite,
  type UserWrite,
} from '../../../store/index.js';
import { type CleaningRuleCount } from '../cleaning.js';

/** Where a mapper puts what it made of the records. */
export interface RowSink {
  user(row: UserWrite): void;
  item(row: ItemWrite): void;
  behaviour(row: BehaviourWrite): void;
  transaction(row: TransactionWrite): void;
}

/**
 * What became of one record: kept (it is in the rows now), dropped by a cleaning rule, or rejected because it cannot be
 * understood, with the reason in words.
 */
export type RecordOutcome = 'KEPT' | 'DROPPED' | { readonly rejected: string };

/** Turns records of one file into rows. A record is the values of the columns, in their order; '' or undefined where empty. */
export interface RecordMapper {
  map(record: readonly unknown[]): RecordOutcome;
  /** Emits what could only be known at the end (orders put together from lines, titles by majority). */
  finish(): void;
  rules(): CleaningRuleCount[];
}

/** What a layout can be told. */
export interface LayoutOptions {
  /** ISO 4217 code for amounts whose file names no currency. */
  readonly currency?: string;
  /** Column by field, for the generic layout: `{ userId: 'customer_id' }`. */
  readonly mapping?: Readonly<Record<string, string>>;
}

/** A known shape of export files. */
export interface Layout {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Column names for files that carry no header line. */
  readonly columnsWithoutHeader?: readonly string[];
  /** Whether a file with these columns (and these first records) is of this layout. */
  recognises(columns: readonly string[], firstRecords: readonly (readonly unknown[])[]): boolean;
  /** @throws AppError BAD_USER_INPUT when a column is missing */
  createMapper(columns: readonly string[], sink: RowSink, options: LayoutOptions): RecordMapper;
}
