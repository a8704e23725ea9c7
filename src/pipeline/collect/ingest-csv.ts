import { AppError } from '../../errors.js';
import { type Json, type JsonObject } from '../../store/index.js';
import { type TextSource } from './byte-source.js';
import { type TextRecord } from './delimited.js';
import { type IngestKind } from './ingest-schemas.js';
import { recordsOfText } from './records.js';
import { behaviourTypeFrom, numberFrom, textOf } from './values.js';

/** Fields of each kind as columns; `attributes.*` and `context.*` columns become keys of the object. */
const COLUMNS: Readonly<Record<IngestKind, readonly string[]>> = {
  users: ['id', 'attributes'],
  items: ['id', 'title', 'category', 'price', 'currency', 'available', 'imageUrl', 'attributes'],
  behaviours: [
    'eventId',
    'userId',
    'itemId',
    'type',
    'occurredAt',
    'sessionId',
    'quantity',
    'value',
    'context',
  ],
  transactions: [
    'id',
    'userId',
    'amount',
    'currency',
    'occurredAt',
    'items',
    'paymentMethod',
    'deviceId',
    'ipCountry',
    'billingCountry',
    'shippingCountry',
    'isFraud',
  ],
  feedback: ['eventId', 'userId', 'impressionId', 'itemId', 'kind', 'occurredAt'],
};

/**
 * Rows of a CSV stream as the objects that NDJSON would hold: empty values are absent, numbers and booleans are read, a category is
 * split at `>` or `|`, objects and lists are JSON.
 *
 * @throws AppError BAD_USER_INPUT for columns that are no fields of the kind
 */
export async function* csvRows(source: TextSource, kind: IngestKind): AsyncGenerator<TextRecord[]> {
  if (source.head.trim() === '' && source.isHeadAll) return;
  const records = recordsOfText(source, 'The request body', { format: 'CSV' });
  const fields = COLUMNS[kind];
  const targets = records.columns.map((column) => {
    const [name, ...inner] = column.split('.');
    const field = fields.find(
      (candidate) => candidate.toLowerCase() === name.toLowerCase().replace(/_/g, ''),
    );
    const isNested = inner.length > 0;
    if (field === undefined || (isNested && field !== 'attributes' && field !== 'context')) {
      const allowed = fields.join(', ');
      throw new AppError(
        'BAD_USER_INPUT',
        `${kind} have no column ${column}; the columns may be ${allowed} (and attributes.… or context.…).`,
      );
    }
    return { field, key: isNested ? inner.join('.') : null };
  });
  for await (const batch of records.batches()) {
    yield batch.map((record) => {
      if (record.problem !== null) return record;
      const row: JsonObject = {};
      for (let index = 0; index < targets.length; index++) {
        const text = textOf(record.values[index]);
        if (text !== '') put(row, targets[index], text);
      }
      return { line: record.line, values: [row], problem: null };
    });
  }
}

function put(row: JsonObject, target: { field: string; key: string | null }, text: string): void {
  const { field, key } = target;
  if (key === null) {
    row[field] = valueOf(field, text);
    return;
  }
  const object = (row[field] ??= {}) as JsonObject;
  // Own property in any case: a column called attributes.__proto__ is data, not the prototype.
  Object.defineProperty(object, key, { value: text, enumerable: true, writable: true, configurable: true });
}

function valueOf(field: string, text: string): Json {
  switch (field) {
    case 'quantity': {
      const quantity = numberFrom(text);
      return Number.isNaN(quantity) ? text : quantity;
    }
    case 'type':
      return behaviourTypeFrom(text) ?? text;
    case 'available':
    case 'isFraud':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'category':
      return text.split(/\s*[>|]\s*/).filter((part) => part !== '');
    case 'attributes':
    case 'context':
    case 'items':
      return jsonOr(text);
    default:
      return text;
  }
}

/** Parsed JSON; the text itself when it is none, for the schema to refuse. */
function jsonOr(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
