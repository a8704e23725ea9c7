import { type ItemWrite, type JsonObject } from '../../../store/index.js';
import { firstNumber, firstText, type JsonNode } from '../layouts/json-access.js';
import { type RecordOutcome, type RowSink } from '../layouts/layout.js';
import { emailUserId, OrderWriter, type ShopOrder } from '../layouts/orders.js';
import { type EntityMapper, type ItemKey, type Resource } from './connector.js';

export interface Rejection {
  readonly rejected: string;
}

/** How one system writes down its products, customers and orders. */
export interface EntityReader {
  /** Begins the ids of events. */
  readonly source: string;
  /** The items that a product is: itself, or its variants. */
  items(raw: JsonNode, itemKey: ItemKey): readonly ItemWrite[] | Rejection;
  userAttributes(customer: JsonNode): JsonObject;
  order(raw: JsonNode, itemKey: ItemKey): ShopOrder | Rejection;
}

/** Turns entities of a shop system into rows; what systems have in common. */
export class ShopEntityMapper implements EntityMapper {
  private readonly orders: OrderWriter;

  constructor(
    private readonly reader: EntityReader,
    private readonly sink: RowSink,
    private readonly options: { readonly itemKey: ItemKey; readonly now: number },
  ) {
    this.orders = new OrderWriter(sink, reader.source, { now: options.now });
  }

  take(resource: Resource, raw: JsonObject): RecordOutcome {
    switch (resource) {
      case 'products':
        return this.product(raw);
      case 'customers':
        return this.customer(raw);
      case 'orders': {
        const order = this.reader.order(raw, this.options.itemKey);
        return 'rejected' in order ? order : this.orders.take(order);
      }
    }
  }

  finish(): void {
    this.orders.finish();
  }

  private product(raw: JsonNode): RecordOutcome {
    const items = this.reader.items(raw, this.options.itemKey);
    if ('rejected' in items) return items;
    for (const item of items) this.sink.item(item);
    return 'KEPT';
  }

  private customer(raw: JsonNode): RecordOutcome {
    const id = firstText(raw.id);
    if (id === '') return { rejected: 'A customer must have an id.' };
    this.sink.user({ id, attributes: this.reader.userAttributes(raw) });
    const email = firstText(raw.email);
    // Guests who ordered by this address before they had an account.
    if (email !== '') this.sink.link({ aliasId: emailUserId(email), userId: id, linkedAt: new Date(0) });
    return 'KEPT';
  }
}

/** What no order can do without. @param time its name and its value as read; @param total the same */
export function orderCore(
  raw: JsonNode,
  time: { readonly text: string; readonly ms: number },
  totalName: string,
): { readonly id: string; readonly total: number } | Rejection {
  const id = firstText(raw.id);
  const total = firstNumber(raw[totalName]);
  if (id === '') return { rejected: 'An order must have an id.' };
  if (Number.isNaN(time.ms)) return { rejected: `The time "${time.text}" is not understood.` };
  if (Number.isNaN(total))
    return { rejected: `${totalName} must be a number; it is "${firstText(raw[totalName])}".` };
  return { id, total };
}

/** An attribute, or nothing where the system says nothing. */
export function given(name: string, value: string | readonly string[]): JsonObject {
  return value.length === 0 ? {} : { [name]: value as string | string[] };
}
