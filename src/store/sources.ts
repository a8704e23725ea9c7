/** What is kept of other systems between two pulls: cursors, versions of their entities, deliveries of webhooks, crawled pages. */
import type { CrawledPageRow, SourceStore } from './collect-store.js';
import type { JsonObject } from './rows.js';
import { rowsOf, type ShopContext } from './shop-context.js';

/** What one shop keeps of its sources. */
export function sourceStore(context: ShopContext): SourceStore {
  const { prisma, shopId } = context;
  return {
    readCursor: async (source, resource) => {
      const row = await prisma.sourceCursor.findUnique({
        where: { shopId_source_resource: { shopId, source, resource } },
      });
      return (row?.cursor as JsonObject | undefined) ?? null;
    },
    writeCursor: async (source, resource, cursor) => {
      const data = { cursor, updatedAt: new Date() };
      await prisma.sourceCursor.upsert({
        where: { shopId_source_resource: { shopId, source, resource } },
        create: { shopId, source, resource, ...data },
        update: data,
      });
    },
    deleteCursor: async (source, resource) => {
      await prisma.sourceCursor.deleteMany({ where: { source, resource } });
    },
    newerVersions: async (source, resource, versions) => {
      const rows = await rowsOf<{ id: string }>(
        context,
        `SELECT given.id FROM unnest($4::text[], $5::timestamptz[]) AS given(id, version)
         LEFT JOIN source_versions v ON v.shop_id = $1 AND v.source = $2 AND v.resource = $3 AND v.external_id = given.id
         WHERE v.version IS NULL OR given.version > v.version`,
        [shopId, source, resource, versions.map(({ id }) => id), versions.map(({ version }) => version)],
      );
      return new Set(rows.map(({ id }) => id));
    },
    recordVersions: async (source, resource, versions) => {
      await rowsOf(
        context,
        `INSERT INTO source_versions (shop_id, source, resource, external_id, version)
         SELECT $1, $2, $3, id, max(version) FROM unnest($4::text[], $5::timestamptz[]) AS given(id, version) GROUP BY id ORDER BY id
         ON CONFLICT (shop_id, source, resource, external_id) DO UPDATE SET version = excluded.version
         WHERE excluded.version > source_versions.version`,
        [shopId, source, resource, versions.map(({ id }) => id), versions.map(({ version }) => version)],
      );
    },
    isDelivered: async (source, deliveryId) =>
      (await prisma.webhookDelivery.count({ where: { source, deliveryId } })) > 0,
    recordDelivery: async (source, deliveryId) => {
      await rowsOf(
        context,
        'INSERT INTO webhook_deliveries (shop_id, source, delivery_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
        [shopId, source, deliveryId],
      );
      await rowsOf(context, `DELETE FROM webhook_deliveries WHERE received_at < now() - interval '30 days'`);
    },
    crawledPages: (origin) =>
      rowsOf<CrawledPageRow>(
        context,
        `SELECT url, state, depth, etag, last_modified AS "lastModified", content_hash AS "contentHash", item_ids AS "itemIds",
           failures, read_at AS "readAt"
         FROM crawled_pages WHERE shop_id = $1 AND origin = $2 ORDER BY found_at, url`,
        [shopId, origin],
      ),
    writeCrawledPages: async (origin, pages) => {
      if (pages.length === 0) return;
      // Lists of lists have no array type in PostgreSQL: the pages go as one JSON value.
      await rowsOf(
        context,
        `INSERT INTO crawled_pages (shop_id, origin, url, state, depth, etag, last_modified, content_hash, item_ids, failures, read_at)
         SELECT $1, $2, p.url, p.state, p.depth, p.etag, p."lastModified", p."contentHash", p."itemIds", p.failures, p."readAt"
         FROM jsonb_to_recordset($3::jsonb) AS p(url text, state text, depth int, etag text, "lastModified" text,
           "contentHash" text, "itemIds" text[], failures int, "readAt" timestamptz)
         ORDER BY p.url
         ON CONFLICT (shop_id, url) DO UPDATE SET state = excluded.state, depth = excluded.depth, etag = excluded.etag,
           last_modified = excluded.last_modified, content_hash = excluded.content_hash, item_ids = excluded.item_ids,
           failures = excluded.failures, read_at = excluded.read_at`,
        [shopId, origin, JSON.stringify(pages)],
      );
    },
  };
}
