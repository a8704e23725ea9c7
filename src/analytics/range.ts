import type { ShopStore } from '../store/index.js';

/** What analytics ask of a shop: its number, and SQL under its row-level security. */
export type AnalyticsShop = Pick<ShopStore, 'shopId' | 'query'>;

/** From a moment up to, but without, another. */
export interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** Parameters $1 to $3 of every statement here; the shop is named beside row-level security so that its index serves. */
export function rangeParameters(shop: AnalyticsShop, range: TimeRange): [number, Date, Date] {
  return [shop.shopId, range.from, range.to];
}

export const IN_RANGE = 'shop_id = $1 AND occurred_at >= $2 AND occurred_at < $3';
