export { type CleaningRuleCount } from './cleaning.js';
export { HistoryBuilder } from './history-builder.js';
export { type OnlineRetailReport, readOnlineRetail } from './read-online-retail.js';
