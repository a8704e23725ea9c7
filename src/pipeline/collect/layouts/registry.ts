import { AppError } from '../../../errors.js';
import { type FieldMapping, guessKind, guessMapping, type RecordKind } from '../fields.js';
import { type RecordSource } from '../record-source.js';
import { ga4Layout } from './ga4.js';
import { type Layout } from './layout.js';
import {
  movielensItemsLayout,
  movielensMoviesLayout,
  movielensRatingsLayout,
  movielensUsersLayout,
} from './movielens.js';
import { onlineRetailLayout } from './online-retail.js';
import {
  createMappedMapper,
  recboleLayout,
  rees46Layout,
  retailRocketLayout,
  taobaoLayout,
} from './presets.js';
import { retailRocketPropertiesLayout } from './retailrocket-properties.js';
import { segmentLayout } from './segment.js';
import { shopifyCustomersLayout, shopifyOrdersLayout, shopifyProductsLayout } from './shopify-exports.js';
import {
  wooCustomersLayout,
  wooOrderRowsLayout,
  wooOrdersLayout,
  wooProductsLayout,
} from './woocommerce-exports.js';

/** Known layouts, asked in this order; what none recognises is read by a mapping of columns. */
export const LAYOUTS: readonly Layout[] = [
  onlineRetailLayout,
  rees46Layout,
  retailRocketLayout,
  retailRocketPropertiesLayout,
  recboleLayout,
  movielensRatingsLayout,
  movielensItemsLayout,
  movielensMoviesLayout,
  movielensUsersLayout,
  taobaoLayout,
  segmentLayout,
  ga4Layout,
  shopifyOrdersLayout,
  shopifyCustomersLayout,
  shopifyProductsLayout,
  wooOrdersLayout,
  wooOrderRowsLayout,
  wooCustomersLayout,
  wooProductsLayout,
];

/** Name of the layout for everything else. */
export const GENERIC = 'generic';

export interface LayoutChoice {
  /** A known layout's name, or 'generic'; recognised from the file when not given. */
  readonly layout?: string;
  /** What the file holds; guessed from the columns when not given. Only for the generic layout. */
  readonly kind?: RecordKind;
  /** Columns by field, over the guessed ones. Only for the generic layout. */
  readonly mapping?: FieldMapping;
}

/**
 * The layout a file is read by: the one asked for, else the first that recognises it, else a mapping of columns.
 *
 * @throws AppError BAD_USER_INPUT for an unknown layout, a layout that does not fit, or a file whose kind cannot be told
 */
export function chooseLayout(source: RecordSource, choice: LayoutChoice): Layout {
  const records = source.firstRecords.filter(({ problem }) => problem === null).map(({ values }) => values);
  const { layout: name, mapping, kind } = choice;
  if (name === undefined) {
    const isOwnMapping = mapping !== undefined || kind !== undefined;
    const known = isOwnMapping
      ? undefined
      : LAYOUTS.find((layout) => layout.recognises(source.columns, records));
    return known ?? genericLayout(source, choice);
  }
  if (name === GENERIC) return genericLayout(source, choice);
  const known = LAYOUTS.find((layout) => layout.name === name);
  if (known === undefined) {
    const names = [...LAYOUTS.map((layout) => layout.name), GENERIC].join(', ');
    throw new AppError('BAD_USER_INPUT', `There is no layout ${name}; there are ${names}.`);
  }
  if (!known.recognises(source.columns, records)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${source.name} is not of the layout ${name} (${known.description}); it has the columns ${source.columns.join(', ')}.`,
      { columns: source.columns },
    );
  }
  return known;
}

function genericLayout(source: RecordSource, choice: LayoutChoice): Layout {
  const { columns } = source;
  const kind = choice.kind ?? kindOfMapping(choice.mapping) ?? guessKind(columns);
  if (kind === null) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${source.name}: cannot tell whether its lines are behaviours, users, items or transactions from the columns ` +
        `${columns.join(', ')}. Say which kind they are, or map the columns (e.g. userId=${columns[0]}).`,
      { columns },
    );
  }
  const taken = new Set(Object.values(choice.mapping ?? {}));
  const fields = {
    ...guessMapping(
      columns.filter((column) => !taken.has(column)),
      kind,
    ),
    ...choice.mapping,
  };
  return mappedLayout(kind, fields);
}

function mappedLayout(kind: RecordKind, fields: FieldMapping): Layout {
  return {
    name: GENERIC,
    title: 'Any file by a mapping of columns',
    description: 'Any file whose columns are mapped to fields.',
    recognises: () => true,
    mapping: () => ({ kind, fields }),
    createMapper: (names, sink, options) =>
      createMappedMapper(kind, names, fields, sink, { ...options, eventPrefix: 'row' }),
  };
}

/**
 * The layout that an earlier import chose, to read single rows of it again.
 *
 * @throws AppError BAD_USER_INPUT when there is none of that name
 */
export function layoutNamed(name: string, kind: RecordKind | null, fields: FieldMapping | null): Layout {
  if (name === GENERIC && kind !== null) return mappedLayout(kind, fields ?? {});
  const known = LAYOUTS.find((layout) => layout.name === name);
  if (known !== undefined) return known;
  throw new AppError('BAD_USER_INPUT', `There is no layout ${name}.`);
}

/** Transactions and items have fields that no other kind has. */
function kindOfMapping(mapping: FieldMapping | undefined): RecordKind | null {
  if (mapping === undefined) return null;
  if (mapping.transactionId !== undefined || mapping.amount !== undefined) return 'TRANSACTIONS';
  if (mapping.userId !== undefined && mapping.occurredAt !== undefined) return 'BEHAVIOURS';
  return null;
}
