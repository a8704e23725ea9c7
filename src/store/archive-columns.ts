/** What of each growing table goes into an archive: the fields of the shop's own rows, so that an archive can be imported again. */
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';

import type { PartitionedTable } from './partitions.js';

export const RETENTION_KINDS = ['BEHAVIOURS', 'TRANSACTIONS', 'IMPRESSIONS', 'FEEDBACK'] as const;
export type RetentionKind = (typeof RETENTION_KINDS)[number];

type ArchivedType = 'STRING' | 'INT32' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP';

/** A growing table: its key, its time, and its archived columns with the SQL of each (`t` is the table, `u` its user, `i` its item). */
export interface GrowingTable {
  readonly table: PartitionedTable;
  /** What remembers its ids, and the names of key columns there; null where the ids are the application's own. */
  readonly ids: readonly [table: string, columns: readonly string[]] | null;
  readonly key: readonly [name: string, type: string][];
  readonly time: string;
  readonly joins: string;
  readonly columns: Readonly<Record<string, readonly [sql: string, type: ArchivedType]>>;
}

const USER = 'LEFT JOIN users u ON u.id = t.user_id';
const ITEM = 'LEFT JOIN items i ON i.id = t.item_id';

export const GROWING_TABLES: Readonly<Record<RetentionKind, GrowingTable>> = {
  BEHAVIOURS: {
    table: 'behaviours',
    ids: ['behaviour_keys', ['user_id', 'event_id']],
    key: [
      ['user_id', 'int'],
      ['occurred_at', 'timestamptz'],
      ['event_id', 'text'],
    ],
    time: 'occurred_at',
    joins: `${USER} ${ITEM}`,
    columns: {
      eventId: ['t.event_id', 'STRING'],
      userId: ['u.external_id', 'STRING'],
      itemId: ['i.external_id', 'STRING'],
      type: ['t.type::text', 'STRING'],
      occurredAt: ['t.occurred_at', 'TIMESTAMP'],
      sessionId: ['t.session_id', 'STRING'],
      quantity: ['t.quantity', 'INT32'],
      value: ['t.value::text', 'STRING'],
      context: ['t.context::text', 'STRING'],
    },
  },
  TRANSACTIONS: {
    table: 'transactions',
    ids: ['transaction_keys', ['user_id', 'external_id']],
    key: [
      ['user_id', 'int'],
      ['occurred_at', 'timestamptz'],
      ['external_id', 'text'],
    ],
    time: 'occurred_at',
    joins: USER,
    columns: {
      id: ['t.external_id', 'STRING'],
      userId: ['u.external_id', 'STRING'],
      amount: ['t.amount::text', 'STRING'],
      currency: ['t.currency', 'STRING'],
      occurredAt: ['t.occurred_at', 'TIMESTAMP'],
      items: ['t.lines::text', 'STRING'],
      paymentMethod: ['t.payment_method', 'STRING'],
      deviceId: ['t.device_id', 'STRING'],
      ipCountry: ['t.ip_country', 'STRING'],
      billingCountry: ['t.billing_country', 'STRING'],
      shippingCountry: ['t.shipping_country', 'STRING'],
      isFraud: ['t.is_fraud', 'BOOLEAN'],
    },
  },
  IMPRESSIONS: {
    table: 'impressions',
    ids: null,
    key: [
      ['user_key', 'text'],
      ['shown_at', 'timestamptz'],
      ['id', 'uuid'],
    ],
    time: 'shown_at',
    joins: ITEM,
    columns: {
      id: ['t.id::text', 'STRING'],
      userId: ['t.user_key', 'STRING'],
      itemId: ['i.external_id', 'STRING'],
      modelVersionId: ['t.model_version_id::text', 'STRING'],
      rank: ['t.rank', 'INT32'],
      score: ['t.score', 'DOUBLE'],
      reason: ['t.reason', 'STRING'],
      shownAt: ['t.shown_at', 'TIMESTAMP'],
    },
  },
  FEEDBACK: {
    table: 'feedback',
    ids: ['feedback_keys', ['user_key', 'event_id']],
    key: [
      ['user_key', 'text'],
      ['occurred_at', 'timestamptz'],
      ['event_id', 'text'],
    ],
    time: 'occurred_at',
    joins: ITEM,
    columns: {
      eventId: ['t.event_id', 'STRING'],
      userId: ['t.user_key', 'STRING'],
      impressionId: ['t.impression_id::text', 'STRING'],
      itemId: ['i.external_id', 'STRING'],
      kind: ['t.kind', 'STRING'],
      occurredAt: ['t.occurred_at', 'TIMESTAMP'],
    },
  },
};

/** Rows as a Parquet file. @param rows each with the table's archived columns by name */
export function toParquet(table: GrowingTable, rows: readonly Record<string, unknown>[]): Uint8Array {
  const columnData: ColumnSource[] = Object.entries(table.columns).map(([name, [, type]]) => ({
    name,
    type,
    nullable: true,
    data: rows.map((row) => row[name]),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}
