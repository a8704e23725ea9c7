import type { BehaviourType } from '../pipeline/index.js';
import { type AnalyticsShop, IN_RANGE, rangeParameters, type TimeRange } from './range.js';

const MAX_STEPS = 5;

export interface Path {
  readonly steps: BehaviourType[];
  readonly sessions: number;
}

/** The commonest sequences of behaviour types within a session; the same type several times in a row is one step. */
export function topPaths(shop: AnalyticsShop, range: TimeRange, first: number): Promise<Path[]> {
  const sql = `WITH steps AS (
      SELECT user_id, session_id, type, occurred_at, event_id, lag(type) OVER session AS previous
      FROM behaviours WHERE ${IN_RANGE} AND session_id IS NOT NULL
      WINDOW session AS (PARTITION BY user_id, session_id ORDER BY occurred_at, event_id)),
    turns AS (
      SELECT user_id, session_id, type, row_number() OVER (PARTITION BY user_id, session_id ORDER BY occurred_at, event_id) AS place
      FROM steps WHERE previous IS DISTINCT FROM type),
    paths AS (
      SELECT array_agg(type::text ORDER BY place) AS steps FROM turns WHERE place <= ${MAX_STEPS} GROUP BY user_id, session_id)
    SELECT steps, count(*)::int AS sessions FROM paths GROUP BY steps ORDER BY 2 DESC, 1 LIMIT $4`;
  return shop.query<Path>(sql, [...rangeParameters(shop, range), first]);
}
