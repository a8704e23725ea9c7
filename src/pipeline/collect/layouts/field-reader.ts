import { AppError } from '../../../errors.js';
import { type FieldMapping, type FieldName, KIND_FIELDS, type RecordKind } from '../fields.js';
import { textOf } from '../values.js';

/** Reads fields out of records by a mapping of columns, checked once. */
export class FieldReader {
  private readonly positions = new Map<FieldName, number>();
  private readonly constants = new Map<FieldName, string>();
  /** Columns that no field is mapped to. */
  readonly others: readonly { readonly column: string; readonly position: number }[];

  /** @throws AppError BAD_USER_INPUT for an unknown field, a column that is not there, or a needed field without a column */
  constructor(kind: RecordKind, columns: readonly string[], mapping: FieldMapping) {
    const { needed, optional } = KIND_FIELDS[kind];
    const fields: readonly string[] = [...needed, ...optional];
    for (const [field, column] of Object.entries(mapping)) {
      if (!fields.includes(field)) {
        throw new AppError(
          'BAD_USER_INPUT',
          `${kind} have no field ${field}; they have ${fields.join(', ')}.`,
        );
      }
      if (column.startsWith('=')) this.constants.set(field as FieldName, column.slice(1));
      else this.positions.set(field as FieldName, positionOf(columns, column, field));
    }
    const missing = needed.filter((field) => !this.has(field));
    if (missing.length > 0) {
      throw new AppError(
        'BAD_USER_INPUT',
        `No column is mapped to ${missing.join(', ')}; the file has ${columns.join(', ')}. Map one, e.g. ${missing[0]}=${columns[0]}.`,
        { missing, columns },
      );
    }
    const taken = new Set(this.positions.values());
    this.others = columns.flatMap((column, position) => (taken.has(position) ? [] : [{ column, position }]));
  }

  has(field: FieldName): boolean {
    return this.positions.has(field) || this.constants.has(field);
  }

  /** The field's value; '' when the record or the mapping has none. */
  text(record: readonly unknown[], field: FieldName): string {
    return textOf(this.value(record, field));
  }

  /** The field's value as it stands in the record: text, and for NDJSON also numbers, lists and objects. */
  value(record: readonly unknown[], field: FieldName): unknown {
    const position = this.positions.get(field);
    return position === undefined ? this.constants.get(field) : record[position];
  }
}

function positionOf(columns: readonly string[], column: string, field: string): number {
  const position = columns.findIndex((name) => name.toLowerCase() === column.toLowerCase());
  if (position >= 0) return position;
  throw new AppError(
    'BAD_USER_INPUT',
    `${field} is mapped to the column ${column}, which is not there; the file has ${columns.join(', ')}.`,
    { columns },
  );
}
