import { hash } from 'node:crypto';

import { type JsonObject, type OrderLine as OrderLineWrite } from '../../../store/index.js';
import { Cleaning, type CleaningRule, type CleaningRuleCount } from '../cleaning.js';
import { Exchange } from '../currencies.js';
import { decimalString } from '../values.js';
import { exchangeRule, localTimeRule } from './behaviour-rules.js';
import { ItemCatalogue, type ItemMention } from './item-catalogue.js';
import { type LayoutOptions, type RecordOutcome, type RowSink } from './layout.js';

/** A line of an order, from whichever system. */
export interface OrderLine extends ItemMention {
  readonly itemId: string;
  readonly quantity: number;
  /** Of one unit, in the order's currency. */
  readonly price: number;
}

/** Units that were taken back. */
export interface OrderRefund {
  readonly id: string;
  readonly itemId: string;
  readonly quantity: number;
  /** NaN: the line's price times the units. */
  readonly amount: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** An order as shop systems know it, before it is judged. */
export interface ShopOrder {
  readonly id: string;
  /** The system's own id of the customer; '' for guests. */
  readonly customerId: string;
  /** Never stored: guests are told apart by a hash of it. */
  readonly email: string;
  readonly time: number;
  readonly currency: string;
  readonly total: number;
  readonly lines: readonly OrderLine[];
  readonly refunds: readonly OrderRefund[];
  /** When all that was not taken back before was cancelled; NaN: it was not. */
  readonly cancelledAt: number;
  readonly isTest: boolean;
  /** Payment failed, expired or was never tried. */
  readonly isUnpaid: boolean;
  readonly isFraud: boolean | null;
  readonly isLocalTime: boolean;
  /** Money was given back, at a time that the source does not tell. */
  readonly hasTimelessRefund: boolean;
  readonly paymentMethod: string;
  readonly billingCountry: string;
  readonly shippingCountry: string;
  readonly attributes: JsonObject;
}

interface JudgedOrder extends ShopOrder {
  readonly isConverted: boolean;
  readonly now: number;
}

const EARLIEST = Date.UTC(1990, 0, 1);
const DAY_MS = 86_400_000;
const COUNTRY = /^[A-Z]{2}$/;

function orderRules({ timeZone, rates, currency }: LayoutOptions): CleaningRule<JudgedOrder>[] {
  return [
    {
      name: 'test-order',
      description: 'Marked as a test, or paid by the test gateway: nobody bought anything.',
      action: 'DROP',
      fits: (order) => order.isTest,
    },
    {
      name: 'unpaid',
      description: 'The payment failed, expired or never came: not a purchase.',
      action: 'DROP',
      fits: (order) => order.isUnpaid,
    },
    {
      name: 'no-customer',
      description: 'The order names neither a customer nor an email address, so it is nobody’s.',
      action: 'DROP',
      fits: (order) => order.customerId === '' && order.email === '',
    },
    {
      name: 'impossible-time',
      description: 'The time is before 1990 or more than a day ahead.',
      action: 'DROP',
      fits: (order) => order.time < EARLIEST || order.time > order.now + DAY_MS,
    },
    {
      name: 'negative-amount',
      description: 'The total is below zero: a correction in the books.',
      action: 'DROP',
      fits: (order) => order.total < 0,
    },
    {
      name: 'timeless-refund',
      description:
        'Money was given back, but the export does not say when: the purchase is kept, the refund is not recorded.',
      action: 'KEEP',
      fits: (order) => order.hasTimelessRefund,
    },
    {
      name: 'cancelled',
      description: 'The order was cancelled: kept, with a REFUND of all units.',
      action: 'KEEP',
      fits: (order) => !Number.isNaN(order.cancelledAt),
    },
    ...(timeZone === undefined ? [] : [localTimeRule(timeZone)]),
    ...(rates === undefined ? [] : [exchangeRule(currency)]),
  ];
}

/** The user id of a guest: the same for the same address however it is written, and not to be turned back into it. */
export function emailUserId(email: string): string {
  return `email-${hash('sha256', email.trim().toLowerCase(), 'base64url').slice(0, 22)}`;
}

/** The id of an item that has no number: its name in small letters. */
export function slugOf(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 200);
}

/** Turns orders into purchases, refunds, transactions, users, items and links of guests to customers. */
export class OrderWriter {
  private readonly cleaning: Cleaning<JudgedOrder>;
  private readonly exchange: Exchange;
  private readonly items: ItemCatalogue;

  /** @param prefix begins event ids, so that orders of two systems with the same numbers stay apart */
  constructor(
    private readonly sink: RowSink,
    private readonly prefix: string,
    private readonly options: LayoutOptions,
  ) {
    this.cleaning = new Cleaning(orderRules(options));
    this.exchange = new Exchange(options.currency, options.rates);
    this.items = new ItemCatalogue(options.currency ?? null);
  }

  /** An order that is known as a whole. */
  take(order: ShopOrder): RecordOutcome {
    const outcome = this.judge(order);
    if (outcome !== 'KEPT') return outcome;
    const open = this.begin(order);
    for (const line of order.lines) open.addLine(line);
    open.end();
    return 'KEPT';
  }

