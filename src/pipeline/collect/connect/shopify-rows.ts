import { type ItemWrite, type JsonObject } from '../../../store/index.js';
import { firstNumber, firstText, type JsonNode, listOf, nodeOf, unitsOf } from '../layouts/json-access.js';
import { type OrderLine, type OrderRefund, type ShopOrder, slugOf } from '../layouts/orders.js';
import { timeFrom } from '../times.js';
import { decimalString } from '../values.js';
import { type ItemKey } from './connector.js';
import { type EntityReader, given, orderCore, type Rejection } from './entity-mapper.js';

/** Reads Shopify's products, customers and orders in the form of its REST API and its webhooks. */
export const shopifyReader: EntityReader = {
  source: 'shopify',
  items: itemsOf,
  userAttributes: (customer) => {
    const consent = firstText(nodeOf(customer.email_marketing_consent).state).toLowerCase();
    return {
      ...(consent === '' ? {} : { acceptsMarketing: consent === 'subscribed' }),
      ...given('country', firstText(nodeOf(customer.default_address).country_code)),
      ...given('tags', tagsOf(customer.tags)),
    };
  },
  order: orderOf,
};

function itemsOf(raw: JsonNode, itemKey: ItemKey): readonly ItemWrite[] | Rejection {
  const productId = firstText(raw.id);
  const title = firstText(raw.title);
  if (productId === '' || title === '') return { rejected: 'A product must have id and title.' };
  const type = firstText(nodeOf(raw.category).full_name, raw.product_type);
  const isActive = firstText(raw.status) === '' || firstText(raw.status).toLowerCase() === 'active';
  const attributes: JsonObject = {
    productId,
    handle: firstText(raw.handle),
    ...given('brand', firstText(raw.vendor)),
    ...given('tags', tagsOf(raw.tags)),
  };
  const base = {
    category: type.split(/\s*>\s*/).filter((part) => part !== ''),
    imageUrl: firstText(nodeOf(raw.image).src, nodeOf(listOf(raw.images)[0]).src) || null,
    attributes,
  };
  const variants = listOf(raw.variants).map(nodeOf);
  if (itemKey === 'product') {
    const prices = variants.map((variant) => firstNumber(variant.price)).filter((price) => price >= 0);
    const price = prices.length === 0 ? null : decimalString(Math.min(...prices));
    const available = isActive && (variants.length === 0 || variants.some(isInStock));
    return [{ ...base, id: productId, title, price, available }];
  }
  return variants.map((variant) => {
    const name = firstText(variant.title);
    const price = firstNumber(variant.price);
    return {
      ...base,
      id: variantId(variant, productId, title),
      title: name === '' || name === 'Default Title' ? title : `${title} - ${name}`,
      price: price >= 0 ? decimalString(price) : null,
      available: isActive && isInStock(variant),
    };
  });
}

function isInStock(variant: JsonNode): boolean {
  const mayRunOut = firstText(variant.inventory_policy).toLowerCase() === 'deny';
  return !mayRunOut || !(firstNumber(variant.inventory_quantity) <= 0);
}

function orderOf(raw: JsonNode, itemKey: ItemKey): ShopOrder | Rejection {
  const timeText = firstText(raw.processed_at, raw.created_at);
  const time = timeFrom(timeText);
  const core = orderCore(raw, { text: timeText, ms: time }, 'total_price');
  if ('rejected' in core) return core;
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
    ...core,
    customerId: firstText(nodeOf(raw.customer).id),
    email: firstText(raw.email, raw.contact_email, nodeOf(raw.customer).email),
    time,
    currency: firstText(raw.currency),
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
