import { type JsonObject } from '../../../store/index.js';
import { type BehaviourType } from '../../index.js';
import { fingerprint } from '../values.js';
import { hasColumns } from './columns.js';
import { firstNumber, firstText, type JsonNode, listOf, nodeOf, unitsOf } from './json-access.js';
import {
  type Layout,
  type LayoutOptions,
  type RecordMapper,
  type RecordOutcome,
  type RowSink,
} from './layout.js';
import { type EventProduct, ShopEventWriter } from './shop-event.js';

const KEYS = [
  'event_name',
  'event_timestamp',
  'event_params',
  'user_id',
  'user_pseudo_id',
  'event_bundle_sequence_id',
  'batch_event_index',
  'batch_page_id',
  'batch_ordering_id',
  'ecommerce',
  'items',
  'geo',
  'device',
] as const;

/** Google Analytics 4's recommended events for shops, and the page view. */
const TYPES: Readonly<Record<string, BehaviourType>> = {
  page_view: 'VIEW',
  screen_view: 'VIEW',
  view_item: 'VIEW',
  search: 'SEARCH',
  view_search_results: 'SEARCH',
  add_to_wishlist: 'FAVOURITE',
  add_to_cart: 'ADD_TO_CART',
  remove_from_cart: 'REMOVE_FROM_CART',
  purchase: 'PURCHASE',
  refund: 'REFUND',
};

/** Google Analytics 4 as BigQuery exports its tables `events_YYYYMMDD`: an event a row, as NDJSON, JSON or Parquet. */
export const ga4Layout: Layout = {
  name: 'ga4',
  title: 'Google Analytics 4, BigQuery export',
  description:
    'Events with event_name, event_timestamp (microseconds), event_params, user_pseudo_id, items, ecommerce.',
  objectKeys: KEYS,
  hasViews: true,
  recognises: (columns) =>
    hasColumns(columns, ['event_name', 'event_timestamp', 'event_params', 'user_pseudo_id']),
  mapping: () => null,
  createMapper: (_columns, sink, options) => new Ga4Mapper(sink, options),
};

class Ga4Mapper implements RecordMapper {
  private readonly writer: ShopEventWriter;
  private readonly users = new Map<string, string>();

  constructor(
    private readonly sink: RowSink,
    options: LayoutOptions,
  ) {
    this.writer = new ShopEventWriter(sink, options);
  }

  map(record: readonly unknown[]): RecordOutcome {
    const event = Object.fromEntries(KEYS.map((key, at) => [key, record[at]])) as JsonNode;
    const name = firstText(event.event_name);
    const time = Math.floor(firstNumber(event.event_timestamp) / 1000);
    if (name === '') return { rejected: 'event_name is empty.' };
    if (!(Math.abs(time) < 8.64e15))
      return {
        rejected: `event_timestamp must be microseconds; it is "${firstText(event.event_timestamp)}".`,
      };
    const parameters = parametersOf(event.event_params);
    const commerce = nodeOf(event.ecommerce);
    const anonymousId = firstText(event.user_pseudo_id);
    const userId = firstText(event.user_id);
    const type = TYPES[name] ?? null;
    const session = firstText(parameters.ga_session_id);
    const orderId = firstText(commerce.transaction_id, parameters.transaction_id);
    const amount = firstNumber(commerce.purchase_revenue, parameters.value);
    const outcome = this.writer.take({
      id: `ga4-${fingerprint([anonymousId, ...KEYS.slice(0, 9).map((key) => (key === 'event_params' ? null : event[key]))])}`,
      userId,
      anonymousId,
      time,
      type,
      sessionId: session === '' ? '' : `${anonymousId}.${session}`,
      userAgent: '',
      currency: firstText(parameters.currency),
      products: type === null || type === 'SEARCH' ? [] : listOf(event.items).flatMap(productOf),
      context: contextOf(type, parameters, firstText(nodeOf(event.device).category)),
      order: type !== 'PURCHASE' || orderId === '' || Number.isNaN(amount) ? null : { id: orderId, amount },
    });
    const country = firstText(nodeOf(event.geo).country);
    if (outcome === 'KEPT' && country !== '') this.users.set(userId || anonymousId, country);
    return outcome;
  }

  finish(): void {
    for (const [id, country] of this.users) this.sink.user({ id, attributes: { country } });
    this.writer.finish();
  }

  rules() {
    return this.writer.rules();
  }
}

/** Parameters by key; each has its value in the field of its type. */
function parametersOf(list: unknown): JsonNode {
  return Object.fromEntries(
    listOf(list).map((entry) => {
      const { key, value } = nodeOf(entry);
      const { string_value, int_value, double_value, float_value } = nodeOf(value);
      return [firstText(key), string_value ?? int_value ?? double_value ?? float_value];
    }),
  );
}

function productOf(entry: unknown): EventProduct[] {
  const item = nodeOf(entry);
  const id = firstText(item.item_id, item.item_name);
  if (id === '') return [];
  const category = [
    item.item_category,
    item.item_category2,
    item.item_category3,
    item.item_category4,
    item.item_category5,
  ];
  return [
    {
      id,
      quantity: unitsOf(item.quantity),
      price: firstNumber(item.price),
      title: firstText(item.item_name),
      category: category.map((part) => firstText(part)).filter((part) => part !== ''),
      attributes: { brand: firstText(item.item_brand), variant: firstText(item.item_variant) },
    },
  ];
}

function contextOf(type: BehaviourType | null, parameters: JsonNode, device: string): JsonObject | null {
  const context: JsonObject = {};
  if (type === 'SEARCH') context.query = firstText(parameters.search_term);
  const page = firstText(parameters.page_location).split(/[?#]/)[0];
  if (page !== '') context.page = page.slice(0, 500);
  if (device !== '') context.device = device;
  return Object.keys(context).length === 0 ? null : context;
}
