import {
  type BehaviourWrite,
  type ItemWrite,
  type JsonObject,
  type TransactionWrite,
  type UserLink,
  type UserWrite,
} from '../../../store/index.js';
import { type CleaningRuleCount } from '../cleaning.js';
import { type FieldMapping, type RecordKind } from '../fields.js';
import { type DateOrder } from '../times.js';

/** Where a mapper puts what it made of the records. */
export interface RowSink {
  user(row: UserWrite): void;
  item(row: ItemWrite): void;
  /** What an order says of an item: less than a catalogue does, so that it counts for items alone that nobody has described. */
  itemIfNew(row: ItemWrite): void;
  behaviour(row: BehaviourWrite): void;
  transaction(row: TransactionWrite): void;
  /** Somebody is known under two ids. */
  link(link: UserLink): void;
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
  /**
   * All that the mapper remembers of the records so far, for one that goes on behind them; null where that is too much. Mappers without it
   * read the records again.
   */
  state?(): JsonObject | null;
  /** @param state of a mapper of the same layout, columns and options */
  restore?(state: JsonObject): void;
}

/** What a layout can be told. */
export interface LayoutOptions {
  /** ISO 4217 code for amounts whose file names no currency. */
  readonly currency?: string;
  /** Order of day and month, for files where the first dates fit both. */
  readonly dateOrder?: DateOrder;
  /** Milliseconds since the epoch; records from more than a day later are dropped. */
  readonly now: number;
  /** IANA name of the zone of times that are written without one; UTC when not given. */
  readonly timeZone?: string;
  /** What one unit of a currency is worth in `currency`; amounts in these are converted. */
  readonly rates?: Readonly<Record<string, number>>;
  /** Users whose lines are left out because they behave as no person can (`findBots`). */
  readonly bots?: ReadonlySet<string>;
  /** Keeps lines that equal an earlier one in every column, as the protocol of the Online Retail figures does. */
  readonly keepDuplicates?: boolean;
}

/** Settings of a layout that is a mapping of columns. */
export interface MappedOptions extends LayoutOptions {
  /** Begins the event ids made from a record's contents. */
  readonly eventPrefix: string;
  readonly categorySeparator?: string;
  /** Item attributes taken from columns: `{ brand: 'brand' }`. */
  readonly itemAttributes?: Readonly<Record<string, string>>;
}

/** A known shape of export files. */
export interface Layout {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Column names for files that carry no header line. */
  readonly columnsWithoutHeader?: readonly string[];
  /** Keys of JSON objects that are read as they are, objects and lists included, in the place of the columns found. */
  readonly objectKeys?: readonly string[];
  /** Whether its lines can be views, among which bots have to be looked for. */
  readonly hasViews?: boolean;
  /** Whether a file with these columns (and these first records, values in the order of the columns) is of this layout. */
  recognises(columns: readonly string[], firstRecords: readonly (readonly unknown[])[]): boolean;
  /** What a file with these columns holds and which column is which field; null when the layout has no such choice. */
  mapping(columns: readonly string[]): { kind: RecordKind; fields: FieldMapping } | null;
  /** @throws AppError BAD_USER_INPUT when a column is missing */
  createMapper(columns: readonly string[], sink: RowSink, options: LayoutOptions): RecordMapper;
}
