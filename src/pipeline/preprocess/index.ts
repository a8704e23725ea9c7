export {
  MAX_EARLIER_TRANSACTIONS,
  TRANSACTION_FEATURES,
  transactionContexts,
  type TransactionFeature,
  transactionFeatures,
} from './transaction-features.js';
