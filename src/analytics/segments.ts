import { type AnalyticsShop, IN_RANGE, rangeParameters, type TimeRange } from './range.js';

export interface Segment {
  readonly name: string;
  readonly users: number;
  /** Share of all buyers, 0 to 1. */
  readonly share: number;
  /** Means over the segment's users. */
  readonly recencyDays: number;
  readonly frequency: number;
  /** Decimal string. */
  readonly monetary: string;
}

/** 1 to 5 by the share of buyers that lie below. */
const score = (value: string): string => `least(5, 1 + floor(5 * percent_rank() OVER (ORDER BY ${value})))`;

/**
 * Buyers of the range by recency, frequency and money: each is scored 1 to 5 by its place among all buyers (equal values get the
 * lower score), and frequency and money count together. Recency is measured at the range's end, or at the latest behaviour if that is earlier.
 */
export async function rfmSegments(shop: AnalyticsShop, range: TimeRange): Promise<Segment[]> {
  const sql = `WITH buyers AS (
      SELECT user_id, max(occurred_at) FILTER (WHERE type = 'PURCHASE') AS last,
        count(DISTINCT coalesce(session_id, occurred_at::date::text)) FILTER (WHERE type = 'PURCHASE') AS orders,
        sum(CASE type WHEN 'PURCHASE' THEN value WHEN 'REFUND' THEN -value END) AS money
      FROM behaviours WHERE ${IN_RANGE} AND type IN ('PURCHASE', 'REFUND')
      GROUP BY user_id HAVING bool_or(type = 'PURCHASE')),
    clock AS (SELECT max(last) AS now FROM buyers),
    scored AS (
      SELECT extract(epoch FROM clock.now - last) / 86400 AS recency, orders, coalesce(money, 0) AS money,
        ${score('last')} AS r, (${score('orders')} + ${score('coalesce(money, 0)')}) / 2 AS fm
      FROM buyers CROSS JOIN clock)
    SELECT CASE
        WHEN r >= 4 AND fm >= 4 THEN 'Champions'
        WHEN r >= 3 AND fm >= 3 THEN 'Loyal'
        WHEN r >= 4 THEN 'New'
        WHEN r >= 3 THEN 'Needs attention'
        WHEN fm >= 4 THEN 'Cannot lose'
        WHEN fm >= 3 THEN 'At risk'
        ELSE 'Hibernating' END AS name,
      count(*)::int AS users, (count(*) / sum(count(*)) OVER ())::float8 AS share, avg(recency)::float8 AS "recencyDays",
      avg(orders)::float8 AS frequency, round(avg(money), 2)::text AS monetary
    FROM scored GROUP BY 1 ORDER BY 2 DESC, 1`;
  return shop.query<Segment>(sql, rangeParameters(shop, range));
}
