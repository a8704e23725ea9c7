import { isLocalTime, timeFrom } from '../times.js';
import { booleanFrom, currencyFrom, moneyFrom, numberFrom, textOf } from '../values.js';
import { type LayoutOptions, type RecordMapper, type RecordOutcome, type RowSink } from './layout.js';
import { type OpenOrder, type OrderLine, OrderWriter, type ShopOrder, slugOf } from './orders.js';

/** Which columns of an export, a row an order's line, hold what. */
export interface OrderColumns {
  /** Names the order on each of its rows. */
  readonly order: string;
  readonly id?: string;
  readonly email: string;
  readonly customerId?: string;
  readonly time: string;
  readonly currency?: string;
  readonly total: string;
  readonly refunded?: string;
  readonly status: string;
  readonly cancelledAt?: string;
  readonly paymentMethod: string;
  readonly billingCountry: string;
  readonly shippingCountry: string;
  readonly tags?: string;
  readonly acceptsMarketing?: string;
  readonly sku: string;
  readonly title: string;
  readonly quantity: string;
  readonly price: string;
  readonly vendor?: string;
}

/** What an export's words mean. */
export interface OrderWords {
  readonly isUnpaid: (status: string) => boolean;
  readonly isTest: (paymentMethod: string, tags: string) => boolean;
}

/** Reads exports of orders with a row a line, where only the first row of an order need say what is true of all of it. */
export class OrderRowsMapper implements RecordMapper {
  private readonly writer: OrderWriter;
  private readonly at: Partial<Record<keyof OrderColumns, number>>;
  private current: { name: string; order: ShopOrder; open: OpenOrder | null } | null = null;

  constructor(
    columns: readonly string[],
    names: OrderColumns,
    prefix: string,
    private readonly words: OrderWords,
    sink: RowSink,
    private readonly options: LayoutOptions,
  ) {
    const lower = columns.map((column) => column.toLowerCase());
    this.at = Object.fromEntries(
      Object.entries(names).map(([field, column]) => [
        field,
        lower.indexOf((column as string).toLowerCase()),
      ]),
    );
    this.writer = new OrderWriter(sink, prefix, options);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const text = (field: keyof OrderColumns): string =>
      textOf(record[this.at[field] ?? -1]).replace(/^'/, '');
    const name = text('order');
    if (name === '') return { rejected: 'The row names no order.' };
    const line = lineOf(text);
    if ('rejected' in line) return line;
    if (this.current?.name !== name) {
      this.endCurrent();
      const order = this.orderOf(name, text);
      if ('rejected' in order) return order;
      this.current = { name, order, open: null };
    }
    const { current } = this;
    const outcome = this.writer.judge(current.order);
    if (outcome !== 'KEPT') return outcome;
    current.open ??= this.writer.begin(current.order);
    current.open.addLine(line);
    return 'KEPT';
  }

  finish(): void {
    this.endCurrent();
    this.writer.finish();
  }

  rules() {
    return this.writer.rules();
  }

  private endCurrent(): void {
    this.current?.open?.end();
    this.current = null;
  }

  private orderOf(
    name: string,
    text: (field: keyof OrderColumns) => string,
  ): ShopOrder | { rejected: string } {
    const { dateOrder, timeZone } = this.options;
    const time = timeFrom(text('time'), dateOrder, timeZone);
    if (text('time') === '')
      return { rejected: `The first row of the order ${name} is not before this one.` };
    if (Number.isNaN(time)) return { rejected: `The time "${text('time')}" is not understood.` };
    const total = moneyFrom(text('total')).amount;
    if (!Number.isFinite(total)) return { rejected: `The total must be a number; it is "${text('total')}".` };
    const cancelled = text('cancelledAt');
    const cancelledAt = cancelled === '' ? NaN : timeFrom(cancelled, dateOrder, timeZone);
    if (cancelled !== '' && Number.isNaN(cancelledAt))
      return { rejected: `The time "${cancelled}" is not understood.` };
    const paymentMethod = text('paymentMethod');
    const accepts = booleanFrom(text('acceptsMarketing'));
    const currency = text('currency');
    return {
      id: text('id') || name.replace(/^#/, ''),
      customerId: text('customerId') === '0' ? '' : text('customerId'),
      email: text('email'),
      time,
      currency: currency === '' ? '' : (currencyFrom(currency) ?? currency),
      total,
      lines: [],
      refunds: [],
      cancelledAt,
      isTest: this.words.isTest(paymentMethod, text('tags')),
      isUnpaid: this.words.isUnpaid(text('status').toLowerCase()) && cancelled === '',
      isFraud: null,
      isLocalTime: isLocalTime(text('time')),
      hasTimelessRefund: Number.isNaN(cancelledAt) && numberFrom(text('refunded')) > 0,
      paymentMethod,
      billingCountry: text('billingCountry'),
      shippingCountry: text('shippingCountry'),
      attributes: accepts === true || accepts === false ? { acceptsMarketing: accepts } : {},
    };
  }
}

function lineOf(text: (field: keyof OrderColumns) => string): OrderLine | { rejected: string } {
  const quantity = numberFrom(text('quantity'));
  const price = moneyFrom(text('price')).amount;
  const title = text('title');
  if (!Number.isInteger(quantity))
    return { rejected: `The quantity must be a whole number; it is "${text('quantity')}".` };
  if (!Number.isFinite(price)) return { rejected: `The price must be a number; it is "${text('price')}".` };
  const itemId = text('sku') || slugOf(title);
  if (itemId === '') return { rejected: 'The row names no item: neither SKU nor name.' };
  const vendor = text('vendor');
  return { itemId, quantity, price, title, attributes: vendor === '' ? {} : { brand: vendor } };
}
