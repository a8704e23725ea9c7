import type { BehaviourType } from '../pipeline/index.js';
import { type AnalyticsShop, IN_RANGE, rangeParameters, type TimeRange } from './range.js';

/** The steps from looking to buying, in order. */
const STEPS: readonly BehaviourType[] = ['VIEW', 'SEARCH', 'FAVOURITE', 'ADD_TO_CART', 'PURCHASE'];

export interface FunnelCount {
  readonly type: BehaviourType;
  readonly users: number;
  readonly behaviours: number;
  /** Share of the users active in the range, 0 to 1. */
  readonly rate: number;
}

/** How many users take each step. Steps that the shop does not record are left out. */
export async function behaviourFunnel(shop: AnalyticsShop, range: TimeRange): Promise<FunnelCount[]> {
  const sql = `SELECT type::text AS type, count(DISTINCT user_id)::int AS users, count(*)::int AS behaviours
    FROM behaviours WHERE ${IN_RANGE} GROUP BY GROUPING SETS ((type), ())`;
  const rows = await shop.query<{ type: BehaviourType | null; users: number; behaviours: number }>(
    sql,
    rangeParameters(shop, range),
  );
  const active = rows.find((row) => row.type === null)?.users ?? 0;
  return STEPS.flatMap((type) => {
    const row = rows.find((found) => found.type === type);
    return row ? [{ type, users: row.users, behaviours: row.behaviours, rate: row.users / active }] : [];
  });
}
