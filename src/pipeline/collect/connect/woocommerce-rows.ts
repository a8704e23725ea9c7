import { type ItemWrite } from '../../../store/index.js';
import { firstNumber, firstText, type JsonNode, listOf, nodeOf, unitsOf } from '../layouts/json-access.js';
import { type OrderLine, type OrderRefund, type ShopOrder, slugOf } from '../layouts/orders.js';
import { isUnpaidStatus } from '../layouts/woocommerce-exports.js';
import { timeFrom } from '../times.js';
import { decimalString } from '../values.js';
import { type ItemKey } from './connector.js';
import { type EntityReader, given, orderCore, type Rejection } from './entity-mapper.js';

/** Key under which the pull puts an order's refunds, which have an address of their own in WooCommerce. */
export const REFUNDS_KEY = 'refund_details';

/** Reads WooCommerce's products, customers and orders (REST API v3, and webhooks). */
export const wooCommerceReader: EntityReader = {
  source: 'woocommerce',
  items: itemsOf,
  userAttributes: (customer) =>
    given('country', firstText(nodeOf(customer.billing).country, nodeOf(customer.shipping).country)),
  order: orderOf,
};

function itemsOf(raw: JsonNode, itemKey: ItemKey): readonly ItemWrite[] | Rejection {
  const productId = firstText(raw.id);
  const title = firstText(raw.name);
  if (productId === '' || title === '') return { rejected: 'A product must have id and name.' };
  const price = firstNumber(raw.price, raw.regular_price);
  const isPublished = firstText(raw.status) === '' || firstText(raw.status) === 'publish';
  const item: ItemWrite = {
    id: itemKey === 'sku' ? firstText(raw.sku) || productId : productId,
    title,
    category: namesOf(listOf(raw.categories).slice(0, 1)),
    price: price >= 0 ? decimalString(price) : null,
    available: isPublished && firstText(raw.stock_status) !== 'outofstock',
    imageUrl: firstText(nodeOf(listOf(raw.images)[0]).src) || null,
    attributes: {
      productId,
      ...given('brand', firstText(nodeOf(listOf(raw.brands)[0]).name)),
      ...given('tags', namesOf(listOf(raw.tags))),
    },
  };
  return [item];
}

function namesOf(list: readonly unknown[]): string[] {
  return list.map((each) => firstText(nodeOf(each).name)).filter((name) => name !== '');
}

/** A time of the API: those with `_gmt` are UTC and say so nowhere else. */
export function wooTime(raw: JsonNode, name: string): number {
  return timeFrom(firstText(raw[`${name}_gmt`], raw[name]));
}

function orderOf(raw: JsonNode, itemKey: ItemKey): ShopOrder | Rejection {
  const time = wooTime(raw, 'date_created');
  const core = orderCore(raw, { text: firstText(raw.date_created), ms: time }, 'total');
  if ('rejected' in core) return core;
  const status = firstText(raw.status);
  const isPaid =
    firstText(raw.date_paid_gmt, raw.date_paid) !== '' || firstText(raw.payment_method) === 'cod';
  const isCancelled = status === 'cancelled' && isPaid;
  const customerId = firstText(raw.customer_id);
  const lines = new Map<string, OrderLine>();
  for (const line of listOf(raw.line_items).map(nodeOf)) lines.set(firstText(line.id), lineOf(line, itemKey));
  return {
    ...core,
    customerId: customerId === '0' ? '' : customerId,
    email: firstText(nodeOf(raw.billing).email),
    time,
    currency: firstText(raw.currency),
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
