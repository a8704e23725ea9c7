/** Work on a shop's data that was asked for: imports, pulls, crawls, retention, replays. */
import { AppError } from '../errors.js';
import { decodeCursor, pageOf } from './cursor.js';
import type { DataJobFilter, DataJobRow, DataJobStore, NewDataJob } from './data-job-store.js';
import { inTransaction } from './pool.js';
import { isUuid } from './row-checks.js';
import { rowsOf, type ShopContext } from './shop-context.js';
import { SqlFilter } from './sql-filter.js';

const MAX_WAITING = 100;
const COLUMNS = `id, kind, subject, input, status, progress, message, report, error, attempts, cancel_requested AS "cancelRequested",
  heartbeat_at AS "heartbeatAt", created_at AS "createdAt", started_at AS "startedAt", finished_at AS "finishedAt"`;

type Row = DataJobRow & Record<string, unknown>;

/** Data jobs of one shop. */
export function dataJobStore(context: ShopContext): DataJobStore {
  const { shopId } = context;
  const byIds = async (ids: readonly string[]): Promise<(DataJobRow | null)[]> => {
    const rows = await rowsOf<Row>(context, `SELECT ${COLUMNS} FROM data_jobs WHERE id = ANY($1::uuid[])`, [
      ids.filter(isUuid),
    ]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  };
  return {
    addDataJob: (job) => addDataJob(context, job),
    dataJobsByIds: byIds,
    dataJobs: async (page, filter = {}) => {
      const where = filterOf(filter);
      if (page.after) {
        const [at, id] = decodeCursor(page.after, ['string', 'string']);
        where.add('(created_at, id) < (?::timestamptz, ?::uuid)', at, id);
      }
      const limit = where.parameter(page.first + 1);
      const rows = await rowsOf<Row>(
        context,
        `SELECT ${COLUMNS} FROM data_jobs ${where.where()} ORDER BY created_at DESC, id DESC LIMIT ${limit}`,
        where.parameters,
      );
      return pageOf(rows, page.first, (row) => [row.createdAt.toISOString(), row.id]);
    },
    countDataJobs: async (filter = {}) => {
      const where = filterOf(filter);
      const sql = `SELECT count(*)::int AS n FROM data_jobs ${where.where()}`;
      return (await rowsOf<{ n: number }>(context, sql, where.parameters))[0].n;
    },
    claimDataJob: async (id) => {
      const [row] = await rowsOf<Row>(
        context,
        `UPDATE data_jobs SET status = 'RUNNING', attempts = attempts + 1, heartbeat_at = now(), started_at = coalesce(started_at, now())
         WHERE id = $1 AND shop_id = $2 AND status = 'QUEUED' RETURNING ${COLUMNS}`,
        [id, shopId],
      );
      return row ?? null;
    },
    beatDataJob: async (id, progress) => {
      const [row] = await rowsOf<{ isWished: boolean }>(
        context,
        `UPDATE data_jobs SET heartbeat_at = now(), progress = greatest(progress, coalesce($2, progress)), message = coalesce($3, message)
         WHERE id = $1 AND status = 'RUNNING' RETURNING cancel_requested AS "isWished"`,
        [id, progress?.share ?? null, progress?.message ?? null],
      );
      return row?.isWished ?? false;
    },
    endDataJob: async (id, { status, report, error }) => {
      await rowsOf(
        context,
        `UPDATE data_jobs SET status = $2, report = $3, error = $4, finished_at = now(), message = '',
           progress = CASE WHEN $2 = 'SUCCEEDED' THEN 1 ELSE progress END
         WHERE id = $1 AND status = 'RUNNING'`,
        [id, status, report ? JSON.stringify(report) : null, error ? JSON.stringify(error) : null],
      );
    },
    releaseDataJob: async ({ id, heartbeatAt }, { isCounted } = { isCounted: true }) => {
      const rows = await rowsOf(
        context,
        `UPDATE data_jobs SET status = 'QUEUED', heartbeat_at = now(), attempts = attempts - $3
         WHERE id = $1 AND status = 'RUNNING' AND ($2::timestamptz IS NULL OR heartbeat_at = $2) RETURNING id`,
        [id, isCounted ? heartbeatAt : null, isCounted ? 0 : 1],
      );
      return rows.length > 0;
    },
    cancelDataJob: async (id) => {
      const [row] = isUuid(id) ? await byIds([id]) : [null];
      if (!row) throw new AppError('NOT_FOUND', `There is no data job ${id}.`);
      const [cancelled] = await rowsOf<Row>(
        context,
        `UPDATE data_jobs SET cancel_requested = true, status = CASE WHEN status = 'QUEUED' THEN 'CANCELLED' ELSE status END,
           finished_at = CASE WHEN status = 'QUEUED' THEN now() END
         WHERE id = $1 AND status IN ('QUEUED', 'RUNNING') RETURNING ${COLUMNS}`,
        [id],
      );
      if (!cancelled) throw new AppError('CONFLICT', `The data job ${id} has ended as ${row.status}.`);
      return cancelled;
    },
  };
}

function addDataJob({ pool, shopId }: ShopContext, job: NewDataJob): Promise<DataJobRow> {
  const { kind, subject, input, isAlone } = job;
  return inTransaction(pool, async (client) => {
    // Two that start at once wait for each other here, so that the second sees the first.
    await client.query(`SELECT pg_advisory_xact_lock(hashtext('tandem.data-jobs'), $1)`, [shopId]);
    const { rows: active } = await client.query<{ id: string; status: string; isSame: boolean }>(
      `SELECT id, status, kind = $1 AND subject = $2 AS "isSame" FROM data_jobs WHERE shop_id = $3 AND status IN ('QUEUED', 'RUNNING')`,
      [kind, subject, shopId],
    );
    const same = isAlone ? active.find(({ isSame }) => isSame) : undefined;
    if (same !== undefined) {
      const message = `A job of the kind ${kind} is ${same.status} for ${subject} already. Wait for it, or cancel it.`;
      throw new AppError('CONFLICT', message, { jobId: same.id });
    }
    if (active.length >= MAX_WAITING) {
      const message = `${active.length} data jobs wait or run; at most ${MAX_WAITING} may. Wait, or cancel some.`;
      throw new AppError('LIMIT_EXCEEDED', message, { limit: MAX_WAITING });
    }
    const { rows } = await client.query<DataJobRow>(
      `INSERT INTO data_jobs (shop_id, kind, subject, input) VALUES ($1, $2, $3, $4) RETURNING ${COLUMNS}`,
      [shopId, kind, subject, JSON.stringify(input)],
    );
    return rows[0];
  });
}

function filterOf({ kinds, statuses }: DataJobFilter): SqlFilter {
  const where = new SqlFilter();
  if (kinds) where.add('kind = ANY(?::text[])', kinds);
  if (statuses) where.add('status = ANY(?::text[])', statuses);
  return where;
}
