import { type JsonObject } from '../../store/index.js';
import { type Encoding } from './byte-source.js';
import { type Rates } from './currencies.js';
import { type FieldMapping, type RecordKind } from './fields.js';
import { type Layout } from './layouts/layout.js';
import { type LayoutChoice } from './layouts/registry.js';
import { type RecordFormat, type RecordOptions, type RecordSource } from './record-source.js';
import { type DateOrder } from './times.js';

/** What an import may be told about the values of its files. */
export interface ValueOptions {
  /** ISO 4217 code for amounts that name no currency. */
  readonly currency?: string;
  /** What one unit of other currencies is worth in `currency`: amounts in these are converted, others refused. */
  readonly rates?: Rates;
  readonly dateOrder?: DateOrder;
  /** IANA name of the zone of times that are written without one. Default UTC. */
  readonly timeZone?: string;
}

export interface PlanOptions extends LayoutChoice, RecordOptions, ValueOptions {}

/** What an import takes a file for; shown before it runs and part of the report. */
export interface ImportPlan {
  readonly path: string;
  readonly layout: string;
  readonly format: RecordFormat;
  readonly encoding: Encoding;
  readonly delimiter: string | null;
  readonly columns: readonly string[];
  /** null for a layout that reads its columns in its own way. */
  readonly kind: RecordKind | null;
  readonly mapping: FieldMapping | null;
}

/** The columns that a layout reads of a source. */
export function columnsFor(layout: Layout, source: RecordSource): readonly string[] {
  if (source.format !== 'CSV' && layout.objectKeys !== undefined) return layout.objectKeys;
  return layout.columnsWithoutHeader ?? source.columns;
}

export function planOf(source: RecordSource, layout: Layout): ImportPlan {
  const { name, format, encoding, delimiter } = source;
  const columns = columnsFor(layout, source);
  const mapping = layout.mapping(columns);
  return {
    path: name,
    layout: layout.name,
    format,
    encoding,
    delimiter,
    columns,
    kind: mapping?.kind ?? null,
    mapping: mapping?.fields ?? null,
  };
}

/** All that a later replay of single rows needs to read them as the import did. */
export function replayContext(plan: ImportPlan, values: ValueOptions): JsonObject {
  const { layout, kind, mapping, columns } = plan;
  const { currency, rates, dateOrder, timeZone } = values;
  const context = {
    kind: 'IMPORT',
    layout,
    records: kind,
    mapping,
    columns,
    currency,
    rates,
    dateOrder,
    timeZone,
  };
  return JSON.parse(JSON.stringify(context)) as JsonObject;
}
