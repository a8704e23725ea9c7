import { Cleaning, type CleaningRule } from '../cleaning.js';
import { timeFrom } from '../times.js';
import { decimalString, detach, numberFrom, textOf } from '../values.js';
import { columnPositions, hasColumns } from './columns.js';
import {
  type Layout,
  type LayoutOptions,
  type RecordMapper,
  type RecordOutcome,
  type RowSink,
} from './layout.js';
import { countryCodeOf } from './online-retail-countries.js';
import { InvoiceItemFacts } from './online-retail-items.js';

const COLUMNS = [
  'InvoiceNo',
  'StockCode',
  'Description',
  'Quantity',
  'InvoiceDate',
  'UnitPrice',
  'CustomerID',
  'Country',
] as const;

/** The columns' names in Online Retail II (UCI, 2019): two years of the same shop. */
const NAMES_OF_II: Readonly<Record<string, string>> = {
  InvoiceNo: 'Invoice',
  UnitPrice: 'Price',
  CustomerID: 'Customer ID',
};
const COLUMNS_OF_II = COLUMNS.map((name) => NAMES_OF_II[name] ?? name);

/** One line of an invoice, read but not yet judged. */
interface InvoiceLine {
  readonly invoice: string;
  readonly stockCode: string;
  readonly description: string;
  readonly quantity: number;
  readonly occurredAt: Date;
  readonly unitPrice: number;
  readonly customer: string;
  readonly country: string;
  /** The same for two lines only if they are equal in every column. */
  readonly eventId: string;
  readonly isRepeated: boolean;
}

/** Stock codes that are no goods: postage, carriage, discounts, fees, vouchers, samples, adjustments, tests. */
const SERVICE_CODE =
  /^(POST|DOT|C2|D|M|S|B|PADS|CRUK|BANK CHARGES|AMAZONFEE|AMAZON FEE|gift_.*|TEST.*|ADJUST.*)$/i;

export const ONLINE_RETAIL_RULES: readonly CleaningRule<InvoiceLine>[] = [
  {
    name: 'exact-duplicate',
    description: 'The line equals an earlier line in every column: one sale, written twice.',
    action: 'DROP',
    fits: (line) => line.isRepeated,
  },
  {
    name: 'no-customer',
    description:
      'The line names no customer, so it is nobody’s behaviour; it counts for no task, demand included.',
    action: 'DROP',
    fits: (line) => line.customer === '',
  },
  {
    name: 'negative-price',
    description: 'The price is below zero: a correction in the books, not a sale.',
    action: 'DROP',
    fits: (line) => line.unitPrice < 0,
  },
  {
    name: 'zero-price',
    description: 'The price is zero: a gift, a sample or a correction of stock, not a purchase.',
    action: 'DROP',
    fits: (line) => line.unitPrice === 0,
  },
  {
    name: 'zero-quantity',
    description: 'The quantity is zero: nothing was sold.',
    action: 'DROP',
    fits: (line) => line.quantity === 0,
  },
  {
    name: 'stock-adjustment',
    description:
      'A negative quantity on an invoice that is no cancellation: breakage or a count of the stock.',
    action: 'DROP',
    fits: (line) => line.quantity < 0 && !isCancellation(line),
  },
  {
    name: 'cancellation',
    description: 'The invoice number starts with C: kept as a REFUND of the units that were taken back.',
    action: 'KEEP',
    fits: isCancellation,
  },
  {
    name: 'service-code',
    description:
      'Postage, carriage, fees, discounts, vouchers, samples, tests: kept; the item is flagged `isService`.',
    action: 'KEEP',
    fits: (line) => SERVICE_CODE.test(line.stockCode),
  },
];

/**
 * The UCI Online Retail data, I and II (D. Chen, UCI Machine Learning Repository, 2015 and 2019): one line an item of an invoice. Lines become
 * PURCHASE and REFUND behaviours, whose session is the invoice; each invoice with a purchase becomes a transaction. Customers
 * and items of dropped lines are kept as users and items when the line names a customer.
 */
export const onlineRetailLayout: Layout = {
  name: 'online-retail',
  title: 'UCI Online Retail',
  description:
    'Invoice lines: InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, CustomerID, Country.',
  recognises: (columns) => hasColumns(columns, COLUMNS) || hasColumns(columns, COLUMNS_OF_II),
  mapping: () => null,
  createMapper: (columns, sink, options) => new OnlineRetailMapper(columns, sink, options),
};

class OnlineRetailMapper implements RecordMapper {
  private readonly at: Record<(typeof COLUMNS)[number], number>;
  private readonly cleaning: Cleaning<InvoiceLine>;
  private readonly currency: string;
  private readonly seen = new Set<string>();
  private readonly users = new Map<string, string>();
  private readonly items = new Map<string, InvoiceItemFacts>();
  private readonly orders = new Map<string, Order>();

