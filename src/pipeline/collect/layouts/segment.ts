import { type JsonObject } from '../../../store/index.js';
import { type BehaviourType } from '../../index.js';
import { timeFrom } from '../times.js';
import { behaviourTypeFrom, fingerprint } from '../values.js';
import { splitCategory } from './categories.js';
import { hasColumns } from './columns.js';
import { firstNumber, firstText, type JsonNode, listOf, nodeOf, unitsOf } from './json-access.js';
import {
  type Layout,
  type LayoutOptions,
  type RecordMapper,
  type RecordOutcome,
  type RowSink,
} from './layout.js';
import { type EventProduct, type ShopEvent, ShopEventWriter } from './shop-event.js';

const KEYS = [
  'type',
  'event',
  'messageId',
  'userId',
  'anonymousId',
  'previousId',
  'timestamp',
  'originalTimestamp',
  'sentAt',
  'receivedAt',
  'properties',
  'traits',
  'context',
  'name',
] as const;
/** Traits that say who somebody is; they are not stored. */
const PERSONAL = new Set(
  'address avatar birthday email firstname first_name lastname last_name name phone title username website ip'.split(
    ' ',
  ),
);
/** Names that mean nothing to a shop though they hold a word that does. */
const OTHER_EVENTS = new Set(['Order Updated', 'Checkout Started', 'Product List Viewed', 'Cart Viewed']);

/**
 * Segment's messages as its storage destinations write them, a JSON object a line: track (of the e-commerce specification, version 2),
 * identify, alias, page, screen and group.
 */
export const segmentLayout: Layout = {
  name: 'segment',
  title: 'Segment messages',
  description:
    'NDJSON of track, identify, alias, page and screen calls: type, messageId, userId, anonymousId, timestamp, …',
  objectKeys: KEYS,
  hasViews: true,
  recognises: (columns, records) =>
    hasColumns(columns, ['type', 'messageId']) &&
    (hasColumns(columns, ['anonymousId']) || hasColumns(columns, ['userId'])) &&
    records.some((record) =>
      /^(track|identify|page|screen|alias|group)$/.test(firstText(record[columns.indexOf('type')])),
    ),
  mapping: () => null,
  createMapper: (_columns, sink, options) => new SegmentMapper(sink, options),
};

class SegmentMapper implements RecordMapper {
  private readonly writer: ShopEventWriter;

  constructor(
    private readonly sink: RowSink,
    options: LayoutOptions,
  ) {
    this.writer = new ShopEventWriter(sink, options);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const message = Object.fromEntries(KEYS.map((key, at) => [key, record[at]])) as JsonNode;
    const times = [message.timestamp, message.originalTimestamp, message.sentAt, message.receivedAt];
    const timeText = firstText(...times);
    const time = timeFrom(timeText);
    if (Number.isNaN(time)) return { rejected: `The time "${timeText}" is not understood.` };
    const ids = { userId: firstText(message.userId), anonymousId: firstText(message.anonymousId), time };
    switch (firstText(message.type)) {
      case 'identify':
        return this.identify(message, ids);
      case 'alias': {
        const previousId = firstText(message.previousId, message.anonymousId);
        if (ids.userId === '' || previousId === '')
          return { rejected: 'An alias call must have userId and previousId.' };
        this.writer.link({ userId: ids.userId, anonymousId: previousId, time });
        return 'KEPT';
      }
      case 'track':
      case 'page':
      case 'screen':
      case 'group':
        return this.writer.take(eventOf(message, ids));
      default:
        return { rejected: `The type "${firstText(message.type)}" is none of Segment's calls.` };
    }
  }

  finish(): void {
    this.writer.finish();
  }

  rules() {
    return this.writer.rules();
  }

  private identify(
    message: JsonNode,
    ids: Pick<ShopEvent, 'userId' | 'anonymousId' | 'time'>,
  ): RecordOutcome {
    const id = ids.userId || ids.anonymousId;
    if (id === '') return { rejected: 'An identify call must have userId or anonymousId.' };
    const attributes: JsonObject = {};
    for (const [trait, value] of Object.entries(nodeOf(message.traits))) {
      const isPlain = ['string', 'number', 'boolean'].includes(typeof value);
      if (isPlain && !PERSONAL.has(trait.toLowerCase()))
        attributes[trait] = value as string | number | boolean;
    }
    this.sink.user({ id, attributes });
    this.writer.link(ids);
    return 'KEPT';
  }
}

function eventOf(message: JsonNode, ids: Pick<ShopEvent, 'userId' | 'anonymousId' | 'time'>): ShopEvent {
  const properties = nodeOf(message.properties);
  const context = nodeOf(message.context);
  const type = typeOf(message);
  const orderId = firstText(properties.order_id, properties.orderId);
  const amount = firstNumber(properties.total, properties.revenue, properties.value);
  return {
    ...ids,
    id: firstText(message.messageId) || `segment-${fingerprint(KEYS.map((key) => message[key]))}`,
    type,
    sessionId: firstText(properties.session_id, context.sessionId, orderId),
    userAgent: firstText(context.userAgent),
    currency: firstText(properties.currency),
    products: type === null ? [] : productsOf(properties),
    context: contextOf(message, properties, type),
    order: orderId === '' || Number.isNaN(amount) ? null : { id: orderId, amount },
  };
}

function typeOf(message: JsonNode): BehaviourType | null {
  const kind = firstText(message.type);
  if (kind === 'page' || kind === 'screen') return 'VIEW';
  const event = firstText(message.event);
  return kind === 'track' && !OTHER_EVENTS.has(event) ? behaviourTypeFrom(event) : null;
}

function productsOf(properties: JsonNode): EventProduct[] {
  const listed = listOf(properties.products).map(nodeOf);
  return (listed.length > 0 ? listed : [properties]).flatMap((product) => {
    const id = firstText(product.product_id, product.productId, product.sku, product.id);
    if (id === '') return [];
    return [
      {
        id,
        quantity: unitsOf(product.quantity),
        price: firstNumber(product.price),
        title: firstText(product.name, product.title),
        category: splitCategory(firstText(product.category), /\s*[>|/]\s*/),
        imageUrl: firstText(product.image_url),
        attributes: { brand: firstText(product.brand) },
      },
    ];
  });
}

function contextOf(message: JsonNode, properties: JsonNode, type: BehaviourType | null): JsonObject | null {
  if (type === 'SEARCH') return { query: firstText(properties.query) };
  const rating = firstNumber(properties.rating);
  if (type === 'RATING' && !Number.isNaN(rating)) return { rating };
  const page = firstText(properties.path, message.name);
  return message.type === 'track' || page === '' ? null : { page };
}
