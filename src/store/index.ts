export * from './api-keys.js';
export * from './collect-store.js';
export { type EmbeddedOptions, type EmbeddedPostgres, startEmbeddedPostgres } from './embedded.js';
export type { HistoryBlock, HistoryFiles, RefreshReport } from './history-files.js';
export { migrate } from './migrate.js';
export { openStore, type StoreOptions } from './open-store.js';
export * from './rows.js';
export * from './shop-store.js';
