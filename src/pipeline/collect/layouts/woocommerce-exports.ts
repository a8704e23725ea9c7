import { type JsonObject } from '../../../store/index.js';
import { isLocalTime, timeFrom } from '../times.js';
import { booleanFrom, currencyFrom, decimalString, moneyFrom, numberFrom, textOf } from '../values.js';
import { hasColumns } from './columns.js';
import {
  type Layout,
  type LayoutOptions,
  type RecordMapper,
  type RecordOutcome,
  type RowSink,
} from './layout.js';
import { OrderRowsMapper } from './order-rows.js';
import { emailUserId, type OrderLine, OrderWriter, slugOf } from './orders.js';

/** Statuses, with or without `wc-` before them, of orders that nobody has paid. */
export function isUnpaidStatus(status: string): boolean {
  return /^(wc-)?(pending( payment)?|on[- ]hold|failed|cancelled|trash|draft|checkout-draft)$/i.test(status);
}

const isTest = (gateway: string): boolean => /\b(bogus|test|dummy)\b/i.test(gateway);

function reader(columns: readonly string[]): (record: readonly unknown[], ...names: string[]) => string {
  const positions = new Map(columns.map((column, at) => [column.toLowerCase(), at]));
  return (record, ...names) => {
    for (const name of names) {
      const text = textOf(record[positions.get(name.toLowerCase()) ?? -1]);
      if (text !== '') return text;
    }
    return '';
  };
}

/** Orders as the plugin Advanced Order Export writes them: a row a line. */
export const wooOrderRowsLayout: Layout = {
  name: 'woocommerce-order-rows',
  title: 'WooCommerce orders, a row a line (Advanced Order Export)',
  description:
    'CSV: Order Number, Order Status, Order Date, Email (Billing), SKU, Item Name, Quantity (- Refund), Item Cost, …',
  recognises: (columns) =>
    hasColumns(columns, [
      'Order Number',
      'Order Status',
      'Order Date',
      'Email (Billing)',
      'Item Name',
      'Item Cost',
    ]),
  mapping: () => null,
  createMapper: (columns, sink, options) =>
    new OrderRowsMapper(
      columns,
      {
        order: 'Order Number',
        email: 'Email (Billing)',
        customerId: 'Customer User ID',
        time: 'Order Date',
        currency: 'Currency',
        total: 'Order Total Amount',
        refunded: 'Order Refund Amount',
        status: 'Order Status',
        paymentMethod: 'Payment Method Title',
        billingCountry: 'Country Code (Billing)',
        shippingCountry: 'Country Code (Shipping)',
        sku: 'SKU',
        title: 'Item Name',
        quantity: columns.includes('Quantity (- Refund)') ? 'Quantity (- Refund)' : 'Quantity',
        price: 'Item Cost',
      },
      'woocommerce',
      { isUnpaid: isUnpaidStatus, isTest },
      sink,
      options,
    ),
};

const LINE_COLUMN = /^line_item_\d+$/i;

/** Orders as the plugin Order Export & Import (WebToffee) writes them: a row an order, its lines in columns line_item_1, line_item_2, … */
export const wooOrdersLayout: Layout = {
  name: 'woocommerce-orders',
  title: 'WooCommerce orders, a row an order (Order Export & Import)',
  description:
    'CSV: order_id, order_date, status, order_total, customer_email or billing_email, line_item_1, …',
  recognises: (columns) =>
    hasColumns(columns, ['order_id', 'order_date', 'status', 'order_total']) &&
    columns.some((column) => LINE_COLUMN.test(column)),
  mapping: () => null,
  createMapper: (columns, sink, options) => new OrdersMapper(columns, sink, options),
};

class OrdersMapper implements RecordMapper {
  private readonly read: ReturnType<typeof reader>;
  private readonly writer: OrderWriter;
  private readonly linePositions: number[];

  constructor(
    columns: readonly string[],
    sink: RowSink,
    private readonly options: LayoutOptions,
  ) {
    this.read = reader(columns);
    this.writer = new OrderWriter(sink, 'woocommerce', options);
    this.linePositions = columns.flatMap((column, at) => (LINE_COLUMN.test(column) ? [at] : []));
  }

  map(record: readonly unknown[]): RecordOutcome {
    const text = (...names: string[]) => this.read(record, ...names);
    const id = text('order_id');
    if (id === '') return { rejected: 'order_id is empty.' };
    const time = timeFrom(text('order_date'), this.options.dateOrder, this.options.timeZone);
    if (Number.isNaN(time)) return { rejected: `The time "${text('order_date')}" is not understood.` };
    const total = moneyFrom(text('order_total')).amount;
    if (!Number.isFinite(total))
      return { rejected: `order_total must be a number; it is "${text('order_total')}".` };
    const lines = this.linePositions.flatMap((at) => lineOf(textOf(record[at])));
    const broken = lines.find((line) => typeof line === 'string');
    if (broken !== undefined) return { rejected: broken };
    const customerId = text('customer_id', 'customer_user');
    const currency = text('order_currency', 'currency');
    return this.writer.take({
      id,
      customerId: customerId === '0' ? '' : customerId,
      email: text('customer_email', 'billing_email'),
      time,
      currency: currency === '' ? '' : (currencyFrom(currency) ?? currency),
      total,
      lines: lines as OrderLine[],
      refunds: [],
      cancelledAt: NaN,
      isTest: isTest(text('payment_method', 'payment_method_title')),
      isUnpaid: isUnpaidStatus(text('status')),
      isFraud: null,
      isLocalTime: isLocalTime(text('order_date')),
      hasTimelessRefund:
        numberFrom(text('refunded_total', 'total_refunded')) > 0 || /refunded/i.test(text('status')),
      paymentMethod: text('payment_method', 'payment_method_title'),
      billingCountry: text('billing_country'),
      shippingCountry: text('shipping_country'),
      attributes: {},
    });
  }

