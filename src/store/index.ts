export * from './rows.js';
export * from './shop-store.js';
