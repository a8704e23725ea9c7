import { type JsonObject } from '../../../store/index.js';
import { type BehaviourType } from '../../index.js';
import { Cleaning, type CleaningState } from '../cleaning.js';
import { Exchange } from '../currencies.js';
import { type FieldMapping } from '../fields.js';
import { isLocalTime, timeFrom } from '../times.js';
import {
  behaviourTypeFrom,
  booleanFrom,
  currencyFrom,
  decimalString,
  fingerprint,
  moneyFrom,
  numberFrom,
  textOf,
} from '../values.js';
import { type BehaviourLine, behaviourRules } from './behaviour-rules.js';
import { splitCategory } from './categories.js';
import { FieldReader } from './field-reader.js';
import { ItemCatalogue, type ItemFacts } from './item-catalogue.js';
import { type MappedOptions, type RecordMapper, type RecordOutcome, type RowSink } from './layout.js';

interface Money {
  readonly quantity: number;
  readonly price: number;
  readonly value: number;
  readonly rating: number;
  readonly currency: string | null;
  readonly isConverted: boolean;
}

/** Behaviours by a mapping of columns, with what the records say about their items. */
export class MappedBehaviours implements RecordMapper {
  private readonly fields: FieldReader;
  private readonly cleaning: Cleaning<BehaviourLine>;
  private readonly exchange: Exchange;
  private readonly items: ItemCatalogue;
  private readonly attributes: readonly { name: string; position: number }[];
  private readonly defaultType: BehaviourType;
  private readonly describesItems: boolean;

  /** @throws AppError BAD_USER_INPUT for a mapping that the columns do not allow */
  constructor(
    columns: readonly string[],
    mapping: FieldMapping,
    private readonly sink: RowSink,
    private readonly options: MappedOptions,
  ) {
    this.fields = new FieldReader('BEHAVIOURS', columns, mapping);
    this.cleaning = new Cleaning(behaviourRules(options));
    this.exchange = new Exchange(options.currency, options.rates);
    this.items = new ItemCatalogue(options.currency ?? null);
    this.attributes = Object.entries(options.itemAttributes ?? {}).flatMap(([name, column]) => {
      const position = columns.findIndex((candidate) => candidate.toLowerCase() === column.toLowerCase());
      return position < 0 ? [] : [{ name, position }];
    });
    this.describesItems =
      this.attributes.length > 0 ||
      (['title', 'category', 'price', 'imageUrl'] as const).some((field) => this.fields.has(field));
    // Without a type column the other columns tell: ratings rate, money buys, the rest looks.
    this.defaultType = this.fields.has('rating')
      ? 'RATING'
      : (['quantity', 'price', 'value'] as const).some((field) => this.fields.has(field))
        ? 'PURCHASE'
        : 'VIEW';
  }

  map(record: readonly unknown[]): RecordOutcome {
    const { fields, options } = this;
    const timeValue = fields.value(record, 'occurredAt');
    const time = timeFrom(timeValue, options.dateOrder, options.timeZone);
    if (Number.isNaN(time))
      return { rejected: `The time "${fields.text(record, 'occurredAt')}" is not understood.` };
    const typeText = fields.text(record, 'type');
    let type = fields.has('type') ? behaviourTypeFrom(typeText) : this.defaultType;
    if (type === null) return { rejected: `The behaviour "${typeText}" is unknown.` };
    const money = this.money(record);
    if ('rejected' in money) return money;
    const anonymousId = fields.text(record, 'anonymousId');
    const userId = fields.text(record, 'userId') || anonymousId;
    const { quantity, price, value, rating } = money;
    const isKept = this.cleaning.keeps({
      userId,
      time,
      quantity,
      amount: Number.isNaN(value) ? price : value,
      userAgent: fields.text(record, 'userAgent'),
      isTest: booleanFrom(fields.text(record, 'isTest')) === true,
      isLocalTime: isLocalTime(timeValue),
      isConverted: money.isConverted,
    });
    if (!isKept) return 'DROPPED';
    if (quantity < 0 && type === 'PURCHASE') type = 'REFUND';
    const units = Number.isNaN(quantity) ? 1 : Math.abs(quantity);
    const isSale = type === 'PURCHASE' || type === 'REFUND';
    const total = Number.isNaN(value) ? price * units : value;
    const itemId = fields.text(record, 'itemId');
    const isRating = type === 'RATING' && !Number.isNaN(rating);
    const occurredAt = new Date(time);
    this.sink.behaviour({
      eventId: fields.text(record, 'eventId') || `${options.eventPrefix}-${fingerprint(record)}`,
      userId,
      itemId: itemId || null,
      type,
      occurredAt,
      sessionId: fields.text(record, 'sessionId') || null,
      // Quantities are whole: half stars are kept beside.
      quantity: isRating ? Math.round(rating) : units,
      value: isSale && !Number.isNaN(total) ? decimalString(total) : null,
      context: isRating && !Number.isInteger(rating) ? { rating } : null,
    });
    if (anonymousId !== '' && anonymousId !== userId)
      this.sink.link({ aliasId: anonymousId, userId, linkedAt: occurredAt });
    if (itemId !== '' && this.describesItems) this.learn(itemId, record, price, money.currency);
    return 'KEPT';
  }

  finish(): void {
    this.items.emit(this.sink);
  }

  rules() {
    return this.cleaning.counts();
  }

  state(): JsonObject | null {
    const items = this.items.state();
    return items && ({ cleaning: this.cleaning.state(), items } as unknown as JsonObject);
  }

  restore(state: JsonObject): void {
    const { cleaning, items } = state as unknown as { cleaning: CleaningState; items: [string, ItemFacts][] };
    this.cleaning.restore(cleaning);
    this.items.restore(items);
  }

  /** Quantity, rating, and amounts in the shop's currency; NaN where the record has none. */
  private money(record: readonly unknown[]): Money | { readonly rejected: string } {
    const { fields } = this;
    const numbers = { quantity: NaN, price: NaN, value: NaN, rating: NaN };
    const named = fields.text(record, 'currency');
    let currency = named === '' ? null : (currencyFrom(named) ?? named);
    let isConverted = false;
    for (const field of ['quantity', 'price', 'value', 'rating'] as const) {
      const text = fields.text(record, field);
      if (text === '') continue;
      const raw = fields.value(record, field);
      const isAmount = field === 'price' || field === 'value';
      const money = isAmount ? moneyFrom(raw) : { amount: numberFrom(raw), currency: null };
      if (!Number.isFinite(money.amount)) return { rejected: `${field} must be a number; it is "${text}".` };
      if (!isAmount) {
        numbers[field] = money.amount;
        continue;
      }
      const exchanged = this.exchange.convert(money.amount, currency ?? money.currency);
      if ('problem' in exchanged) return { rejected: exchanged.problem };
      numbers[field] = exchanged.amount;
      currency ??= exchanged.isConverted ? null : money.currency;
      isConverted ||= exchanged.isConverted;
    }
    return { ...numbers, currency: isConverted ? (this.options.currency ?? null) : currency, isConverted };
  }

  private learn(itemId: string, record: readonly unknown[], price: number, currency: string | null): void {
    const { fields, options } = this;
    const attributes: Record<string, string> = {};
    for (const { name, position } of this.attributes) attributes[name] = textOf(record[position]);
    this.items.learn(itemId, {
      title: fields.text(record, 'title'),
      category: splitCategory(fields.value(record, 'category'), options.categorySeparator),
      price,
      currency,
      imageUrl: fields.text(record, 'imageUrl'),
      attributes,
    });
  }
}