  finish(): void {
    this.writer.finish();
  }

  rules() {
    return this.writer.rules();
  }
}

/** `name:Hoodie|product_id:12|sku:H-1|quantity:2|total:40.00|sub_total:40.00`; a text says what is wrong. */
function lineOf(text: string): (OrderLine | string)[] {
  if (text === '') return [];
  const parts = new Map<string, string>();
  for (const part of text.split('|')) {
    const at = part.indexOf(':');
    if (at > 0) parts.set(part.slice(0, at).trim().toLowerCase(), part.slice(at + 1).trim());
  }
  const title = parts.get('name') ?? '';
  const quantity = numberFrom(parts.get('quantity') ?? '');
  const total = moneyFrom(parts.get('total') ?? parts.get('sub_total') ?? '').amount;
  const itemId = parts.get('sku') || parts.get('product_id') || slugOf(title);
  if (itemId === '' || !(Number.isInteger(quantity) && quantity > 0) || !(total >= 0))
    return [
      `"${text.slice(0, 100)}" is no line of an order: expected name, product_id or sku, quantity and total.`,
    ];
  return [{ itemId, quantity, price: total / quantity, title }];
}

/** Products as WooCommerce's own exporter writes them: a row a product or variation. */
export const wooProductsLayout: Layout = {
  name: 'woocommerce-products',
  title: 'WooCommerce products export',
  description:
    'CSV: ID, Type, SKU, Name, Published, In stock?, Regular price, Sale price, Categories, Images, Parent, …',
  recognises: (columns) => hasColumns(columns, ['ID', 'Type', 'SKU', 'Name', 'Regular price', 'Categories']),
  mapping: () => null,
  createMapper: (columns, sink, options) => new ProductsMapper(columns, sink, options),
};

class ProductsMapper implements RecordMapper {
  private readonly read: ReturnType<typeof reader>;
  /** Categories by SKU and `id:7`: variations name their parent by these, and have none of their own. */
  private readonly categories = new Map<string, string[]>();

  constructor(
    columns: readonly string[],
    private readonly sink: RowSink,
    private readonly options: LayoutOptions,
  ) {
    this.read = reader(columns);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const text = (...names: string[]) => this.read(record, ...names);
    const id = text('SKU') || text('ID');
    const title = text('Name');
    if (id === '') return { rejected: 'ID and SKU are empty.' };
    if (title === '') return { rejected: 'Name is empty.' };
    const priceText = text('Sale price', 'Regular price');
    const price = priceText === '' ? NaN : moneyFrom(priceText).amount;
    if (priceText !== '' && !(price >= 0))
      return { rejected: `The price must be a number; it is "${priceText}".` };
    const own = firstCategory(text('Categories'));
    const category = own.length > 0 ? own : (this.categories.get(text('Parent')) ?? []);
    for (const key of [text('SKU'), `id:${text('ID')}`])
      if (category.length > 0) this.categories.set(key, category);
    const attributes: JsonObject = { type: text('Type') };
    const tags = text('Tags')
      .split(/\s*,\s*/)
      .filter((tag) => tag !== '');
    if (tags.length > 0) attributes.tags = tags;
    if (text('Brands') !== '') attributes.brand = text('Brands');
    this.sink.item({
      id,
      title,
      category,
      price: Number.isNaN(price) ? null : decimalString(price),
      currency: this.options.currency ?? null,
      available:
        text('Published') !== '0' && text('Published') !== '-1' && booleanFrom(text('In stock?')) !== false,
      imageUrl: text('Images').split(/\s*,\s*/)[0] || null,
      attributes,
    });
    return 'KEPT';
  }

  finish(): void {}

  rules() {
    return [];
  }
}

/** `Clothing > Hoodies, Sale`: of several the first path; a comma within a name is escaped. */
function firstCategory(text: string): string[] {
  const [first] = text.split(/(?<!\\),/);
  return first
    .replaceAll('\\,', ',')
    .split(/\s*>\s*/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** Customers from WooCommerce's Analytics, or from a plugin that writes user ids. Names, addresses and phone numbers are not stored. */
export const wooCustomersLayout: Layout = {
  name: 'woocommerce-customers',
  title: 'WooCommerce customers export',
  description:
    'CSV: Username, Email, Orders, Total spend, Country / Region (Analytics); or ID, user_email, billing_country.',
  recognises: (columns) =>
    hasColumns(columns, ['Username', 'Email', 'Orders', 'Total spend']) ||
    hasColumns(columns, ['ID', 'user_email', 'user_login']) ||
    hasColumns(columns, ['customer_id', 'user_email']),
  mapping: () => null,
  createMapper(columns, sink): RecordMapper {
    const read = reader(columns);
    return {
      map: (record) => {
        const id = read(record, 'customer_id', 'ID');
        const email = read(record, 'user_email', 'Email');
        if (id === '' && email === '')
          return { rejected: 'The customer has neither an id nor an email address.' };
        const country = read(record, 'Country / Region', 'billing_country');
        sink.user({ id: id || emailUserId(email), attributes: country === '' ? {} : { country } });
        if (id !== '' && email !== '')
          sink.link({ aliasId: emailUserId(email), userId: id, linkedAt: new Date(0) });
        return 'KEPT';
      },
      finish: () => undefined,
      rules: () => [],
    };
  },
};
