import { type AnalyticsShop, rangeParameters, type TimeRange } from './range.js';

export interface Cohort {
  /** Month of the first purchase, YYYY-MM. */
  readonly month: string;
  readonly users: number;
  /** Share who bought in month 0, 1, 2 … after the first, up to the last month of the range. */
  readonly retention: number[];
}

/** Users by the month of their first purchase ever, for months that begin in the range, and how many bought again month by month. */
export async function purchaseCohorts(shop: AnalyticsShop, range: TimeRange): Promise<Cohort[]> {
  const sql = `WITH months AS (
      SELECT DISTINCT user_id, date_trunc('month', occurred_at AT TIME ZONE 'UTC') AS month
      FROM behaviours WHERE shop_id = $1 AND type = 'PURCHASE' AND occurred_at < $3),
    cohorts AS (SELECT user_id, min(month) AS cohort FROM months GROUP BY user_id)
    SELECT to_char(cohort, 'YYYY-MM') AS cohort, to_char(month, 'YYYY-MM') AS month, count(*)::int AS users
    FROM months JOIN cohorts USING (user_id)
    WHERE cohort >= date_trunc('month', $2::timestamptz AT TIME ZONE 'UTC')
    GROUP BY 1, 2 ORDER BY 1, 2`;
  const rows = await shop.query<{ cohort: string; month: string; users: number }>(
    sql,
    rangeParameters(shop, range),
  );
  const last = rows.reduce((latest, row) => (row.month > latest ? row.month : latest), '');
  const cohorts = new Map<string, number[]>();
  for (const { cohort, month, users } of rows) {
    const counts = cohorts.get(cohort) ?? new Array<number>(monthsBetween(cohort, last) + 1).fill(0);
    counts[monthsBetween(cohort, month)] = users;
    cohorts.set(cohort, counts);
  }
  return [...cohorts].map(([month, counts]) => ({
    month,
    users: counts[0],
    retention: counts.map((users) => users / counts[0]),
  }));
}

/** Whole months from one YYYY-MM to another. */
function monthsBetween(from: string, to: string): number {
  const index = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
  return index(to) - index(from);
}
