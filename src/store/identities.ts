/** Persons known under several ids: links between ids, and moving the rows of one id to the other. */
import type pg from 'pg';

import type { IdentityStore } from './collect-store.js';
import { type Move, moveRows } from './identity-moves.js';
import { inTransaction, lockPeople } from './pool.js';
import { rowsOf, type ShopContext } from './shop-context.js';

interface LinkRow {
  readonly aliasId: string;
  readonly userId: string;
  readonly linkedAt: Date;
}

/** How long rows may still come in under the internal id of a user that was merged: the length of the longest write. */
const LATE_WRITES = '1 hour';

/** Identities of one shop. */
export function identityStore(context: ShopContext): IdentityStore {
  const { shopId } = context;
  return {
    recordLinks: async (links) => {
      const given = links.filter(({ aliasId, userId }) => aliasId !== userId);
      if (given.length === 0) return 0;
      const changed = await rowsOf(
        context,
        `INSERT INTO user_links (shop_id, alias_id, user_id, linked_at)
         SELECT $1, alias_id, user_id, min(linked_at) FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS l(alias_id, user_id, linked_at)
         GROUP BY alias_id, user_id ORDER BY alias_id, user_id
         ON CONFLICT (shop_id, alias_id, user_id) DO UPDATE SET linked_at = excluded.linked_at, is_applied = false
         WHERE excluded.linked_at < user_links.linked_at
         RETURNING alias_id`,
        [
          shopId,
          given.map(({ aliasId }) => aliasId),
          given.map(({ userId }) => userId),
          given.map(({ linkedAt }) => linkedAt),
        ],
      );
      return changed.length;
    },
    resolveAliases: async (ids) => resolveLinks(await linksAround(context.pool, shopId, ids), ids),
    aliasesAmong: async (ids) => {
      if (ids.length === 0 || !(await hasLinks(context))) return [];
      const rows = await rowsOf<{ id: string }>(
        context,
        `SELECT DISTINCT alias_id AS id FROM user_links WHERE shop_id = $1 AND alias_id = ANY($2::text[])`,
        [shopId, ids],
      );
      return rows.map(({ id }) => id);
    },
    applyLinks: async (among) => {
      if (among?.length === 0 || !(await hasLinks(context))) return { merged: 0, behaviours: 0 };
      return inTransaction(context.pool, async (client) => {
        await lockPeople(client, shopId, 'EXCLUSIVE');
        const due = among ?? (await dueAliases(client, shopId));
        if (due.length === 0) return { merged: 0, behaviours: 0 };
        const links = await linksAround(client, shopId, due);
        const targets = resolveLinks(links, [...new Set(links.map(({ aliasId }) => aliasId))]);
        const moves = await planMoves(client, shopId, targets);
        const behaviours = await moveRows(client, shopId, moves, targets);
        await client.query(
          'UPDATE user_links SET is_applied = true WHERE shop_id = $1 AND NOT is_applied AND alias_id = ANY($2::text[])',
          [shopId, links.map(({ aliasId }) => aliasId)],
        );
        return { merged: new Set(moves.map(({ aliasId }) => aliasId)).size, behaviours };
      });
    },
  };
}

/** Most shops have no links; they need not hold up those who write. */
async function hasLinks(context: ShopContext): Promise<boolean> {
  const sql = 'SELECT FROM user_links WHERE shop_id = $1 LIMIT 1';
  return (await rowsOf(context, sql, [context.shopId])).length > 0;
}

