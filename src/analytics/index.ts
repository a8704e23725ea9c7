/** Aggregates over a shop's behaviours: SQL in, rows out. */
export { clickThrough, type ClickThroughCounts } from './click-through.js';
export { type Cohort, purchaseCohorts } from './cohorts.js';
export { type Drift, orderDrift } from './drift.js';
export { behaviourFunnel, type FunnelCount } from './funnel.js';
export { type Path, topPaths } from './paths.js';
export { type AnalyticsShop, type TimeRange } from './range.js';
export { rfmSegments, type Segment } from './segments.js';
export { type ItemTotals, topItems } from './top-items.js';
