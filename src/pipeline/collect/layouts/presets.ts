import { type FieldMapping, guessMapping, type RecordKind } from '../fields.js';
import { hasColumns } from './columns.js';
import {
  type Layout,
  type LayoutOptions,
  type MappedOptions,
  type RecordMapper,
  type RowSink,
} from './layout.js';
import { MappedBehaviours } from './mapped-behaviours.js';
import { MappedItems, MappedTransactions, MappedUsers } from './mapped-entities.js';

/** Makes the mapper of a kind. @throws AppError BAD_USER_INPUT for a mapping that the columns do not allow */
export function createMappedMapper(
  kind: RecordKind,
  columns: readonly string[],
  fields: FieldMapping,
  sink: RowSink,
  options: MappedOptions,
): RecordMapper {
  switch (kind) {
    case 'BEHAVIOURS':
      return new MappedBehaviours(columns, fields, sink, options);
    case 'USERS':
      return new MappedUsers(columns, fields, sink);
    case 'ITEMS':
      return new MappedItems(columns, fields, sink, options);
    case 'TRANSACTIONS':
      return new MappedTransactions(columns, fields, sink, options);
  }
}

/** A layout that is a fixed mapping of columns to the fields of behaviours. */
function behaviourPreset(preset: {
  name: string;
  title: string;
  description: string;
  fields: FieldMapping;
  recognises: Layout['recognises'];
  columnsWithoutHeader?: readonly string[];
  settings?: Partial<MappedOptions>;
}): Layout {
  const { fields, settings, ...rest } = preset;
  return {
    ...rest,
    mapping: () => ({ kind: 'BEHAVIOURS', fields }),
    createMapper: (columns, sink, options) =>
      new MappedBehaviours(columns, fields, sink, {
        ...settings,
        ...withoutUndefined(options),
        eventPrefix: preset.name,
      }),
  };
}

/** REES46 Marketing Platform's events of a multi-category shop (2019 and on). */
export const rees46Layout = behaviourPreset({
  name: 'rees46',
  title: 'REES46 multi-category shop',
  description:
    'Events: event_time, event_type, product_id, category_id, category_code, brand, price, user_id, user_session.',
  fields: {
    occurredAt: 'event_time',
    type: 'event_type',
    itemId: 'product_id',
    category: 'category_code',
    price: 'price',
    userId: 'user_id',
    sessionId: 'user_session',
  },
  recognises: (columns) =>
    hasColumns(columns, ['event_time', 'event_type', 'product_id', 'user_id', 'user_session']),
  settings: {
    categorySeparator: '.',
    itemAttributes: { brand: 'brand', categoryId: 'category_id' },
    currency: 'USD',
  },
});

/** RetailRocket's events (2015). */
export const retailRocketLayout = behaviourPreset({
  name: 'retailrocket',
  title: 'RetailRocket events',
  description: 'Events: timestamp (milliseconds), visitorid, event, itemid, transactionid.',
  fields: {
    occurredAt: 'timestamp',
    userId: 'visitorid',
    type: 'event',
    itemId: 'itemid',
    sessionId: 'transactionid',
  },
  recognises: (columns) =>
    hasColumns(columns, ['timestamp', 'visitorid', 'event', 'itemid', 'transactionid']),
});

const TAOBAO_COLUMNS = ['user', 'item', 'category', 'behaviour', 'seconds'] as const;
const TAOBAO_TYPES = new Set(['pv', 'buy', 'cart', 'fav']);

/** Taobao's UserBehavior (Alibaba Tianchi, 2018): no header line. */
export const taobaoLayout = behaviourPreset({
  name: 'taobao',
  title: 'Taobao user behaviour',
  description: 'No header; user, item, category, behaviour (pv, cart, fav, buy), Unix seconds.',
  columnsWithoutHeader: TAOBAO_COLUMNS,
  fields: { userId: 'user', itemId: 'item', category: 'category', type: 'behaviour', occurredAt: 'seconds' },
  recognises: (columns, firstRecords) =>
    columns.length === 5 &&
    [columns, ...firstRecords].every((record) => record.length === 5 && TAOBAO_TYPES.has(String(record[3]))),
});

/** RecBole's atomic files: tab-separated, `name:type` in the header (Zhao et al., CIKM 2021). */
export const recboleLayout: Layout = {
  name: 'recbole',
  title: 'RecBole atomic files (.inter, .item, .user)',
  description:
    'A header of name:type (token, float, token_seq, float_seq): ratings or interactions, items, users.',
  recognises: (columns) => columns.length > 1 && columns.every((column) => RECBOLE_TYPE.test(column)),
  mapping: recboleMapping,
  createMapper(columns, sink, options) {
    const { kind, fields } = recboleMapping(columns);
    return createMappedMapper(kind, columns.map(withoutType), withoutTypes(fields), sink, {
      ...options,
      eventPrefix: 'recbole',
      categorySeparator: ' ',
    });
  },
};

const RECBOLE_TYPE = /:(token|float|token_seq|float_seq)$/;

function recboleMapping(columns: readonly string[]): { kind: RecordKind; fields: FieldMapping } {
  const names = columns.map(withoutType);
  const isOf = (name: string) => names.includes(name);
  const kind = isOf('user_id') && isOf('item_id') ? 'BEHAVIOURS' : isOf('item_id') ? 'ITEMS' : 'USERS';
  const guessed = guessMapping(names, kind);
  const fields = Object.entries(guessed).map(([field, name]) => [field, columns[names.indexOf(name)]]);
  return { kind, fields: Object.fromEntries(fields) as FieldMapping };
}

function withoutType(column: string): string {
  return column.replace(RECBOLE_TYPE, '');
}

function withoutTypes(fields: FieldMapping): FieldMapping {
  return Object.fromEntries(Object.entries(fields).map(([field, column]) => [field, withoutType(column)]));
}

/** So that an option that was not given does not overwrite the layout's own setting. */
function withoutUndefined(options: LayoutOptions): LayoutOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as LayoutOptions;
}
