import { type JsonObject } from '../../../store/index.js';
import { type RecordOutcome } from '../layouts/layout.js';
import { type ApiClient } from './api-client.js';

/** What is pulled from a shop system, in this order: orders name products and customers. */
export const RESOURCES = ['products', 'customers', 'orders'] as const;
export type Resource = (typeof RESOURCES)[number];

/** Whether items are a system's products, or their variants by SKU, as in its CSV exports. */
export const ITEM_KEYS = ['product', 'sku'] as const;
export type ItemKey = (typeof ITEM_KEYS)[number];

/** One product, customer or order as the system gave it. */
export interface Entity {
  readonly id: string;
  /** When it last changed there. */
  readonly version: Date;
  readonly raw: JsonObject;
}

export interface EntityPage {
  readonly entities: readonly Entity[];
  /** Where a pull that is broken off behind this page goes on; the connector's own. */
  readonly resume: JsonObject;
}

/** Turns entities of one system into rows. */
export interface EntityMapper {
  take(resource: Resource, raw: JsonObject): RecordOutcome;
  finish(): void;
}

/** A kind of shop system. */
export interface Connector {
  readonly name: string;
  /**
   * Pages of a resource, those that changed least lately first.
   *
   * @param since changes before it were pulled before; null: everything
   * @param resume a page's `resume`: goes on behind that page; null: from the beginning
   */
  pages(
    client: ApiClient,
    resource: Resource,
    since: Date | null,
    resume: JsonObject | null,
  ): AsyncIterable<EntityPage>;
}
