import { decimalString, detach } from '../values.js';
import { type RowSink } from './layout.js';

/** What a line of a file may say about an item. */
export interface ItemMention {
  readonly title?: string;
  readonly category?: readonly string[];
  /** NaN or below zero: says nothing. */
  readonly price?: number;
  readonly currency?: string | null;
  readonly imageUrl?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A few megabytes of JSON. */
const MAX_KEPT_ITEMS = 20_000;

export interface ItemFacts {
  title: string;
  category: string[];
  price: string | null;
  currency: string | null;
  imageUrl: string | null;
  readonly attributes: Record<string, string>;
}

/** Gathers what lines of behaviours say of their items, the latest mention winning, and emits each item once. */
export class ItemCatalogue {
  private readonly items = new Map<string, ItemFacts>();

  /** @param currency of prices that name none */
  constructor(private readonly currency: string | null) {}

  learn(id: string, mention: ItemMention): void {
    let facts = this.items.get(id);
    if (facts === undefined) {
      facts = {
        title: '',
        category: [],
        price: null,
        currency: this.currency,
        imageUrl: null,
        attributes: {},
      };
      this.items.set(detach(id), facts);
    }
    const { title = '', category = [], price = NaN, currency, imageUrl = '', attributes = {} } = mention;
    if (title !== '' && title !== facts.title) facts.title = detach(title);
    if (category.length > 0 && category.join() !== facts.category.join())
      facts.category = category.map(detach);
    if (price > 0) facts.price = decimalString(price);
    if (currency && currency !== facts.currency) facts.currency = detach(currency);
    if (imageUrl !== '' && imageUrl !== facts.imageUrl) facts.imageUrl = detach(imageUrl);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== '' && value !== facts.attributes[name]) facts.attributes[name] = detach(value);
    }
  }

  /** What is known of each item; null where that is more than a position should hold. */
  state(): [string, ItemFacts][] | null {
    return this.items.size > MAX_KEPT_ITEMS ? null : [...this.items];
  }

  restore(items: readonly [string, ItemFacts][]): void {
    for (const [id, facts] of items) this.items.set(id, facts);
  }

  emit(sink: Pick<RowSink, 'item'>): void {
    for (const [id, facts] of this.items) {
      // A shop that gives no titles still gives brand and category: better to read than a number.
      const leaf = facts.category.at(-1)?.replaceAll('_', ' ');
      const made = [facts.attributes.brand, leaf].filter((part) => part !== undefined).join(' ');
      sink.item({ id, ...facts, title: facts.title || made || id });
    }
  }
}
