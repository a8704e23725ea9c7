/** Data in: files, streams and the bundled sample become rows of the store, or a history without one. */
export { BOT_RULES, type BotEvidence } from './bots.js';
export { type Encoding, ENCODINGS } from './byte-source.js';
export { type CleaningRuleCount } from './cleaning.js';
export { ITEM_KEYS, type ItemKey, type Resource, RESOURCES } from './connect/connector.js';
export { accessOf, type ConnectorAccess, connectorOf, type Source, SOURCES } from './connect/connectors.js';
export { pullConnector, type PullOptions, type ResourceReport } from './connect/pull.js';
export { crawlCatalogue } from './crawl/crawl-catalogue.js';
export { type CrawlOptions, type CrawlReport } from './crawl/crawl-report.js';
export { checkRates, parseRates, type Rates } from './currencies.js';
export { downloadFile, type DownloadOptions } from './download.js';
export { FIELD_NAMES, type FieldMapping, type FieldName, RECORD_KINDS, type RecordKind } from './fields.js';
export { type FieldGuess, guessImport, type ImportGuess } from './guess-import.js';
export { HistoryBuilder } from './history-builder.js';
export { importFiles, type ImportOptions, type ImportProgress } from './import-files.js';
export { type ImportPlan, type PlanOptions } from './import-plan.js';
export { type FileReport, type ImportProblem, type ImportReport, type SkippedFile } from './import-report.js';
export { ingestBatch } from './ingest-batch.js';
export { INGEST_KINDS, type IngestKind } from './ingest-schemas.js';
export { type IngestOptions, type IngestReport, ingestStream } from './ingest-stream.js';
export { GENERIC, LAYOUTS } from './layouts/registry.js';
export { checkMapping, parseMapping } from './parse-mapping.js';
export { checkPublicAddress } from './public-address.js';
export { replayQuarantine, type ReplayReport } from './quarantine/replay.js';
export { type OnlineRetailReport, readOnlineRetail } from './read-online-retail.js';
export { type Cause } from './simulate/causes.js';
export { type DrivenTask, type Trait, TRAITS } from './simulate/process.js';
export { type Knowledge, ShopTruth } from './simulate/shop-truth.js';
export {
  type ShopBlock,
  simulateBlocks,
  type SimulatedShop,
  simulateShop,
} from './simulate/simulate-shop.js';
export {
  type SimulatedTransactions,
  simulateTransactions,
  SIMULATION_SEED,
} from './simulate/simulate-transactions.js';
export { type GivenSimulationOptions, type SimulationOptions } from './simulate/simulation-options.js';
export { type DemandTruth } from './simulate/true-demand.js';
export { writeSimulatedShop, type WrittenShop } from './simulate/write-shop.js';
export { checkTimeZone, DATE_ORDERS, type DateOrder } from './times.js';
export { MAX_UPLOAD_BYTES, type Upload, Uploads } from './uploads.js';
export { receiveWebhook, type WebhookOutcome, type WebhookRequest } from './webhooks/receive-webhook.js';
