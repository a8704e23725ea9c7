import { type JsonObject } from '../../../store/index.js';
import { booleanFrom, decimalString, moneyFrom, textOf } from '../values.js';
import { hasColumns } from './columns.js';
import {
  type Layout,
  type LayoutOptions,
  type RecordMapper,
  type RecordOutcome,
  type RowSink,
} from './layout.js';
import { OrderRowsMapper } from './order-rows.js';
import { emailUserId, slugOf } from './orders.js';

/** Values by column, whatever the case; Shopify puts an apostrophe before numbers that spreadsheets would spoil. */
function reader(columns: readonly string[]): (record: readonly unknown[], column: string) => string {
  const positions = new Map(columns.map((column, at) => [column.toLowerCase(), at]));
  return (record, column) => {
    const at = positions.get(column.toLowerCase());
    return at === undefined ? '' : textOf(record[at]).replace(/^'/, '');
  };
}

/** Orders as the Shopify admin exports them: a row a line item, what is true of the order on its first row. */
export const shopifyOrdersLayout: Layout = {
  name: 'shopify-orders',
  title: 'Shopify orders export',
  description:
    'CSV: Name, Email, Financial Status, Created at, Currency, Total, Lineitem quantity, Lineitem name, …',
  recognises: (columns) =>
    hasColumns(columns, [
      'Name',
      'Email',
      'Financial Status',
      'Lineitem quantity',
      'Lineitem name',
      'Lineitem price',
    ]),
  mapping: () => null,
  createMapper: (columns, sink, options) =>
    new OrderRowsMapper(
      columns,
      {
        order: 'Name',
        id: 'Id',
        email: 'Email',
        time: 'Created at',
        currency: 'Currency',
        total: 'Total',
        refunded: 'Refunded Amount',
        status: 'Financial Status',
        cancelledAt: 'Cancelled at',
        paymentMethod: 'Payment Method',
        billingCountry: 'Billing Country',
        shippingCountry: 'Shipping Country',
        tags: 'Tags',
        acceptsMarketing: 'Accepts Marketing',
        sku: 'Lineitem sku',
        title: 'Lineitem name',
        quantity: 'Lineitem quantity',
        price: 'Lineitem price',
        vendor: 'Vendor',
      },
      'shopify',
      {
        isUnpaid: (status) => status === 'voided' || status === 'expired',
        // "(for testing) Bogus Gateway" is the only gateway of a shop without real ones.
        isTest: (gateway, tags) => /bogus/i.test(gateway) || /(^|,)\s*test\s*(,|$)/i.test(tags),
      },
      sink,
      options,
    ),
};

/** Customers as the Shopify admin exports them. Names, addresses and phone numbers are not stored. */
export const shopifyCustomersLayout: Layout = {
  name: 'shopify-customers',
  title: 'Shopify customers export',
  description:
    'CSV: Customer ID, Email, Accepts Email Marketing, Default Address Country Code, Total Spent, Tags, …',
  recognises: (columns) =>
    hasColumns(columns, ['Email', 'Total Spent', 'Total Orders']) ||
    hasColumns(columns, ['Customer ID', 'Email', 'Accepts Email Marketing']),
  mapping: () => null,
  createMapper: (columns, sink) => new CustomersMapper(columns, sink),
};

class CustomersMapper implements RecordMapper {
  private readonly read: ReturnType<typeof reader>;

  constructor(
    columns: readonly string[],
    private readonly sink: RowSink,
  ) {
    this.read = reader(columns);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const text = (column: string) => this.read(record, column);
    const customerId = text('Customer ID');
    const email = text('Email');
    if (customerId === '' && email === '')
      return { rejected: 'The customer has neither an id nor an email address.' };
    const id = customerId || emailUserId(email);
    if (customerId !== '' && email !== '')
      this.sink.link({ aliasId: emailUserId(email), userId: customerId, linkedAt: new Date(0) });
    // Totals are left out: they are of the day of the export, and would tell a model the future.
    const attributes: JsonObject = {};
    const accepts = booleanFrom(text('Accepts Email Marketing') || text('Accepts Marketing'));
    if (accepts === true || accepts === false) attributes.acceptsMarketing = accepts;
    const country = text('Default Address Country Code') || text('Country Code');
    if (country !== '') attributes.country = country;
    const tags = text('Tags')
      .split(/\s*,\s*/)
      .filter((tag) => tag !== '');
    if (tags.length > 0) attributes.tags = tags;
    this.sink.user({ id, attributes });
    return 'KEPT';
  }

  finish(): void {}

  rules() {
    return [];
  }
}

/** Products as the Shopify admin exports them: a row a variant or a further image, the product's own values on the first. */
export const shopifyProductsLayout: Layout = {
  name: 'shopify-products',
  title: 'Shopify products export',
  description: 'CSV: Handle, Title, Vendor, Type, Tags, Variant SKU, Variant Price, Image Src, Status, …',
  recognises: (columns) => hasColumns(columns, ['Handle', 'Title', 'Variant SKU', 'Variant Price']),
  mapping: () => null,
  createMapper: (columns, sink, options) => new ProductsMapper(columns, sink, options),
};

interface Product {
  readonly handle: string;
  readonly title: string;
  readonly category: string[];
  readonly imageUrl: string | null;
  readonly isSold: boolean;
  readonly attributes: JsonObject;
}

class ProductsMapper implements RecordMapper {
  private readonly read: ReturnType<typeof reader>;
  private product: Product | null = null;

  constructor(
    columns: readonly string[],
    private readonly sink: RowSink,
    private readonly options: LayoutOptions,
  ) {
    this.read = reader(columns);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const text = (column: string) => this.read(record, column);
    const handle = text('Handle');
    if (handle === '') return { rejected: 'Handle is empty.' };
    if (text('Title') !== '') this.product = productOf(handle, text);
    const { product } = this;
    if (product?.handle !== handle)
      return { rejected: `The first row of the product ${handle} is not before this one.` };
    const priceText = text('Variant Price');
    if (priceText === '') return 'KEPT'; // a further image
    const price = moneyFrom(priceText).amount;
    if (!(price >= 0))
      return { rejected: `Variant Price must be a number of at least 0; it is "${priceText}".` };
    const option = text('Option1 Value');
    const variant = option === '' || option === 'Default Title' ? '' : ` - ${option}`;
    const stock = text('Variant Inventory Qty');
    const isOut = stock !== '' && Number(stock) <= 0 && text('Variant Inventory Policy') === 'deny';
    this.sink.item({
      id: text('Variant SKU') || slugOf(`${product.title}${variant}`),
      title: `${product.title}${variant}`,
      category: product.category,
      price: decimalString(price),
      currency: this.options.currency ?? null,
      available: product.isSold && !(isOut && text('Variant Inventory Tracker') !== ''),
      imageUrl: text('Variant Image') || product.imageUrl,
      attributes: product.attributes,
    });
    return 'KEPT';
  }

  finish(): void {}

  rules() {
    return [];
  }
}

function productOf(handle: string, text: (column: string) => string): Product {
  const type = text('Type');
  const path = text('Product Category')
    .split(/\s*>\s*/)
    .filter((part) => part !== '');
  const tags = text('Tags')
    .split(/\s*,\s*/)
    .filter((tag) => tag !== '');
  const status = text('Status').toLowerCase();
  return {
    handle,
    title: text('Title'),
    category: path.length > 0 ? path : type === '' ? [] : [type],
    imageUrl: text('Image Src') || null,
    isSold: booleanFrom(text('Published')) !== false && (status === '' || status === 'active'),
    attributes: {
      handle,
      ...(text('Vendor') === '' ? {} : { brand: text('Vendor') }),
      ...(tags.length === 0 ? {} : { tags }),
    },
  };
}
