/** Persons known under several ids: links between ids, and moving the rows of one id to the other. */
import type pg from 'pg';

import type { IdentityStore } from './collect-store.js';
import { inTransaction, lockPeople } from './pool.js';
import { rowsOf, type ShopContext } from './shop-context.js';

interface LinkRow {
  readonly aliasId: string;
  readonly userId: string;
  readonly linkedAt: Date;
}

/** Rows of an alias that have to move. `isMarkedOnly`: they stand among the rows of another person, told by their mark. */
interface Move {
  readonly aliasId: string;
  readonly fromId: number;
  readonly toId: number;
  readonly isMarkedOnly: boolean;
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
       AND EXISTS (SELECT FROM behaviours b WHERE b.user_id = last_user_id)`,
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

/** Moves rows, attributes and the users themselves. @returns behaviours moved */
async function moveRows(
  client: pg.PoolClient,
  shopId: number,
  moves: readonly Move[],
  targets: ReadonlyMap<string, string>,
): Promise<number> {
  const move = `(SELECT * FROM unnest($2::text[], $3::int[], $4::int[], $5::boolean[]) AS m(alias_id, from_id, to_id, marked_only))`;
  const parameters = [
    shopId,
    moves.map(({ aliasId }) => aliasId),
    moves.map(({ fromId }) => fromId),
    moves.map(({ toId }) => toId),
    moves.map(({ isMarkedOnly }) => isMarkedOnly),
  ];
  const run = (sql: string) => client.query(sql, parameters);
  // A row goes where its mark leads, if that leads anywhere, and only else where the user goes that it stands under.
  const ofMove = `b.user_id = m.from_id AND b.shop_id = $1 AND CASE WHEN m.marked_only THEN b.context->>'anonymousId' = m.alias_id
    ELSE NOT EXISTS (SELECT FROM ${move} o WHERE o.marked_only AND o.from_id = m.from_id AND o.alias_id = b.context->>'anonymousId') END`;
  // Copied and deleted rather than updated: the person may have the same event already.
  const { rowCount } = await run(
    `INSERT INTO behaviours (user_id, event_id, shop_id, item_id, type, occurred_at, session_id, quantity, value, context)
     SELECT DISTINCT ON (m.to_id, b.event_id) m.to_id, b.event_id, $1, b.item_id, b.type, b.occurred_at, b.session_id, b.quantity, b.value,
       jsonb_build_object('anonymousId', m.alias_id) || coalesce(b.context, '{}')
     FROM behaviours b JOIN ${move} m ON ${ofMove} ORDER BY m.to_id, b.event_id, m.alias_id ON CONFLICT DO NOTHING`,
  );
  await run(`DELETE FROM behaviours b USING ${move} m WHERE ${ofMove}`);
  await run(
    `INSERT INTO transactions (user_id, external_id, shop_id, amount, currency, occurred_at, lines, payment_method, device_id, ip_country,
       billing_country, shipping_country, is_fraud)
     SELECT DISTINCT ON (m.to_id, t.external_id) m.to_id, t.external_id, $1, amount, currency, occurred_at, lines, payment_method, device_id,
       ip_country, billing_country, shipping_country, is_fraud
     FROM transactions t JOIN ${move} m ON t.user_id = m.from_id AND NOT m.marked_only AND t.shop_id = $1
     ORDER BY m.to_id, t.external_id, m.alias_id ON CONFLICT DO NOTHING`,
  );
  await run(
    `DELETE FROM transactions t USING ${move} m WHERE t.user_id = m.from_id AND NOT m.marked_only AND t.shop_id = $1`,
  );
  await moveShown(client, shopId, targets);
  await run(
    `UPDATE users p SET attributes = gathered.attributes || p.attributes, updated_at = now()
     FROM (SELECT m.to_id, jsonb_object_agg(part.key, part.value ORDER BY m.alias_id) AS attributes
           FROM ${move} m JOIN users u ON u.id = m.from_id AND NOT m.marked_only AND u.shop_id = $1, jsonb_each(u.attributes) part
           GROUP BY m.to_id) gathered
     WHERE p.id = gathered.to_id AND p.shop_id = $1`,
  );
  await run(
    `DELETE FROM users u USING ${move} m WHERE u.id = m.from_id AND NOT m.marked_only AND u.shop_id = $1`,
  );
  await client.query(
    `INSERT INTO user_aliases (shop_id, alias_id, user_id, last_user_id)
     SELECT $1, t.alias_id, t.user_id, m.from_id
     FROM unnest($2::text[], $3::text[]) AS t(alias_id, user_id)
     LEFT JOIN (SELECT alias_id, max(from_id) AS from_id FROM unnest($4::text[], $5::int[], $6::boolean[]) AS m(alias_id, from_id, marked_only)
                WHERE NOT marked_only GROUP BY alias_id) m ON m.alias_id = t.alias_id
     ORDER BY t.alias_id
     ON CONFLICT (shop_id, alias_id) DO UPDATE SET user_id = excluded.user_id,
       last_user_id = coalesce(excluded.last_user_id, user_aliases.last_user_id),
       applied_at = CASE WHEN excluded.last_user_id IS NULL THEN user_aliases.applied_at ELSE now() END`,
    [shopId, [...targets.keys()], [...targets.values()], parameters[1], parameters[2], parameters[4]],
  );
  return rowCount ?? 0;
}

/** Impressions and feedback name the person by the shop's own id. */
async function moveShown(
  client: pg.PoolClient,
  shopId: number,
  targets: ReadonlyMap<string, string>,
): Promise<void> {
  const target = '(SELECT * FROM unnest($2::text[], $3::text[]) AS t(alias_id, user_id))';
  const parameters = [shopId, [...targets.keys()], [...targets.values()]];
  await client.query(
    `UPDATE impressions i SET user_key = t.user_id FROM ${target} t WHERE i.user_key = t.alias_id AND i.shop_id = $1`,
    parameters,
  );
  await client.query(
    `INSERT INTO feedback (user_key, event_id, shop_id, impression_id, item_id, kind, occurred_at)
     SELECT DISTINCT ON (t.user_id, f.event_id) t.user_id, f.event_id, $1, f.impression_id, f.item_id, f.kind, f.occurred_at
     FROM feedback f JOIN ${target} t ON f.user_key = t.alias_id AND f.shop_id = $1
     ORDER BY t.user_id, f.event_id, t.alias_id ON CONFLICT DO NOTHING`,
    parameters,
  );
  await client.query(
    `DELETE FROM feedback f USING ${target} t WHERE f.user_key = t.alias_id AND f.shop_id = $1`,
    parameters,
  );
}
