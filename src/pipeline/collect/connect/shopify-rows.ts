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
import { timeFrom } from '../times.js';
import { decimalString } from '../values.js';
import { type EntityMapper, type ItemKey, type Resource } from './connector.js';

/** Maps Shopify's products, customers and orders, in the form of its REST API and its webhooks, to rows. */
export class ShopifyMapper implements EntityMapper {
  private readonly orders: OrderWriter;

  constructor(
    private readonly sink: RowSink,
    private readonly options: { readonly itemKey: ItemKey; readonly now: number },
  ) {
    this.orders = new OrderWriter(sink, 'shopify', { now: options.now });
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
    const title = firstText(raw.title);
    if (productId === '' || title === '') return { rejected: 'A product must have id and title.' };
    const type = firstText(nodeOf(raw.category).full_name, raw.product_type);
    const tags = tagsOf(raw.tags);
    const isActive = firstText(raw.status) === '' || firstText(raw.status).toLowerCase() === 'active';
    const image = firstText(nodeOf(raw.image).src, nodeOf(listOf(raw.images)[0]).src);
    const base = {
      category: type.split(/\s*>\s*/).filter((part) => part !== ''),
      imageUrl: image || null,
      attributes: {
        productId,
        handle: firstText(raw.handle),
        ...(firstText(raw.vendor) === '' ? {} : { brand: firstText(raw.vendor) }),
        ...(tags.length === 0 ? {} : { tags }),
      },
    };
    const variants = listOf(raw.variants).map(nodeOf);
    const inStock = (variant: JsonNode) =>
      firstText(variant.inventory_policy).toLowerCase() !== 'deny' ||
      !(firstNumber(variant.inventory_quantity) <= 0);
    if (this.options.itemKey === 'product') {
      const prices = variants.map((variant) => firstNumber(variant.price)).filter((price) => price >= 0);
      const price = prices.length === 0 ? null : decimalString(Math.min(...prices));
      const available = isActive && (variants.length === 0 || variants.some(inStock));
      this.sink.item({ ...base, id: productId, title, price, available });
      return 'KEPT';
    }
    for (const variant of variants) {
      const name = firstText(variant.title);
      const price = firstNumber(variant.price);
      this.sink.item({
        ...base,
        id: variantId(variant, productId, title),
        title: name === '' || name === 'Default Title' ? title : `${title} - ${name}`,
        price: price >= 0 ? decimalString(price) : null,
        available: isActive && inStock(variant),
      });
    }
    return 'KEPT';
  }

  private customer(raw: JsonNode): RecordOutcome {
    const id = firstText(raw.id);
    if (id === '') return { rejected: 'A customer must have an id.' };
    const consent = firstText(nodeOf(raw.email_marketing_consent).state).toLowerCase();
    const country = firstText(nodeOf(raw.default_address).country_code);
    const tags = tagsOf(raw.tags);
    this.sink.user({
      id,
      attributes: {
        ...(consent === '' ? {} : { acceptsMarketing: consent === 'subscribed' }),
        ...(country === '' ? {} : { country }),
        ...(tags.length === 0 ? {} : { tags }),
      },
    });
    const email = firstText(raw.email);
    if (email !== '') this.sink.link({ aliasId: emailUserId(email), userId: id, linkedAt: new Date(0) });
    return 'KEPT';
  }
}

function orderOf(raw: JsonNode, itemKey: ItemKey): ShopOrder | { rejected: string } {
  const id = firstText(raw.id);
  const timeText = firstText(raw.processed_at, raw.created_at);
  const time = timeFrom(timeText);
  const total = firstNumber(raw.total_price);
  if (id === '') return { rejected: 'An order must have an id.' };
  if (Number.isNaN(time)) return { rejected: `The time "${timeText}" is not understood.` };
  if (Number.isNaN(total))
    return { rejected: `total_price must be a number; it is "${firstText(raw.total_price)}".` };
  const lines = new Map<string, OrderLine>();
  for (const line of listOf(raw.line_items).map(nodeOf)) {
    const vendor = firstText(line.vendor);
    lines.set(firstText(line.id), {
      itemId: lineItemId(line, itemKey),
      quantity: unitsOf(line.quantity),
      price: firstNumber(line.price),
      title: firstText(line.title, line.name),
      attributes: vendor === '' ? {} : { brand: vendor },
    });
  }
  const cancelled = firstText(raw.cancelled_at);
  const status = firstText(raw.financial_status).toLowerCase();
  const gateways = listOf(raw.payment_gateway_names).map((name) => firstText(name));
  return {
    id,
    customerId: firstText(nodeOf(raw.customer).id),
    email: firstText(raw.email, raw.contact_email, nodeOf(raw.customer).email),
    time,
    currency: firstText(raw.currency),
    total,
    lines: [...lines.values()],
    refunds: listOf(raw.refunds).flatMap((refund) => refundsOf(nodeOf(refund), lines)),
    cancelledAt: cancelled === '' ? NaN : timeFrom(cancelled),
    isTest: raw.test === true || gateways.some((name) => /bogus/i.test(name)),
    isUnpaid: (status === 'voided' || status === 'expired') && cancelled === '',
    isFraud: firstText(raw.cancel_reason).toLowerCase() === 'fraud' ? true : null,
    isLocalTime: false,
    hasTimelessRefund: false,
    paymentMethod: gateways[0] ?? '',
    billingCountry: firstText(nodeOf(raw.billing_address).country_code),
    shippingCountry: firstText(nodeOf(raw.shipping_address).country_code),
    attributes: {},
  };
}

function refundsOf(refund: JsonNode, lines: ReadonlyMap<string, OrderLine>): OrderRefund[] {
  return listOf(refund.refund_line_items)
    .map(nodeOf)
    .flatMap((entry) => {
      const line = lines.get(firstText(entry.line_item_id, nodeOf(entry.line_item).id));
      if (line === undefined) return [];
      const time = timeFrom(firstText(refund.created_at, refund.processed_at));
      const quantity = unitsOf(entry.quantity);
      return [
        {
          id: firstText(refund.id),
          itemId: line.itemId,
          quantity,
          amount: firstNumber(entry.subtotal),
          time,
        },
      ];
    });
}

function lineItemId(line: JsonNode, itemKey: ItemKey): string {
  const title = firstText(line.title, line.name);
  return itemKey === 'product'
    ? firstText(line.product_id, line.sku) || slugOf(title)
    : variantId(line, firstText(line.product_id), firstText(line.name) || title);
}

/** The SKU, as the CSV exports have it, or the name where there is none. */
function variantId(variant: JsonNode, productId: string, title: string): string {
  return firstText(variant.sku) || slugOf(title) || productId;
}

function tagsOf(tags: unknown): string[] {
  const list = Array.isArray(tags) ? tags.map((tag) => firstText(tag)) : firstText(tags).split(',');
  return list.map((tag) => tag.trim()).filter((tag) => tag !== '');
}
