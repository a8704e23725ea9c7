export * from './api-keys.js';
export { RETENTION_KINDS, type RetentionKind } from './archive-columns.js';
export * from './collect-store.js';
export type { ConnectionRow, ConnectionStore, ConnectionWrite } from './connections.js';
export {
  DATA_JOB_KINDS,
  type DataJobFilter,
  type DataJobKind,
  type DataJobRow,
  type DataJobStore,
  type NewDataJob,
} from './data-job-store.js';
export { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.js';
export * from './evaluation-rows.js';
export type { HistoryBlock } from './history-blocks.js';
export type { HistoryFiles, RefreshReport } from './history-files.js';
export { migrate } from './migrate.js';
export { openStore, type StoreOptions } from './open-store.js';
export type { RetentionOptions, RetentionPolicy, RetentionReport } from './retention.js';
export * from './rows.js';
export { runIsActive } from './runs.js';
export * from './schedule-store.js';
export * from './shop-store.js';
export { requireTrial, type TrialClaim } from './trials.js';
