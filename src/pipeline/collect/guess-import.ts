import { type Json, type JsonObject } from '../../store/index.js';
import { type FieldName, KIND_FIELDS } from './fields.js';
import { type ImportPlan, planOf, type PlanOptions } from './import-plan.js';
import { chooseLayout, LAYOUTS } from './layouts/registry.js';
import { rawRecord } from './quarantine/quarantine-buffer.js';
import { openRecords } from './records.js';

const SAMPLE_ROWS = 5;
/** Characters of a value that are shown. */
const MAX_SHOWN = 200;

/** A field that lines of a kind can have, and the column it would be read from. */
export interface FieldGuess {
  readonly field: FieldName;
  /** null: no column; `=VALUE`: the same for all lines. */
  readonly column: string | null;
  readonly isNeeded: boolean;
}

/** What an import would take a file for, to be looked at and changed before it runs. */
export interface ImportGuess extends ImportPlan {
  readonly title: string;
  /** Empty for a layout that reads its columns in its own way. */
  readonly fields: readonly FieldGuess[];
  /** The first lines, as they stand in the file. */
  readonly sample: readonly JsonObject[];
}

/**
 * Looks at the beginning of a file and says how it would be imported.
 *
 * @param options what is known already: a layout, a kind, columns of some fields
 * @throws AppError as `importFiles` before its first row
 */
export async function guessImport(path: string, name: string, options: PlanOptions): Promise<ImportGuess> {
  const source = await openRecords(path, { ...options, name });
  try {
    const layout = chooseLayout(source, options);
    const plan = planOf(source, layout);
    const { kind, mapping } = plan;
    const isChosen = kind !== null && mapping !== null && !LAYOUTS.includes(layout);
    const fields = isChosen
      ? (['needed', 'optional'] as const).flatMap((part) =>
          KIND_FIELDS[kind][part].map((field) => ({
            field,
            column: mapping[field] ?? null,
            isNeeded: part === 'needed',
          })),
        )
      : [];
    const sample = source.firstRecords
      .slice(0, SAMPLE_ROWS)
      .map((record) => shown(rawRecord(record, source.columns)));
    return { ...plan, title: layout.title, fields, sample };
  } finally {
    source.close();
  }
}

function shown(row: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(row).map(([column, value]): [string, Json] => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return [column, text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : value];
    }),
  );
}