  /** What becomes of a line of the order, by what is true of all of it; counts one line. */
  judge(order: ShopOrder): RecordOutcome {
    const rate = this.exchange.convert(1, order.currency === '' ? null : order.currency);
    if ('problem' in rate) return { rejected: rate.problem };
    if (rate.currency === null)
      return { rejected: 'The order names no currency: say which (e.g. currency EUR).' };
    const judged = { ...order, isConverted: rate.isConverted, now: this.options.now };
    return this.cleaning.keeps(judged) ? 'KEPT' : 'DROPPED';
  }

  /** Starts to write an order that was judged KEPT; its lines follow one by one. */
  begin(order: ShopOrder): OpenOrder {
    const rate = this.exchange.convert(1, order.currency === '' ? null : order.currency);
    if ('problem' in rate || rate.currency === null)
      throw new RangeError('Only orders that were kept are written.');
    const { customerId, email } = order;
    if (customerId !== '' && email !== '') this.linkEmail(email, customerId);
    const userId = customerId || emailUserId(email);
    return new OpenOrder(this.sink, this.items, this.prefix, order, {
      userId,
      rate: rate.amount,
      currency: rate.currency,
    });
  }

  /** Orders of the address before somebody had an account are theirs. A fixed time: the address does not pass from one to another. */
  linkEmail(email: string, customerId: string): void {
    this.sink.link({ aliasId: emailUserId(email), userId: customerId, linkedAt: new Date(0) });
  }

  finish(): void {
    this.items.emit({ item: (row) => this.sink.itemIfNew(row) });
  }

  rules(): CleaningRuleCount[] {
    return this.cleaning.counts();
  }
}

/** An order whose lines are being written. */
export class OpenOrder {
  private readonly lines: OrderLineWrite[] = [];
  private readonly bought = new Map<string, { times: number; left: number; price: number }>();

  constructor(
    private readonly sink: RowSink,
    private readonly items: ItemCatalogue,
    private readonly prefix: string,
    private readonly order: ShopOrder,
    private readonly terms: { readonly userId: string; readonly rate: number; readonly currency: string },
  ) {}

  addLine({ itemId, quantity, price, ...mention }: OrderLine): void {
    const { order, terms } = this;
    if (itemId === '' || !(quantity > 0) || !(price >= 0)) return;
    const known = this.bought.get(itemId) ?? { times: 0, left: 0, price };
    known.times++;
    known.left += quantity;
    this.bought.set(itemId, known);
    // Exports number their lines each in its own way; the item and how often it came make an id that all have.
    this.write('PURCHASE', `${itemId}${known.times === 1 ? '' : `-${known.times}`}`, itemId, {
      time: order.time,
      quantity,
      amount: price * quantity,
    });
    this.items.learn(itemId, { ...mention, price: price * terms.rate, currency: terms.currency });
    this.lines.push({ itemId, quantity, price: decimalString(price * terms.rate) });
  }

  end(): void {
    const { order, terms, bought } = this;
    for (const { id, itemId, quantity, amount, time } of order.refunds) {
      const line = bought.get(itemId);
      if (!(quantity > 0) || Number.isNaN(time)) continue;
      const value = Number.isNaN(amount) ? (line?.price ?? 0) * quantity : Math.abs(amount);
      this.write('REFUND', `${id}-${itemId}`, itemId, { time, quantity, amount: value });
      if (line !== undefined) line.left -= quantity;
    }
    if (!Number.isNaN(order.cancelledAt)) {
      for (const [itemId, { left, price }] of bought) {
        if (left <= 0) continue;
        const taken = { time: order.cancelledAt, quantity: left, amount: price * left };
        this.write('REFUND', `cancelled-${itemId}`, itemId, taken);
      }
    }
    const country = (text: string): string | null => (COUNTRY.test(text) ? text : null);
    if (Object.keys(order.attributes).length > 0)
      this.sink.user({ id: terms.userId, attributes: order.attributes });
    this.sink.transaction({
      id: `${this.prefix}-${order.id}`,
      userId: terms.userId,
      amount: decimalString(order.total * terms.rate),
      currency: terms.currency,
      occurredAt: new Date(order.time),
      items: this.lines,
      paymentMethod: order.paymentMethod.slice(0, 256) || null,
      billingCountry: country(order.billingCountry),
      shippingCountry: country(order.shippingCountry),
      isFraud: order.isFraud,
    });
  }

  private write(
    type: 'PURCHASE' | 'REFUND',
    id: string,
    itemId: string,
    { time, quantity, amount }: { readonly time: number; readonly quantity: number; readonly amount: number },
  ): void {
    const orderId = `${this.prefix}-${this.order.id}`;
    this.sink.behaviour({
      eventId: `${orderId}-${id}`,
      userId: this.terms.userId,
      itemId,
      type,
      occurredAt: new Date(time),
      sessionId: orderId,
      quantity,
      value: decimalString(amount * this.terms.rate),
    });
  }
}
