import { type JsonObject } from '../../../store/index.js';
import { type BehaviourType } from '../../index.js';
import { Cleaning, type CleaningRule } from '../cleaning.js';
import { type FieldMapping } from '../fields.js';
import { timeFrom } from '../times.js';
import { behaviourTypeFrom, decimalString, detach, fingerprint, numberFrom, textOf } from '../values.js';
import { splitCategory } from './categories.js';
import { FieldReader } from './field-reader.js';
import { type MappedOptions, type RecordMapper, type RecordOutcome, type RowSink } from './layout.js';

/** What the rules look at. */
interface BehaviourLine {
  readonly userId: string;
  readonly time: number;
  /** NaN where the record has none. */
  readonly quantity: number;
  readonly amount: number;
}

/** Times before it are placeholders: no shop's export reaches back behind the web. */
const EARLIEST = Date.UTC(1990, 0, 1);
const DAY_MS = 86_400_000;

/** @param now milliseconds since the epoch: what lies more than a day after it has not happened */
export function behaviourRules(now: number): readonly CleaningRule<BehaviourLine>[] {
  return [
    {
      name: 'no-user',
      description: 'The record names no user, so it is nobody’s behaviour.',
      action: 'DROP',
      fits: (line) => line.userId === '',
    },
    {
      name: 'impossible-time',
      description:
        'The time is before 1990 or more than a day ahead: one such record would move the shop’s clock.',
      action: 'DROP',
      fits: (line) => line.time < EARLIEST || line.time > now + DAY_MS,
    },
    {
      name: 'negative-amount',
      description: 'The price or value is below zero: a correction in the books, not a behaviour.',
      action: 'DROP',
      fits: (line) => line.amount < 0,
    },
    {
      name: 'zero-quantity',
      description: 'The quantity is zero: nothing happened.',
      action: 'DROP',
      fits: (line) => line.quantity === 0,
    },
    {
      name: 'negative-quantity',
      description:
        'A purchase with a quantity below zero: kept as a REFUND of the units that were taken back.',
      action: 'KEEP',
      fits: (line) => line.quantity < 0,
    },
  ];
}

interface ItemFacts {
  title: string;
  category: string[];
  price: string | null;
  currency: string | null;
  imageUrl: string | null;
  attributes: JsonObject;
}

/** Behaviours by a mapping of columns, with what the records say about their items. */
export class MappedBehaviours implements RecordMapper {
  private readonly fields: FieldReader;
  private readonly cleaning: Cleaning<BehaviourLine>;
  private readonly items = new Map<string, ItemFacts>();
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
    this.cleaning = new Cleaning(behaviourRules(options.now));
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
    const { fields } = this;
    const timeText = fields.text(record, 'occurredAt');
    const time = timeFrom(fields.value(record, 'occurredAt'), this.options.dateOrder);
    if (Number.isNaN(time)) return { rejected: `The time "${timeText}" is not understood.` };
    const typeText = fields.text(record, 'type');
    let type = fields.has('type') ? behaviourTypeFrom(typeText) : this.defaultType;
    if (type === null) return { rejected: `The behaviour "${typeText}" is unknown.` };
    const numbers = { quantity: NaN, price: NaN, value: NaN, rating: NaN };
    for (const field of ['quantity', 'price', 'value', 'rating'] as const) {
      const text = fields.text(record, field);
      if (text === '') continue;
      numbers[field] = numberFrom(fields.value(record, field));
      if (!Number.isFinite(numbers[field]))
        return { rejected: `${field} must be a number; it is "${text}".` };
    }
    const userId = fields.text(record, 'userId');
    const { quantity, price, value } = numbers;
    const amount = Number.isNaN(value) ? price : value;
    if (!this.cleaning.keeps({ userId, time, quantity, amount })) return 'DROPPED';
    if (quantity < 0 && type === 'PURCHASE') type = 'REFUND';
    const units = Number.isNaN(quantity) ? 1 : Math.abs(quantity);
    const isSale = type === 'PURCHASE' || type === 'REFUND';
    const total = Number.isNaN(value) ? price * units : value;
    const itemId = fields.text(record, 'itemId');
    const isRating = type === 'RATING' && !Number.isNaN(numbers.rating);
    this.sink.behaviour({
      eventId: fields.text(record, 'eventId') || `${this.options.eventPrefix}-${fingerprint(record)}`,
      userId,
      itemId: itemId || null,
      type,
      occurredAt: new Date(time),
      sessionId: fields.text(record, 'sessionId') || null,
      // Quantities are whole: half stars are kept beside.
      quantity: isRating ? Math.round(numbers.rating) : units,
      value: isSale && !Number.isNaN(total) ? decimalString(total) : null,
      context: isRating && !Number.isInteger(numbers.rating) ? { rating: numbers.rating } : null,
    });
    if (itemId !== '' && this.describesItems) this.learn(itemId, record, price);
    return 'KEPT';
  }

  finish(): void {
    for (const [id, facts] of this.items) {
      // A shop that gives no titles still gives brand and category: better to read than a number.
      const leaf = facts.category.at(-1)?.replaceAll('_', ' ');
      const brand = typeof facts.attributes.brand === 'string' ? facts.attributes.brand : undefined;
      const made = [brand, leaf].filter((part) => part !== undefined).join(' ');
      this.sink.item({ id, ...facts, title: facts.title || made || id });
    }
  }

  rules() {
    return this.cleaning.counts();
  }

  private learn(itemId: string, record: readonly unknown[], price: number): void {
    const { fields, options } = this;
    let facts = this.items.get(itemId);
    if (facts === undefined) {
      facts = {
        title: '',
        category: [],
        price: null,
        currency: options.currency ?? null,
        imageUrl: null,
        attributes: {},
      };
      this.items.set(detach(itemId), facts);
    }
    const title = fields.text(record, 'title');
    if (title !== '' && title !== facts.title) facts.title = detach(title);
    const category = splitCategory(fields.value(record, 'category'), options.categorySeparator);
    if (category.length > 0 && category.join() !== facts.category.join())
      facts.category = category.map(detach);
    if (price > 0) facts.price = decimalString(price);
    const currency = fields.text(record, 'currency');
    if (currency !== '') facts.currency = currency;
    const imageUrl = fields.text(record, 'imageUrl');
    if (imageUrl !== '' && imageUrl !== facts.imageUrl) facts.imageUrl = detach(imageUrl);
    for (const { name, position } of this.attributes) {
      const value = textOf(record[position]);
      if (value !== '' && value !== facts.attributes[name]) facts.attributes[name] = detach(value);
    }
  }
}
