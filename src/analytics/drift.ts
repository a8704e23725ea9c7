import { stabilityIndex } from '../pipeline/monitor/index.js';
import { type AnalyticsShop, type TimeRange } from './range.js';

export interface Drift {
  readonly feature: string;
  /** Population stability index; above 0.2 the feature has shifted. */
  readonly psi: number;
}

/** How far back the reference reaches. */
const REFERENCE_DAYS = 365;

/**
 * Population stability index of what an order looks like: its value, lines, hour, and days since the order before; orders of the
 * range against those of the year before `learnedUntil`, over bins that hold a tenth of the reference each (PSI as in credit
 * scoring: Siddiqi, 2006). Features without orders on both sides are left out.
 */
export async function orderDrift(
  shop: AnalyticsShop,
  range: TimeRange,
  learnedUntil: Date,
): Promise<Drift[]> {
  const sql = `WITH orders AS (
      SELECT user_id, min(occurred_at) AS at, sum(value)::float8 AS value, count(*)::float8 AS lines
      FROM behaviours WHERE shop_id = $1 AND type = 'PURCHASE' AND occurred_at >= least($4::timestamptz, $2::timestamptz)
        AND occurred_at < greatest($5::timestamptz, $3::timestamptz)
      GROUP BY user_id, coalesce(session_id, event_id)),
    features AS (
      SELECT o.at, f.name, f.x FROM (
        SELECT *, lag(at) OVER (PARTITION BY user_id ORDER BY at) AS before FROM orders) o
      CROSS JOIN LATERAL (VALUES ('orderValue', o.value), ('orderLines', o.lines),
        ('hourOfDay', extract(hour FROM o.at AT TIME ZONE 'UTC')::float8),
        ('daysSinceLastOrder', extract(epoch FROM o.at - o.before)::float8 / 86400)) AS f(name, x)
      WHERE f.x IS NOT NULL),
    edges AS (
      SELECT name, percentile_disc(ARRAY[.1, .2, .3, .4, .5, .6, .7, .8, .9]) WITHIN GROUP (ORDER BY x) AS edges
      FROM features WHERE at >= $4 AND at < $5 GROUP BY name)
    SELECT name AS feature, width_bucket(x, edges) AS bin, count(*) FILTER (WHERE at >= $4 AND at < $5)::int AS reference,
      count(*) FILTER (WHERE at >= $2 AND at < $3)::int AS current
    FROM features JOIN edges USING (name) GROUP BY 1, 2 ORDER BY 1, 2`;
  const learnedFrom = new Date(learnedUntil.getTime() - REFERENCE_DAYS * 86_400_000);
  const parameters = [shop.shopId, range.from, range.to, learnedFrom, learnedUntil];
  const bins = new Map<string, { reference: number; current: number }[]>();
  for (const { feature, ...counts } of await shop.query<{
    feature: string;
    reference: number;
    current: number;
  }>(sql, parameters)) {
    bins.set(feature, [...(bins.get(feature) ?? []), counts]);
  }
  return [...bins].flatMap(([feature, counts]) => {
    const psi = stabilityIndex(counts);
    return psi === null ? [] : [{ feature, psi }];
  });
}
