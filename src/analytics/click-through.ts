import { type AnalyticsShop, rangeParameters, type TimeRange } from './range.js';

export interface ClickThroughCounts {
  readonly shown: number;
  readonly clicked: number;
  readonly bought: number;
  /** clicked / shown; 0 where nothing was shown. */
  readonly rate: number;
}

/** What became of the impressions shown in the range, whenever the feedback on them came. Each impression counts once a kind. */
export async function clickThrough(shop: AnalyticsShop, range: TimeRange): Promise<ClickThroughCounts> {
  const sql = `WITH shown AS (SELECT id FROM impressions WHERE shop_id = $1 AND shown_at >= $2 AND shown_at < $3)
    SELECT (SELECT count(*) FROM shown)::int AS shown,
      count(DISTINCT f.impression_id) FILTER (WHERE f.kind = 'CLICKED')::int AS clicked,
      count(DISTINCT f.impression_id) FILTER (WHERE f.kind = 'BOUGHT')::int AS bought
    FROM feedback f JOIN shown ON shown.id = f.impression_id WHERE f.shop_id = $1`;
  const [counts] = await shop.query<Omit<ClickThroughCounts, 'rate'>>(sql, rangeParameters(shop, range));
  return { ...counts, rate: counts.shown === 0 ? 0 : counts.clicked / counts.shown };
}
