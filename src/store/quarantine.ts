/** Rows that could not be taken in, kept as they came until they are mended and replayed, or given up. */
import { createHash } from 'node:crypto';

import { AppError } from '../errors.js';
import type { QuarantineCount, QuarantinedRow, QuarantineFilter, QuarantineStore } from './collect-store.js';
import { decodeCursor, pageOf } from './cursor.js';
import { isUuid } from './row-checks.js';
import type { Json } from './rows.js';
import { rowsOf, type ShopContext } from './shop-context.js';

const COLUMNS = `q.id, q.context_id AS "contextId", c.source, c.context, q.line, q.raw, q.reason, q.user_id AS "userId", q.state,
  q.created_at AS "createdAt"`;
const FROM =
  'FROM quarantined_rows q JOIN quarantine_contexts c ON c.shop_id = q.shop_id AND c.id = q.context_id';
/** Rows of one file or stream in its order, those without a place first. */
const PLACE = 'coalesce(q.line, -1)';
const MAX_REASON = 2_000;
/** A reason without the values that it quotes. */
const LIKE_REASON = `regexp_replace(q.reason, '"[^"]*"|(?<=\\s)\\d[\\d.]*', '…', 'g')`;

/** The quarantine of one shop. */
export function quarantineStore(context: ShopContext): QuarantineStore {
  const { shopId } = context;
  const byIds = async (ids: readonly string[]): Promise<(QuarantinedRow | null)[]> => {
    const sql = `SELECT ${COLUMNS} ${FROM} WHERE q.id = ANY($1::uuid[])`;
    const rows = await rowsOf<QuarantinedRow & Record<string, unknown>>(context, sql, [ids.filter(isUuid)]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  };
  return {
    quarantine: async (origin, rows) => {
      if (rows.length === 0) return 0;
      const contextId = digest(origin);
      const kept = rows.map((row) => {
        const raw = storable(row.raw);
        const userId = row.userId === null ? null : (storable(row.userId) as string);
        const reason = (storable(row.reason) as string).slice(0, MAX_REASON);
        const place = origin.isPlaceless === true ? null : row.line;
        return { line: row.line, raw, reason, userId, fingerprint: digest([contextId, place, raw]) };
      });
      await rowsOf(
        context,
        'INSERT INTO quarantine_contexts (shop_id, id, source, context) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
        [shopId, contextId, origin.source, JSON.stringify(origin.context)],
      );
      const added = await rowsOf(
        context,
        `INSERT INTO quarantined_rows (shop_id, context_id, line, raw, reason, user_id, fingerprint)
         SELECT $1, $2, r.line, r.raw, r.reason, r."userId", r.fingerprint
         FROM jsonb_to_recordset($3::jsonb) AS r(line int, raw jsonb, reason text, "userId" text, fingerprint text)
         ORDER BY r.fingerprint ON CONFLICT DO NOTHING RETURNING id`,
        [shopId, contextId, JSON.stringify(kept)],
      );
      return added.length;
    },
    quarantinedRows: async (page, filter = {}) => {
      const { sql, parameters } = conditions(filter);
      let after = '';
      if (page.after) {
        parameters.push(...decodeCursor(page.after, ['string', 'number', 'string']));
        const [at, line, id] = [2, 1, 0].map((back) => `$${parameters.length - back}`);
        after = `AND (q.created_at, ${PLACE}, q.id) > (${at}::timestamptz, ${line}::int, ${id}::uuid)`;
      }
      parameters.push(page.first + 1);
      const rows = await rowsOf<QuarantinedRow>(
        context,
        `SELECT ${COLUMNS} ${FROM} WHERE ${sql} ${after} ORDER BY q.created_at, ${PLACE}, q.id LIMIT $${parameters.length}`,
        parameters,
      );
      return pageOf(rows, page.first, (row) => [row.createdAt.toISOString(), row.line ?? -1, row.id]);
    },
    countQuarantined: async (filter = {}) => {
      const { sql, parameters } = conditions(filter);
      const [row] = await rowsOf<{ count: number }>(
        context,
        `SELECT count(*)::int AS count ${FROM} WHERE ${sql}`,
        parameters,
      );
      return row.count;
    },
    quarantinedByIds: byIds,
    quarantineCounts: async (filter, first) => {
      const { sql, parameters } = conditions(filter);
      return rowsOf<QuarantineCount & Record<string, unknown>>(
        context,
        `SELECT c.source, ${LIKE_REASON} AS reason, count(*)::int AS rows ${FROM} WHERE ${sql}
         GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT $${parameters.push(first)}`,
        parameters,
      );
    },
    mendQuarantined: async (id, raw) => {
      const [row] = await byIds([id]);
      if (row === null) throw new AppError('NOT_FOUND', `There is no row ${id} in quarantine.`);
      const changed = await rowsOf(
        context,
        `UPDATE quarantined_rows SET raw = $2 WHERE id = $1 AND state = 'WAITING' RETURNING id`,
        [id, JSON.stringify(storable(raw))],
      );
      if (changed.length === 0)
        throw new AppError(
          'CONFLICT',
          `The row ${id} waits no longer: it was ${row.state.toLowerCase()} before.`,
        );
      return (await byIds([id]))[0]!;
    },
    settleQuarantined: async (outcomes) => {
      await rowsOf(
        context,
        `UPDATE quarantined_rows q SET state = o.state, reason = coalesce(o.reason, q.reason),
           settled_at = CASE WHEN o.state = 'WAITING' THEN NULL ELSE now() END
         FROM jsonb_to_recordset($1::jsonb) AS o(id uuid, state text, reason text)
         WHERE q.id = o.id AND q.state = 'WAITING'`,
        [
          JSON.stringify(
            outcomes.map((outcome) => ({ ...outcome, reason: outcome.reason?.slice(0, MAX_REASON) })),
          ),
        ],
      );
    },
  };
}

function conditions(filter: QuarantineFilter): { sql: string; parameters: unknown[] } {
  const parameters: unknown[] = [];
  const parts = ['true'];
  if (filter.state !== undefined) parts.push(`q.state = $${parameters.push(filter.state)}`);
  if (filter.source !== undefined) parts.push(`c.source = $${parameters.push(filter.source)}`);
  return { sql: parts.join(' AND '), parameters };
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 32);
}

/** What PostgreSQL cannot hold in a text, the zero character and halves of surrogate pairs, gives way to the mark for it. */
function storable(value: Json): Json {
  // eslint-disable-next-line no-control-regex -- the zero character is what is looked for
  if (typeof value === 'string') return value.replace(/\u0000|\p{Surrogate}/gu, '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storable(key) as string, storable(inner)]),
  );
}