  constructor(
    columns: readonly string[],
    private readonly sink: RowSink,
    options: LayoutOptions,
  ) {
    this.currency = options.currency ?? 'GBP';
    const skipped = options.keepDuplicates === true ? 'exact-duplicate' : null;
    this.cleaning = new Cleaning(ONLINE_RETAIL_RULES.filter((rule) => rule.name !== skipped));
    const known = hasColumns(columns, COLUMNS_OF_II)
      ? columns.map(
          (column) =>
            COLUMNS[COLUMNS_OF_II.findIndex((name) => name.toLowerCase() === column.toLowerCase())] ?? column,
        )
      : columns;
    this.at = columnPositions('online-retail', known, COLUMNS);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const line = this.read(record);
    if ('rejected' in line) return line;
    this.seen.add(line.eventId);
    const isKept = this.cleaning.keeps(line);
    if (line.customer !== '' && !line.isRepeated) this.learn(line);
    if (!isKept) return 'DROPPED';
    const isRefund = isCancellation(line);
    const units = Math.abs(line.quantity);
    this.sink.behaviour({
      eventId: line.eventId,
      userId: line.customer,
      itemId: line.stockCode,
      type: isRefund ? 'REFUND' : 'PURCHASE',
      occurredAt: line.occurredAt,
      sessionId: line.invoice,
      quantity: units,
      value: decimalString(units * line.unitPrice),
    });
    if (!isRefund) this.addToOrder(line);
    return 'KEPT';
  }

  finish(): void {
    for (const [id, country] of this.users) {
      const countryCode = countryCodeOf(country);
      this.sink.user({ id, attributes: countryCode === null ? { country } : { country, countryCode } });
    }
    for (const [id, facts] of this.items) {
      this.sink.item({
        id,
        title: facts.title() ?? id,
        price: facts.price === null ? null : decimalString(facts.price),
        currency: this.currency,
        available: true,
        attributes: SERVICE_CODE.test(id) ? { isService: true } : {},
      });
    }
    for (const [id, order] of this.orders) {
      this.sink.transaction({
        id,
        userId: order.customer,
        amount: decimalString(order.amount),
        currency: this.currency,
        occurredAt: order.occurredAt,
        items: order.lines,
        billingCountry: countryCodeOf(order.country),
      });
    }
  }

  rules() {
    return this.cleaning.counts();
  }

  private read(record: readonly unknown[]): InvoiceLine | { rejected: string } {
    const { at } = this;
    const text = (name: (typeof COLUMNS)[number]) => textOf(record[at[name]]);
    const invoice = text('InvoiceNo');
    const stockCode = text('StockCode');
    if (invoice === '') return { rejected: 'InvoiceNo is empty.' };
    if (stockCode === '') return { rejected: 'StockCode is empty.' };
    const quantity = numberFrom(text('Quantity'));
    if (!Number.isSafeInteger(quantity)) {
      return { rejected: `Quantity must be a whole number; it is "${text('Quantity')}".` };
    }
    const unitPrice = numberFrom(text('UnitPrice'));
    if (!Number.isFinite(unitPrice))
      return { rejected: `UnitPrice must be a number; it is "${text('UnitPrice')}".` };
    // Spreadsheets save the dates as 12/1/2010 8:26, the month first: the data is of the United States' form.
    const timeText = text('InvoiceDate');
    const time = timeFrom(timeText);
    const occurredAt = new Date(Number.isNaN(time) ? timeFrom(timeText, 'MDY') : time);
    if (Number.isNaN(occurredAt.getTime())) {
      return { rejected: `InvoiceDate must be a time; it is "${timeText}".` };
    }
    const eventId = `${invoice}-${stockCode}-${shortHash(record)}`;
    return {
      invoice,
      stockCode,
      description: text('Description'),
      quantity,
      occurredAt,
      unitPrice,
      customer: text('CustomerID').replace(/\.0$/, ''),
      country: text('Country'),
      eventId,
      isRepeated: this.seen.has(eventId),
    };
  }

  private learn(line: InvoiceLine): void {
    if (line.country !== '' && this.users.get(line.customer) !== line.country) {
      this.users.set(line.customer, detach(line.country));
    }
    let facts = this.items.get(line.stockCode);
    if (facts === undefined) this.items.set(line.stockCode, (facts = new InvoiceItemFacts()));
    facts.add(line);
  }

  private addToOrder(line: InvoiceLine): void {
    let order = this.orders.get(line.invoice);
    if (order === undefined) {
      const { customer, country, occurredAt } = line;
      this.orders.set(line.invoice, (order = { customer, country, occurredAt, amount: 0, lines: [] }));
    }
    order.amount += line.quantity * line.unitPrice;
    order.lines.push({
      itemId: line.stockCode,
      quantity: line.quantity,
      price: decimalString(line.unitPrice),
    });
  }
}

interface Order {
  readonly customer: string;
  readonly country: string;
  readonly occurredAt: Date;
  amount: number;
  readonly lines: { itemId: string; quantity: number; price: string }[];
}

function isCancellation(line: InvoiceLine): boolean {
  return line.invoice.startsWith('C');
}

/** FNV-1a over all values of the record (Fowler, Noll and Vo, 1991), base 36. */
function shortHash(record: readonly unknown[]): string {
  let hash = 0x811c9dc5;
  for (const value of record) {
    const text = textOf(value);
    for (let index = 0; index < text.length; index++)
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    hash = Math.imul(hash ^ 0x1f, 0x01000193);
  }
  return (hash >>> 0).toString(36);
}
