/** Pulls and crawls of one shop that happen by the clock. */
import { AppError } from '../errors.js';
import { isUuid } from './row-checks.js';
import type { Rhythm, ScheduleRow, ScheduleStore } from './schedule-store.js';
import { rowsOf, type ShopContext } from './shop-context.js';

const COLUMNS = `s.id, s.kind, s.subject, s.connection_id AS "connectionId", s.input, s.cron, s.every_minutes AS "everyMinutes",
  s.time_zone AS "timeZone", s.is_paused AS "isPaused", s.next_at AS "nextAt", s.failures, s.job_id AS "jobId",
  j.status AS "jobStatus", j.error AS "jobError", s.created_at AS "createdAt"`;

type Row = Omit<ScheduleRow, 'rhythm'> & Rhythm & Record<string, unknown>;

export function scheduleStore(context: ShopContext): ScheduleStore {
  const { shopId } = context;
  const select = async (condition: string, parameters: unknown[] = []): Promise<ScheduleRow[]> => {
    const rows = await rowsOf<Row>(
      context,
      `SELECT ${COLUMNS} FROM source_schedules s LEFT JOIN data_jobs j ON j.id = s.job_id
       WHERE ${condition} ORDER BY s.created_at, s.id`,
      parameters,
    );
    return rows.map(toSchedule);
  };
  const byId = async (id: string): Promise<ScheduleRow | null> =>
    isUuid(id) ? ((await select('s.id = $1', [id])).at(0) ?? null) : null;
  const isDone = async (sql: string, parameters: unknown[]): Promise<boolean> =>
    (await rowsOf(context, sql, parameters)).length > 0;
  return {
    schedules: () => select('true'),
    scheduleById: byId,
    saveSchedule: async ({ kind, subject, connectionId, input, rhythm, nextAt }) => {
      const [{ id }] = await rowsOf<{ id: string }>(
        context,
        `INSERT INTO source_schedules (shop_id, kind, subject, connection_id, input, cron, every_minutes, time_zone, next_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (shop_id, kind, subject) DO UPDATE SET connection_id = excluded.connection_id, input = excluded.input,
           cron = excluded.cron, every_minutes = excluded.every_minutes, time_zone = excluded.time_zone,
           next_at = excluded.next_at, is_paused = false, failures = 0
         RETURNING id`,
        [
          shopId,
          kind,
          subject,
          connectionId,
          JSON.stringify(input),
          rhythm.cron,
          rhythm.everyMinutes,
          rhythm.timeZone,
          nextAt,
        ],
      );
      return (await select('s.id = $1', [id]))[0];
    },
    continueSchedule: async (id, nextAt) => {
      if (isUuid(id))
        await rowsOf(
          context,
          'UPDATE source_schedules SET is_paused = $2::timestamptz IS NULL, next_at = coalesce($2, next_at) WHERE id = $1',
          [id, nextAt],
        );
      const row = await byId(id);
      if (row === null) throw new AppError('NOT_FOUND', `There is no schedule ${id}.`);
      return row;
    },
    removeSchedule: async (id) =>
      isUuid(id) && (await isDone('DELETE FROM source_schedules WHERE id = $1 RETURNING id', [id])),
    schedulesToTend: () =>
      select(
        `(NOT s.is_settled AND (j.id IS NULL OR j.status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')))
         OR (NOT s.is_paused AND s.next_at <= now())`,
      ),
    turnSchedule: ({ id, nextAt: seen }, nextAt, jobId) =>
      isDone(
        `UPDATE source_schedules SET next_at = $3, job_id = coalesce($4, job_id), is_settled = is_settled AND $4::uuid IS NULL
         WHERE id = $1 AND next_at = $2 AND NOT is_paused RETURNING id`,
        [id, seen, nextAt, jobId ?? null],
      ),
    settleSchedule: ({ id, jobId }, { failures, nextAt }) =>
      isDone(
        `UPDATE source_schedules SET is_settled = true, failures = $3, next_at = coalesce($4, next_at)
         WHERE id = $1 AND job_id = $2 AND NOT is_settled RETURNING id`,
        [id, jobId, failures, nextAt ?? null],
      ),
  };
}

function toSchedule({ cron, everyMinutes, timeZone, ...row }: Row): ScheduleRow {
  return { ...row, input: row.input, rhythm: { cron, everyMinutes, timeZone } as Rhythm };
}
