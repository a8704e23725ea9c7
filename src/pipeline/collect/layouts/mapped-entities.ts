import { AppError } from '../../../errors.js';
import { type Json, type JsonObject } from '../../../store/index.js';
import { Cleaning, type CleaningRule } from '../cleaning.js';
import { Exchange } from '../currencies.js';
import { type FieldMapping } from '../fields.js';
import { isLocalTime, timeFrom } from '../times.js';
import { booleanFrom, currencyFrom, decimalString, moneyFrom } from '../values.js';
import { exchangeRule, localTimeRule } from './behaviour-rules.js';
import { splitCategory } from './categories.js';
import { FieldReader } from './field-reader.js';
import { type MappedOptions, type RecordMapper, type RecordOutcome, type RowSink } from './layout.js';

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

  /** Each record stands for itself. */
  state(): JsonObject {
    return {};
  }
}

/** Items by a mapping of columns; every other column becomes an attribute. */
export class MappedItems implements RecordMapper {
  private readonly fields: FieldReader;
  private readonly exchange: Exchange;

  constructor(
    columns: readonly string[],
    mapping: FieldMapping,
    private readonly sink: RowSink,
    private readonly options: MappedOptions,
  ) {
    this.fields = new FieldReader('ITEMS', columns, mapping);
    this.exchange = new Exchange(options.currency, options.rates);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const { fields, options } = this;
    const id = fields.text(record, 'itemId');
    if (id === '') return { rejected: 'itemId is empty.' };
    const priceText = fields.text(record, 'price');
    const money = priceText === '' ? null : moneyFrom(fields.value(record, 'price'));
    const named = fields.text(record, 'currency');
    const exchanged = this.exchange.convert(
      money?.amount ?? NaN,
      (currencyFrom(named) ?? named) || (money?.currency ?? null),
    );
    if ('problem' in exchanged) return { rejected: exchanged.problem };
    const price = money === null ? null : exchanged.amount;
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
      currency: exchanged.currency,
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

  /** Each record stands for itself. */
  state(): JsonObject {
    return {};
  }
}

interface OrderLine {
  readonly isTest: boolean;
  readonly isLocalTime: boolean;
  readonly isConverted: boolean;
}

function orderRules({ timeZone, rates, currency }: MappedOptions): CleaningRule<OrderLine>[] {
  return [
    {
      name: 'test-order',
      description: 'Marked as a test: nobody bought anything.',
      action: 'DROP',
      fits: (line) => line.isTest,
    },
    ...(timeZone === undefined ? [] : [localTimeRule(timeZone)]),
    ...(rates === undefined ? [] : [exchangeRule(currency)]),
  ];
}

/** Orders, one a record, by a mapping of columns. */
export class MappedTransactions implements RecordMapper {
  private readonly fields: FieldReader;
  private readonly exchange: Exchange;
  private readonly cleaning: Cleaning<OrderLine>;

  constructor(
    columns: readonly string[],
    mapping: FieldMapping,
    private readonly sink: RowSink,
    private readonly options: MappedOptions,
  ) {
    this.fields = new FieldReader('TRANSACTIONS', columns, mapping);
    this.exchange = new Exchange(options.currency, options.rates);
    this.cleaning = new Cleaning(orderRules(options));
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
    const money = moneyFrom(fields.value(record, 'amount'));
    if (!(money.amount >= 0 && Number.isFinite(money.amount))) {
      return { rejected: `amount must be a number of at least 0; it is "${fields.text(record, 'amount')}".` };
    }
    const named = fields.text(record, 'currency');
    const exchanged = this.exchange.convert(money.amount, (currencyFrom(named) ?? named) || money.currency);
    if ('problem' in exchanged) return { rejected: exchanged.problem };
    const timeValue = fields.value(record, 'occurredAt');
    const time = timeFrom(timeValue, options.dateOrder, options.timeZone);
    if (Number.isNaN(time))
      return { rejected: `The time "${fields.text(record, 'occurredAt')}" is not understood.` };
    const isFraud = booleanFrom(fields.text(record, 'isFraud'));
    if (isFraud === 'UNKNOWN')
      return { rejected: `isFraud must be yes or no; it is "${fields.text(record, 'isFraud')}".` };
    const isTest = booleanFrom(fields.text(record, 'isTest')) === true;
    const isKept = this.cleaning.keeps({
      isTest,
      isLocalTime: isLocalTime(timeValue),
      isConverted: exchanged.isConverted,
    });
    if (!isKept) return 'DROPPED';
    this.sink.transaction({
      id,
      userId,
      amount: decimalString(exchanged.amount),
      currency: exchanged.currency ?? '',
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
    return this.cleaning.counts();
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
