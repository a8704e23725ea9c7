import { type JsonObject, type OrderLine } from '../../../store/index.js';
import { type BehaviourType } from '../../index.js';
import { Cleaning, type CleaningRule } from '../cleaning.js';
import { Exchange } from '../currencies.js';
import { currencyFrom, decimalString } from '../values.js';
import { type BehaviourLine, behaviourRules, PLAIN_LINE } from './behaviour-rules.js';
import { ItemCatalogue, type ItemMention } from './item-catalogue.js';
import { type LayoutOptions, type RecordOutcome, type RowSink } from './layout.js';

/** A product as an event names it. */
export interface EventProduct extends ItemMention {
  readonly id: string;
  readonly quantity: number;
}

/** One event of a tracker, read but not yet judged; type null: nothing that a shop learns from. */
export interface ShopEvent {
  readonly id: string;
  /** The known user; '' where nobody is logged in. */
  readonly userId: string;
  readonly anonymousId: string;
  readonly type: BehaviourType | null;
  readonly time: number;
  readonly sessionId: string;
  readonly userAgent: string;
  readonly currency: string;
  readonly products: readonly EventProduct[];
  readonly context: JsonObject | null;
  /** What an order came to; null for all but orders that name their id. */
  readonly order: { readonly id: string; readonly amount: number } | null;
}

interface EventLine extends BehaviourLine {
  readonly isOfShop: boolean;
}

/** Turns events of trackers into rows: behaviours a product, orders, what they say of items, and who is who. */
export class ShopEventWriter {
  private readonly cleaning: Cleaning<EventLine>;
  private readonly exchange: Exchange;
  private readonly items: ItemCatalogue;

  constructor(
    private readonly sink: RowSink,
    options: LayoutOptions,
  ) {
    const rules: CleaningRule<EventLine>[] = [
      {
        name: 'no-shop-event',
        description:
          'The event says nothing of items, searches, baskets or orders (scrolls, logins, campaigns).',
        action: 'DROP',
        fits: (line) => !line.isOfShop,
      },
      ...behaviourRules(options),
    ];
    this.cleaning = new Cleaning(rules);
    this.exchange = new Exchange(options.currency, options.rates);
    this.items = new ItemCatalogue(options.currency ?? null);
  }

  take(event: ShopEvent): RecordOutcome {
    const userId = event.userId || event.anonymousId;
    const currency = event.currency === '' ? null : (currencyFrom(event.currency) ?? event.currency);
    const rate = this.exchange.convert(1, currency);
    if ('problem' in rate) return { rejected: rate.problem };
    const { time, userAgent, type } = event;
    const isKept = this.cleaning.keeps({
      ...PLAIN_LINE,
      userId,
      time,
      userAgent,
      isOfShop: type !== null,
      amount: event.order?.amount ?? NaN,
      isConverted: rate.isConverted,
    });
    this.link(event);
    if (!isKept || type === null) return 'DROPPED';
    const lines = this.behaviours(event, userId, type, rate.amount);
    for (const { id, price = NaN, ...mention } of event.products)
      this.items.learn(id, { ...mention, price: price * rate.amount, currency: rate.currency });
    if (event.order !== null && type === 'PURCHASE' && rate.currency !== null) {
      this.sink.transaction({
        id: event.order.id,
        userId,
        amount: decimalString(event.order.amount * rate.amount),
        currency: rate.currency,
        occurredAt: new Date(time),
        items: lines,
      });
    }
    return 'KEPT';
  }

  /** An event that only says who somebody is. */
  link({ userId, anonymousId, time }: Pick<ShopEvent, 'userId' | 'anonymousId' | 'time'>): void {
    if (userId !== '' && anonymousId !== '' && userId !== anonymousId)
      this.sink.link({ aliasId: anonymousId, userId, linkedAt: new Date(time) });
  }

  finish(): void {
    this.items.emit(this.sink);
  }

  rules() {
    return this.cleaning.counts();
  }

  private behaviours(event: ShopEvent, userId: string, type: BehaviourType, rate: number): OrderLine[] {
    const isSale = type === 'PURCHASE' || type === 'REFUND';
    const base = {
      userId,
      type,
      occurredAt: new Date(event.time),
      sessionId: event.sessionId || null,
      context: event.context,
    };
    if (event.products.length === 0) {
      const amount = isSale && event.order !== null ? decimalString(event.order.amount * rate) : null;
      this.sink.behaviour({ ...base, eventId: event.id, itemId: null, quantity: 1, value: amount });
    }
    return event.products.map(({ id, quantity, price = NaN }, index) => {
      const unitPrice = Number.isNaN(price) ? null : decimalString(price * rate);
      this.sink.behaviour({
        ...base,
        eventId: event.products.length === 1 ? event.id : `${event.id}-${index}`,
        itemId: id,
        quantity,
        value: isSale && unitPrice !== null ? decimalString(price * rate * quantity) : null,
      });
      return { itemId: id, quantity, price: unitPrice };
    });
  }
}