/** Aliases with news: a link that is not applied yet, rows that came under the alias since, or late writes of before. */
async function dueAliases(client: pg.PoolClient, shopId: number): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT alias_id AS id FROM user_links WHERE shop_id = $1 AND NOT is_applied
     UNION
     SELECT l.alias_id FROM user_links l JOIN users u ON u.shop_id = $1 AND u.external_id = l.alias_id
     WHERE l.shop_id = $1 AND EXISTS (SELECT FROM user_aliases a WHERE a.shop_id = $1 AND a.alias_id = l.alias_id)
     UNION
     SELECT alias_id FROM user_aliases WHERE shop_id = $1 AND last_user_id IS NOT NULL AND applied_at > now() - interval '${LATE_WRITES}'
       AND EXISTS (SELECT FROM behaviour_keys k WHERE k.user_id = last_user_id)`,
    [shopId],
  );
  return rows.map(({ id }) => id);
}

/** All links that hang together with any of the ids. */
async function linksAround(
  client: Pick<pg.PoolClient, 'query'> | pg.Pool,
  shopId: number,
  ids: readonly string[],
): Promise<LinkRow[]> {
  const { rows } = await (client as pg.Pool).query<LinkRow>(
    `WITH RECURSIVE component(id) AS (
       SELECT unnest($2::text[])
       UNION
       SELECT side.id FROM component c
       CROSS JOIN LATERAL (
         SELECT user_id AS id FROM user_links WHERE shop_id = $1 AND alias_id = c.id
         UNION ALL SELECT alias_id FROM user_links WHERE shop_id = $1 AND user_id = c.id
       ) side
     )
     SELECT alias_id AS "aliasId", user_id AS "userId", linked_at AS "linkedAt"
     FROM user_links WHERE shop_id = $1 AND alias_id IN (SELECT id FROM component)`,
    [shopId, ids],
  );
  return rows;
}

/**
 * The person behind each id: of several claims the earliest counts (of two at the same time the smaller user id), and a claim by an
 * id that is itself an alias leads on. In a circle the smallest id is the person.
 */
export function resolveLinks(links: readonly LinkRow[], ids: readonly string[]): Map<string, string> {
  const claim = new Map<string, LinkRow>();
  for (const link of links) {
    const known = claim.get(link.aliasId);
    const order = known === undefined ? -1 : link.linkedAt.getTime() - known.linkedAt.getTime();
    if (order < 0 || (order === 0 && link.userId < known!.userId)) claim.set(link.aliasId, link);
  }
  const resolved = new Map<string, string>();
  for (const id of ids) {
    const path = [id];
    let next = claim.get(id)?.userId;
    while (next !== undefined && !path.includes(next)) {
      path.push(next);
      next = claim.get(next)?.userId;
    }
    const circle = next === undefined ? [path.at(-1)!] : path.slice(path.indexOf(next));
    const person = circle.reduce((least, member) => (member < least ? member : least));
    if (person !== id) resolved.set(id, person);
  }
  return resolved;
}

async function planMoves(
  client: pg.PoolClient,
  shopId: number,
  targets: ReadonlyMap<string, string>,
): Promise<Move[]> {
  const aliases = [...targets.keys()];
  const persons = [...targets.values()];
  await client.query(
    `INSERT INTO users (shop_id, external_id)
     SELECT DISTINCT $1::int, t.user_id FROM unnest($2::text[], $3::text[]) AS t(alias_id, user_id)
     WHERE EXISTS (SELECT FROM users u WHERE u.shop_id = $1 AND u.external_id = t.alias_id)
       OR EXISTS (SELECT FROM user_aliases a JOIN users former ON former.shop_id = $1 AND former.external_id = a.user_id
                  WHERE a.shop_id = $1 AND a.alias_id = t.alias_id AND a.user_id <> t.user_id)
     ORDER BY 2 ON CONFLICT DO NOTHING`,
    [shopId, aliases, persons],
  );
  const { rows } = await client.query<Move>(
    `WITH target AS (SELECT * FROM unnest($2::text[], $3::text[]) AS t(alias_id, user_id))
     SELECT t.alias_id AS "aliasId", u.id AS "fromId", p.id AS "toId", false AS "isMarkedOnly"
     FROM target t JOIN users p ON p.shop_id = $1 AND p.external_id = t.user_id
     JOIN users u ON u.shop_id = $1 AND u.external_id = t.alias_id
     UNION ALL
     SELECT t.alias_id, a.last_user_id, p.id, false
     FROM target t JOIN users p ON p.shop_id = $1 AND p.external_id = t.user_id
     JOIN user_aliases a ON a.shop_id = $1 AND a.alias_id = t.alias_id AND a.last_user_id IS NOT NULL
       AND a.last_user_id <> p.id AND a.applied_at > now() - interval '${LATE_WRITES}'
     UNION ALL
     SELECT t.alias_id, former.id, p.id, true
     FROM target t JOIN users p ON p.shop_id = $1 AND p.external_id = t.user_id
     JOIN user_aliases a ON a.shop_id = $1 AND a.alias_id = t.alias_id AND a.user_id <> t.user_id
     JOIN users former ON former.shop_id = $1 AND former.external_id = a.user_id`,
    [shopId, aliases, persons],
  );
  return rows;
}
