/** Enums of data in: imports, connections, quarantine, retention. */
import type { DateOrder, ItemKey, RecordKind, Resource, Source } from '../../pipeline/collect/index.js';
import { DATE_ORDERS, RECORD_KINDS } from '../../pipeline/collect/index.js';
import {
  DATA_JOB_KINDS,
  type DataJobKind,
  QUARANTINE_STATES,
  type QuarantineState,
  RETENTION_KINDS,
  type RetentionKind,
} from '../../store/index.js';
import { enumOf } from './enums.enum.js';

export const DataJobKindEnum = enumOf<DataJobKind>('DataJobKind', 'What a data job does.', DATA_JOB_KINDS, {
  IMPORT: 'Brings a file into the shop.',
  PULL: 'Pulls from another shop system what changed there.',
  CRAWL: 'Reads a catalogue from web pages.',
  RETENTION: 'Removes what is older than the shop keeps.',
  REPLAY: 'Tries rows in quarantine again.',
});

export const RecordKindEnum = enumOf<RecordKind>(
  'RecordKind',
  'What the lines of a file are.',
  RECORD_KINDS,
  {
    BEHAVIOURS: 'Something that a user did.',
    USERS: 'A user.',
    ITEMS: 'An item.',
    TRANSACTIONS: 'An order.',
  },
);

export const DateOrderEnum = enumOf<DateOrder>(
  'DateOrder',
  'Order of the parts in dates such as 03/04/2011.',
  DATE_ORDERS,
  { YMD: 'Year, month, day.', DMY: 'Day, month, year.', MDY: 'Month, day, year.' },
);

export const QuarantineStateEnum = enumOf<QuarantineState>(
  'QuarantineState',
  'What became of a row that could not be taken in.',
  QUARANTINE_STATES,
  {
    WAITING: 'Waits to be mended and replayed.',
    REPLAYED: 'Is in the shop now.',
    DISCARDED: 'Was given up, or a cleaning rule leaves it out.',
  },
);

export const RetentionKindEnum = enumOf<RetentionKind>(
  'RetentionKind',
  'Rows that grow with traffic.',
  RETENTION_KINDS,
  {
    BEHAVIOURS: 'What users did.',
    TRANSACTIONS: 'Orders.',
    IMPRESSIONS: 'What was shown to whom.',
    FEEDBACK: 'What became of what was shown.',
  },
);

export const SourceSystemEnum = enumOf<Uppercase<Source>>(
  'SourceSystem',
  'A kind of shop system.',
  ['SHOPIFY', 'WOOCOMMERCE'],
  { SHOPIFY: 'Shopify, Admin API.', WOOCOMMERCE: 'WooCommerce, REST API version 3.' },
);

export type SourceApi = 'GRAPHQL' | 'REST';
export const SourceApiEnum = enumOf<SourceApi>('SourceApi', 'Which of Shopify’s APIs.', ['GRAPHQL', 'REST'], {
  GRAPHQL: 'The GraphQL Admin API.',
  REST: 'The REST Admin API.',
});

export const SourceResourceEnum = enumOf<Uppercase<Resource>>(
  'SourceResource',
  'What is pulled from a shop system.',
  ['PRODUCTS', 'CUSTOMERS', 'ORDERS'],
  { PRODUCTS: 'Items.', CUSTOMERS: 'Users.', ORDERS: 'Purchases, refunds and transactions.' },
);

export const SourceItemKeyEnum = enumOf<Uppercase<ItemKey>>(
  'SourceItemKey',
  'What an item is.',
  ['PRODUCT', 'SKU'],
  { PRODUCT: 'A product of the system.', SKU: 'A variant by its SKU, as in CSV exports.' },
);
