import { AppError } from '../../../errors.js';
import { type Json, type JsonObject } from '../../../store/index.js';
import { type FieldMapping } from '../fields.js';
import { timeFrom } from '../times.js';
import { decimalString, numberFrom } from '../values.js';
import { splitCategory } from './categories.js';
import { FieldReader } from './field-reader.js';
import { type MappedOptions, type RecordMapper, type RecordOutcome, type RowSink } from './layout.js';

const TRUE_WORDS = [
  'true',
  't',
  'yes',
  'y',
  '1',
  'in stock',
  'instock',
  'in_stock',
  'available',
  'https://schema.org/instock',
];
const FALSE_WORDS = [
  'false',
  'f',
  'no',
  'n',
  '0',
  'out of stock',
  'outofstock',
  'out_of_stock',
  'unavailable',
  'sold out',
  'https://schema.org/outofstock',
];

/** Users by a mapping of columns; every other column becomes an attribute. */
export class MappedUsers implements RecordMapper {
  private readonly fields: FieldReader;

  constructor(
    columns: readonly string[],
    mapping: FieldMapping,
    private readonly sink: RowSink,
  ) {
    this.fields = new FieldReader('USERS', columns, mapping);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const id = this.fields.text(record, 'userId');
    if (id === '') return { rejected: 'userId is empty.' };
    this.sink.user({ id, attributes: attributesOf(this.fields, record) });
    return 'KEPT';
  }

  finish(): void {}

  rules() {
    return [];
  }
}

/** Items by a mapping of columns; every other column becomes an attribute. */
export class MappedItems implements RecordMapper {
  private readonly fields: FieldReader;

  constructor(
    columns: readonly string[],
    mapping: FieldMapping,
    private readonly sink: RowSink,
    private readonly options: MappedOptions,
  ) {
    this.fields = new FieldReader('ITEMS', columns, mapping);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const { fields, options } = this;
    const id = fields.text(record, 'itemId');
    if (id === '') return { rejected: 'itemId is empty.' };
    const priceText = fields.text(record, 'price');
    const price = priceText === '' ? null : numberFrom(fields.value(record, 'price'));
    if (price !== null && !(price >= 0 && Number.isFinite(price))) {
      return { rejected: `price must be a number of at least 0; it is "${priceText}".` };
    }
    const available = booleanFrom(fields.text(record, 'available'));
    if (available === 'UNKNOWN') {
      return { rejected: `available must be yes or no; it is "${fields.text(record, 'available')}".` };
    }
    this.sink.item({
      id,
      title: fields.text(record, 'title') || id,
      category: splitCategory(fields.value(record, 'category'), options.categorySeparator),
      price: price === null ? null : decimalString(price),
      currency: fields.text(record, 'currency') || options.currency || null,
      available: available ?? true,
      imageUrl: fields.text(record, 'imageUrl') || null,
      attributes: attributesOf(fields, record),
    });
    return 'KEPT';
  }

  finish(): void {}

  rules() {
    return [];
  }
}

/** Orders, one a record, by a mapping of columns. */
export class MappedTransactions implements RecordMapper {
  private readonly fields: FieldReader;

  constructor(
    columns: readonly string[],
    mapping: FieldMapping,
    private readonly sink: RowSink,
    private readonly options: MappedOptions,
  ) {
    this.fields = new FieldReader('TRANSACTIONS', columns, mapping);
    if (!this.fields.has('currency') && options.currency === undefined) {
      throw new AppError(
        'BAD_USER_INPUT',
        'The file names no currency: say which (e.g. currency EUR) or map a column to it.',
      );
    }
  }

  map(record: readonly unknown[]): RecordOutcome {
    const { fields, options } = this;
    const id = fields.text(record, 'transactionId');
    const userId = fields.text(record, 'userId');
    if (id === '') return { rejected: 'transactionId is empty.' };
    if (userId === '') return { rejected: 'userId is empty.' };
    const amount = numberFrom(fields.value(record, 'amount'));
    if (!(amount >= 0 && Number.isFinite(amount))) {
      return { rejected: `amount must be a number of at least 0; it is "${fields.text(record, 'amount')}".` };
    }
    const time = timeFrom(fields.value(record, 'occurredAt'), options.dateOrder);
    if (Number.isNaN(time))
      return { rejected: `The time "${fields.text(record, 'occurredAt')}" is not understood.` };
    const isFraud = booleanFrom(fields.text(record, 'isFraud'));
    if (isFraud === 'UNKNOWN')
      return { rejected: `isFraud must be yes or no; it is "${fields.text(record, 'isFraud')}".` };
    this.sink.transaction({
      id,
      userId,
      amount: decimalString(amount),
      currency: fields.text(record, 'currency') || options.currency || '',
      occurredAt: new Date(time),
      paymentMethod: fields.text(record, 'paymentMethod') || null,
      deviceId: fields.text(record, 'deviceId') || null,
      ipCountry: fields.text(record, 'ipCountry') || null,
      billingCountry: fields.text(record, 'billingCountry') || null,
      shippingCountry: fields.text(record, 'shippingCountry') || null,
      isFraud,
    });
    return 'KEPT';
  }

  finish(): void {}

  rules() {
    return [];
  }
}

function attributesOf(fields: FieldReader, record: readonly unknown[]): JsonObject {
  const attributes: JsonObject = {};
  for (const { column, position } of fields.others) {
    const value = record[position];
    if (value !== undefined && value !== null && value !== '') attributes[column] = value as Json;
  }
  return attributes;
}

/** Yes, no, null for '' and UNKNOWN for all else. */
function booleanFrom(text: string): boolean | null | 'UNKNOWN' {
  if (text === '') return null;
  const word = text.toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : 'UNKNOWN';
}
