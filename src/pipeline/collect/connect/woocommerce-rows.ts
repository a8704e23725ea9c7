import { type JsonObject } from '../../../store/index.js';
import { firstNumber, firstText, type JsonNode, listOf, nodeOf, unitsOf } from '../layouts/json-access.js';
import { type RecordOutcome, type RowSink } from '../layouts/layout.js';
import {
  emailUserId,
  type OrderLine,
  type OrderRefund,
  OrderWriter,
  type ShopOrder,
  slugOf,
} from '../layouts/orders.js';
import { isUnpaidStatus } from '../layouts/woocommerce-exports.js';
import { timeFrom } from '../times.js';
import { decimalString } from '../values.js';
import { type EntityMapper, type ItemKey, type Resource } from './connector.js';

/** Key under which the pull puts an order's refunds, which have an address of their own in WooCommerce. */
export const REFUNDS_KEY = 'refund_details';

/** Maps WooCommerce's products, customers and orders (REST API v3, and webhooks) to rows. */
export class WooCommerceMapper implements EntityMapper {
  private readonly orders: OrderWriter;

  constructor(
    private readonly sink: RowSink,
    private readonly options: { readonly itemKey: ItemKey; readonly now: number },
  ) {
    this.orders = new OrderWriter(sink, 'woocommerce', { now: options.now });
  }

  take(resource: Resource, raw: JsonObject): RecordOutcome {
    switch (resource) {
      case 'products':
        return this.product(raw);
      case 'customers':
        return this.customer(raw);
      case 'orders': {
        const order = orderOf(raw, this.options.itemKey);
        return 'rejected' in order ? order : this.orders.take(order);
      }
    }
  }

  finish(): void {
    this.orders.finish();
  }

  private product(raw: JsonNode): RecordOutcome {
    const productId = firstText(raw.id);
    const title = firstText(raw.name);
    if (productId === '' || title === '') return { rejected: 'A product must have id and name.' };
    const price = firstNumber(raw.price, raw.regular_price);
    const tags = listOf(raw.tags)
      .map((tag) => firstText(nodeOf(tag).name))
      .filter((tag) => tag !== '');
    const brand = firstText(nodeOf(listOf(raw.brands)[0]).name);
    const isPublished = firstText(raw.status) === '' || firstText(raw.status) === 'publish';
    this.sink.item({
      id: this.options.itemKey === 'sku' ? firstText(raw.sku) || productId : productId,
      title,
      category: listOf(raw.categories)
        .slice(0, 1)
        .map((category) => firstText(nodeOf(category).name))
        .filter((name) => name !== ''),
      price: price >= 0 ? decimalString(price) : null,
      available: isPublished && firstText(raw.stock_status) !== 'outofstock',
      imageUrl: firstText(nodeOf(listOf(raw.images)[0]).src) || null,
      attributes: {
        productId,
        ...(brand === '' ? {} : { brand }),
        ...(tags.length === 0 ? {} : { tags }),
      },
    });
    return 'KEPT';
  }

  private customer(raw: JsonNode): RecordOutcome {
    const id = firstText(raw.id);
    if (id === '') return { rejected: 'A customer must have an id.' };
    const country = firstText(nodeOf(raw.billing).country, nodeOf(raw.shipping).country);
    this.sink.user({ id, attributes: country === '' ? {} : { country } });
    const email = firstText(raw.email);
    if (email !== '') this.sink.link({ aliasId: emailUserId(email), userId: id, linkedAt: new Date(0) });
    return 'KEPT';
  }
}

/** A time of the API: those with `_gmt` are UTC and say so nowhere else. */
export function wooTime(raw: JsonNode, name: string): number {
  return timeFrom(firstText(raw[`${name}_gmt`], raw[name]));
}

function orderOf(raw: JsonNode, itemKey: ItemKey): ShopOrder | { rejected: string } {
  const id = firstText(raw.id);
  const time = wooTime(raw, 'date_created');
  const total = firstNumber(raw.total);
  if (id === '') return { rejected: 'An order must have an id.' };
  if (Number.isNaN(time)) return { rejected: `The time "${firstText(raw.date_created)}" is not understood.` };
  if (Number.isNaN(total)) return { rejected: `total must be a number; it is "${firstText(raw.total)}".` };
  const status = firstText(raw.status);
  const isPaid =
    firstText(raw.date_paid_gmt, raw.date_paid) !== '' || firstText(raw.payment_method) === 'cod';
  const isCancelled = status === 'cancelled' && isPaid;
  const customerId = firstText(raw.customer_id);
  const lines = new Map<string, OrderLine>();
  for (const line of listOf(raw.line_items).map(nodeOf)) lines.set(firstText(line.id), lineOf(line, itemKey));
  return {
    id,
    customerId: customerId === '0' ? '' : customerId,
    email: firstText(nodeOf(raw.billing).email),
    time,
    currency: firstText(raw.currency),
    total,
    lines: [...lines.values()],
    refunds: listOf(raw[REFUNDS_KEY]).flatMap((refund) => refundsOf(nodeOf(refund), itemKey)),
    cancelledAt: isCancelled ? wooTime(raw, 'date_modified') : NaN,
    isTest: /\b(bogus|dummy)\b/i.test(firstText(raw.payment_method)),
    isUnpaid: isUnpaidStatus(status) && !isCancelled,
    isFraud: null,
    isLocalTime: false,
    hasTimelessRefund: false,
    paymentMethod: firstText(raw.payment_method),
    billingCountry: firstText(nodeOf(raw.billing).country),
    shippingCountry: firstText(nodeOf(raw.shipping).country),
    attributes: {},
  };
}

function lineOf(line: JsonNode, itemKey: ItemKey): OrderLine {
  const quantity = unitsOf(line.quantity);
  const price = firstNumber(line.price);
  const title = firstText(line.name);
  const productId = firstText(line.product_id);
  const sku = firstText(line.sku);
  const itemId =
    (itemKey === 'sku' ? sku || productId : productId === '0' ? sku : productId) || slugOf(title);
  return { itemId, quantity, price: Number.isNaN(price) ? firstNumber(line.total) / quantity : price, title };
}

/** Lines of a refund carry quantities and totals below zero. */
function refundsOf(refund: JsonNode, itemKey: ItemKey): OrderRefund[] {
  const time = wooTime(refund, 'date_created');
  return listOf(refund.line_items)
    .map(nodeOf)
    .flatMap((line) => {
      if (!(Math.abs(firstNumber(line.quantity)) > 0)) return [];
      const { itemId, quantity } = lineOf(line, itemKey);
      return [
        {
          id: `refund-${firstText(refund.id)}`,
          itemId,
          quantity,
          amount: Math.abs(firstNumber(line.total)),
          time,
        },
      ];
    });
}
