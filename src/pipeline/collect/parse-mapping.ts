import { AppError } from '../../errors.js';
import { FIELD_NAMES, type FieldMapping } from './fields.js';

/**
 * Reads a mapping as it is written on a command line, `userId=customer_id,type==PURCHASE` (a second `=` makes a constant), or as a JSON
 * object of the same, `{"userId": "customer_id", "type": "=PURCHASE"}`.
 *
 * @throws AppError BAD_USER_INPUT for an unknown field or a part that is no assignment
 */
export function parseMapping(text: string): FieldMapping {
  const pairs = text.trim().startsWith('{')
    ? jsonPairs(text)
    : text.split(',').filter(Boolean).map(assignment);
  return checkMapping(pairs);
}

/** Columns by field. @throws AppError BAD_USER_INPUT for an unknown field or one that is mapped to nothing */
export function checkMapping(pairs: readonly (readonly [field: string, column: string])[]): FieldMapping {
  for (const [field, column] of pairs) {
    if (!Object.hasOwn(FIELD_NAMES, field)) {
      throw new AppError(
        'BAD_USER_INPUT',
        `There is no field ${field}; there are ${Object.keys(FIELD_NAMES).join(', ')}.`,
      );
    }
    if (column === '') throw new AppError('BAD_USER_INPUT', `${field} is mapped to nothing: name a column.`);
  }
  return Object.fromEntries(pairs);
}

function assignment(part: string): [string, string] {
  const at = part.indexOf('=');
  if (at > 0) return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
  throw new AppError(
    'BAD_USER_INPUT',
    `"${part}" maps nothing: expected field=column, such as userId=customer_id.`,
  );
}

function jsonPairs(text: string): [string, string][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AppError('BAD_USER_INPUT', 'The mapping is not JSON.', {}, { cause: error });
  }
  return Object.entries(value as object).map(([field, column]) => {
    if (typeof column === 'string') return [field, column];
    throw new AppError('BAD_USER_INPUT', `${field} must be mapped to the name of a column, a text.`);
  });
}
