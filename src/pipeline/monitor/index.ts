/** Looks after the models in service: drift of their inputs, quality where labels have come due, alerts. Reaches no TensorFlow. */
export * from './check-shop.js';
export * from './feature-drift.js';
export type { LiveQuality, NotDue, Scorers } from './live-quality.js';
export { ALERTS_CHANNEL, raiseAlerts } from './raise-alerts.js';
export * from './rules.js';
export { type Stability, stabilityIndex, stabilityOf } from './stability.js';
