import { type AnalyticsShop, IN_RANGE, rangeParameters, type TimeRange } from './range.js';

export interface ItemTotals {
  /** Internal id. */
  readonly itemKey: number;
  readonly behaviours: number;
  readonly users: number;
  /** Sold less given back. */
  readonly units: number;
  /** Decimal string: taken less given back. */
  readonly revenue: string;
}

/** Items by revenue, then by how much was done with them. */
export function topItems(shop: AnalyticsShop, range: TimeRange, first: number): Promise<ItemTotals[]> {
  const signed = (amount: string) =>
    `coalesce(sum(CASE type WHEN 'PURCHASE' THEN ${amount} WHEN 'REFUND' THEN -${amount} END), 0)`;
  const sql = `SELECT item_id AS "itemKey", count(*)::int AS behaviours, count(DISTINCT user_id)::int AS users,
      ${signed('coalesce(quantity, 1)')}::float8 AS units, round(${signed('value')}, 2)::text AS revenue
    FROM behaviours WHERE ${IN_RANGE} AND item_id IS NOT NULL
    GROUP BY item_id ORDER BY ${signed('value')} DESC, behaviours DESC, item_id LIMIT $4`;
  return shop.query<ItemTotals>(sql, [...rangeParameters(shop, range), first]);
}
