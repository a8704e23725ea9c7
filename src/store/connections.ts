/** Other systems that a shop's data is pulled from. Their keys stay sealed here: the store cannot open them. */
import { isUuid } from './row-checks.js';
import { rowsOf, type ShopContext } from './shop-context.js';

export interface ConnectionWrite {
  /** shopify or woocommerce. */
  readonly source: string;
  /** The shop's address, without a path. */
  readonly url: string;
  /** Shopify alone: GRAPHQL or REST. */
  readonly api: string | null;
  /** product or sku. */
  readonly itemKey: string;
  /** Empty: all. */
  readonly resources: readonly string[];
  readonly sealedKey: string;
}

export interface ConnectionRow extends ConnectionWrite {
  readonly id: string;
  readonly createdAt: Date;
  /** When a pull last wrote down where it stands; null before the first. */
  readonly pulledAt: Date | null;
}

export interface ConnectionStore {
  /** The oldest first. */
  connections(): Promise<ConnectionRow[]>;
  connectionById(id: string): Promise<ConnectionRow | null>;
  /** Stores a connection, in the place of the one to the same address. */
  saveConnection(connection: ConnectionWrite): Promise<ConnectionRow>;
  /** What was pulled stays, its schedule goes. @returns whether there was one */
  removeConnection(id: string): Promise<boolean>;
}

const COLUMNS = `c.id, c.source, c.url, c.api, c.item_key AS "itemKey", c.resources, c.sealed_key AS "sealedKey", c.created_at AS "createdAt",
  (SELECT max(updated_at) FROM source_cursors s
   WHERE s.shop_id = c.shop_id AND s.source = c.source || ':' || regexp_replace(c.url, '^https?://', '')) AS "pulledAt"`;

type Row = ConnectionRow & Record<string, unknown>;

/** Connections of one shop. */
export function connectionStore(context: ShopContext): ConnectionStore {
  const select = (condition: string, parameters: unknown[] = []) =>
    rowsOf<Row>(
      context,
      `SELECT ${COLUMNS} FROM connections c WHERE ${condition} ORDER BY c.created_at, c.id`,
      parameters,
    );
  return {
    connections: () => select('true'),
    connectionById: async (id) => (isUuid(id) ? ((await select('c.id = $1', [id]))[0] ?? null) : null),
    saveConnection: async ({ source, url, api, itemKey, resources, sealedKey }) => {
      const [{ id }] = await rowsOf<{ id: string }>(
        context,
        `INSERT INTO connections (shop_id, source, url, api, item_key, resources, sealed_key) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (shop_id, source, url) DO UPDATE SET api = excluded.api, item_key = excluded.item_key,
           resources = excluded.resources, sealed_key = excluded.sealed_key
         RETURNING id`,
        [context.shopId, source, url, api, itemKey, resources, sealedKey],
      );
      return (await select('c.id = $1', [id]))[0];
    },
    removeConnection: async (id) => {
      if (!isUuid(id)) return false;
      await rowsOf(context, 'DELETE FROM source_schedules WHERE connection_id = $1', [id]);
      return (await rowsOf(context, 'DELETE FROM connections WHERE id = $1 RETURNING id', [id])).length > 0;
    },
  };
}
