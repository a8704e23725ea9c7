/** Moving what stands under one id of a person to another: rows, the keys beside them, attributes. */
import type pg from 'pg';

/** Rows of an alias that have to move. `isMarkedOnly`: they stand among the rows of another person, told by their mark. */
export interface Move {
  readonly aliasId: string;
  readonly fromId: number;
  readonly toId: number;
  readonly isMarkedOnly: boolean;
}

/** Moves rows, attributes and the users themselves. @returns behaviours moved */
export async function moveRows(
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
    `WITH moving AS MATERIALIZED (
       SELECT DISTINCT ON (m.to_id, b.event_id) m.to_id, b.event_id, b.item_id, b.type, b.occurred_at, b.session_id, b.quantity, b.value,
         jsonb_build_object('anonymousId', m.alias_id) || coalesce(b.context, '{}') AS context
       FROM behaviours b JOIN ${move} m ON ${ofMove} ORDER BY m.to_id, b.event_id, m.alias_id),
     fresh AS (
       INSERT INTO behaviour_keys (user_id, shop_id, event_id) SELECT to_id, $1, event_id FROM moving ORDER BY to_id, event_id
       ON CONFLICT DO NOTHING RETURNING user_id, event_id)
     INSERT INTO behaviours (user_id, event_id, shop_id, item_id, type, occurred_at, session_id, quantity, value, context)
     SELECT to_id, moving.event_id, $1, item_id, type, occurred_at, session_id, quantity, value, context
     FROM moving JOIN fresh ON fresh.user_id = to_id AND fresh.event_id = moving.event_id`,
  );
  await run(
    `WITH gone AS (DELETE FROM behaviours b USING ${move} m WHERE ${ofMove} RETURNING b.user_id, b.event_id)
     DELETE FROM behaviour_keys k USING gone WHERE k.user_id = gone.user_id AND k.event_id = gone.event_id`,
  );
  await run(
    `WITH moving AS MATERIALIZED (
       SELECT DISTINCT ON (m.to_id, t.external_id) m.to_id, t.*
       FROM transactions t JOIN ${move} m ON t.user_id = m.from_id AND NOT m.marked_only AND t.shop_id = $1
       ORDER BY m.to_id, t.external_id, m.alias_id),
     fresh AS (
       INSERT INTO transaction_keys (user_id, shop_id, occurred_at, external_id)
       SELECT to_id, $1, occurred_at, external_id FROM moving ORDER BY to_id, external_id
       ON CONFLICT DO NOTHING RETURNING user_id, external_id)
     INSERT INTO transactions (user_id, external_id, shop_id, amount, currency, occurred_at, lines, payment_method, device_id, ip_country,
       billing_country, shipping_country, is_fraud)
     SELECT to_id, moving.external_id, $1, amount, currency, occurred_at, lines, payment_method, device_id, ip_country, billing_country,
       shipping_country, is_fraud
     FROM moving JOIN fresh ON fresh.user_id = to_id AND fresh.external_id = moving.external_id`,
  );
  await run(
    `DELETE FROM transactions t USING ${move} m WHERE t.user_id = m.from_id AND NOT m.marked_only AND t.shop_id = $1`,
  );
  await moveLeftKeys(run, move);
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

/** Keys of rows that lie in an archive, and those of the transactions that were moved. */
async function moveLeftKeys(run: (sql: string) => Promise<unknown>, move: string): Promise<void> {
  for (const [table, columns] of [
    ['behaviour_keys', 'event_id'],
    ['transaction_keys', 'external_id, occurred_at'],
  ]) {
    const ofMove = 'k.user_id = m.from_id AND NOT m.marked_only AND k.shop_id = $1';
    await run(
      `INSERT INTO ${table} (user_id, shop_id, ${columns})
       SELECT m.to_id, $1, ${columns} FROM ${table} k JOIN ${move} m ON ${ofMove} ORDER BY m.to_id, ${columns} ON CONFLICT DO NOTHING`,
    );
    await run(`DELETE FROM ${table} k USING ${move} m WHERE ${ofMove}`);
  }
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
    `WITH moving AS MATERIALIZED (
       SELECT DISTINCT ON (t.user_id, f.event_id) t.user_id, f.*
       FROM feedback f JOIN ${target} t ON f.user_key = t.alias_id AND f.shop_id = $1
       ORDER BY t.user_id, f.event_id, t.alias_id),
     fresh AS (
       INSERT INTO feedback_keys (user_key, event_id, shop_id) SELECT user_id, event_id, $1 FROM moving ORDER BY user_id, event_id
       ON CONFLICT DO NOTHING RETURNING user_key, event_id)
     INSERT INTO feedback (user_key, event_id, shop_id, impression_id, item_id, kind, occurred_at)
     SELECT user_id, moving.event_id, $1, impression_id, item_id, kind, occurred_at
     FROM moving JOIN fresh ON fresh.user_key = moving.user_id AND fresh.event_id = moving.event_id`,
    parameters,
  );
  await client.query(
    `DELETE FROM feedback f USING ${target} t WHERE f.user_key = t.alias_id AND f.shop_id = $1`,
    parameters,
  );
  const ofTarget = 'k.user_key = t.alias_id AND k.shop_id = $1';
  await client.query(
    `INSERT INTO feedback_keys (user_key, event_id, shop_id)
     SELECT t.user_id, k.event_id, $1 FROM feedback_keys k JOIN ${target} t ON ${ofTarget} ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
    parameters,
  );
  await client.query(`DELETE FROM feedback_keys k USING ${target} t WHERE ${ofTarget}`, parameters);
}
