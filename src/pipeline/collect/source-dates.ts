import { AppError } from '../../errors.js';
import { type FieldMapping } from './fields.js';
import { type RecordSource } from './records.js';
import { type DateOrder, guessDateOrder } from './times.js';
import { textOf } from './values.js';

/**
 * The order of day and month in a file's dates, told from its first records.
 *
 * @throws AppError BAD_USER_INPUT when the dates fit both orders: a guess would put half of them in the wrong month
 */
export function dateOrderOf(
  source: RecordSource,
  plan: { readonly columns: readonly string[]; readonly mapping: FieldMapping | null },
): DateOrder {
  const column = plan.mapping?.occurredAt;
  if (column === undefined || column.startsWith('=')) return 'YMD';
  const position = plan.columns.findIndex((name) => name.toLowerCase() === column.toLowerCase());
  const texts = source.firstRecords.flatMap(({ values, problem }) =>
    problem === null ? [textOf(values[position])] : [],
  );
  const order = guessDateOrder(texts);
  if (order !== null) return order;
  throw new AppError(
    'BAD_USER_INPUT',
    `${source.name}: dates such as ${texts[0]} can be read with the day first or the month first. Say which: DMY or MDY.`,
  );
}
