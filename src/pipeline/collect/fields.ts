/** What one file holds, a row a line. */
export const RECORD_KINDS = ['BEHAVIOURS', 'USERS', 'ITEMS', 'TRANSACTIONS'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Fields that a column can be mapped to, with the names that such columns bear in the exports we know. */
export const FIELD_NAMES = {
  eventId: ['event id', 'message id', 'uuid'],
  anonymousId: ['anonymous id', 'device id', 'cookie id', 'user pseudo id', 'visitor id'],
  userId: [
    'user id',
    'user',
    'customer id',
    'customer',
    'customer no',
    'client id',
    'visitor id',
    'member id',
    'account id',
    'buyer id',
    'shopper id',
    'anonymous id',
    'reviewer id',
    'user pseudo id',
  ],
  itemId: [
    'item id',
    'item',
    'product id',
    'product',
    'sku',
    'stock code',
    'asin',
    'parent asin',
    'article id',
    'article',
    'movie id',
    'book id',
    'isbn',
    'variant id',
    'goods id',
    'offer id',
  ],
  type: [
    'type',
    'event type',
    'event',
    'event name',
    'behaviour',
    'behavior',
    'behaviour type',
    'behavior type',
    'action',
    'action type',
  ],
  occurredAt: [
    'occurred at',
    'timestamp',
    'time',
    'event time',
    'event timestamp',
    'datetime',
    'date',
    'created at',
    'order date',
    'invoice date',
    'purchase date',
    'purchased at',
    'processed at',
    'unix review time',
    'event date',
    't dat',
  ],
  sessionId: [
    'session id',
    'session',
    'user session',
    'visit id',
    'order id',
    'order number',
    'invoice no',
    'invoice',
    'basket id',
    'transaction id',
  ],
  quantity: ['quantity', 'qty', 'units', 'count', 'lineitem quantity'],
  price: ['price', 'unit price', 'item price', 'lineitem price', 'regular price', 'list price'],
  value: ['value', 'line total', 'revenue', 'sales', 'total price', 'event value'],
  rating: ['rating', 'stars', 'score', 'overall'],
  title: [
    'title',
    'name',
    'product name',
    'item name',
    'item title',
    'product title',
    'movie title',
    'description',
    'post title',
  ],
  category: [
    'category',
    'category code',
    'categories',
    'category id',
    'category name',
    'item category',
    'product category',
    'product type',
    'genres',
    'genre',
    'class',
    'tax:product cat',
  ],
  currency: ['currency', 'currency code'],
  available: ['available', 'in stock', 'availability', 'is available', 'stock status'],
  imageUrl: ['image url', 'image', 'image link', 'image src', 'picture', 'images'],
  transactionId: ['transaction id', 'order id', 'payment id', 'order number', 'id'],
  amount: [
    'amount',
    'total',
    'order total',
    'total amount',
    'grand total',
    'total price',
    'transaction amount',
    'transactionamt',
  ],
  paymentMethod: ['payment method', 'payment type', 'payment', 'card type'],
  deviceId: ['device id', 'device', 'device fingerprint'],
  ipCountry: ['ip country'],
  billingCountry: ['billing country', 'billing address country', 'country'],
  shippingCountry: ['shipping country', 'shipping address country', 'delivery country'],
  userAgent: ['user agent', 'useragent', 'browser user agent', 'ua'],
  isTest: ['is test', 'test order', 'test'],
  isFraud: ['is fraud', 'isfraud', 'fraud', 'fraudulent', 'chargeback'],
} as const satisfies Record<string, readonly string[]>;

export type FieldName = keyof typeof FIELD_NAMES;

/** Column by field; a value that starts with `=` is the same constant for all records (`=PURCHASE`). */
export type FieldMapping = Partial<Record<FieldName, string>>;

/** Fields that a kind reads, those it cannot do without first. */
export const KIND_FIELDS: Readonly<
  Record<RecordKind, { needed: readonly FieldName[]; optional: readonly FieldName[] }>
> = {
  BEHAVIOURS: {
    needed: ['userId', 'occurredAt'],
    optional: [
      'itemId',
      'type',
      'eventId',
      'sessionId',
      'quantity',
      'price',
      'value',
      'rating',
      'title',
      'category',
      'currency',
      'imageUrl',
      'anonymousId',
      'userAgent',
      'isTest',
    ],
  },
  USERS: { needed: ['userId'], optional: [] },
  ITEMS: {
    needed: ['itemId'],
    optional: ['title', 'category', 'price', 'currency', 'available', 'imageUrl'],
  },
  TRANSACTIONS: {
    needed: ['transactionId', 'userId', 'amount', 'occurredAt'],
    optional: [
      'currency',
      'paymentMethod',
      'deviceId',
      'ipCountry',
      'billingCountry',
      'shippingCountry',
      'isFraud',
      'isTest',
    ],
  },
};

/** Guesses the kind from the columns alone; null when no kind's needed fields are there. */
export function guessKind(columns: readonly string[]): RecordKind | null {
  const has = (field: FieldName) => columnFor(columns, field) !== null;
  if (!has('userId') && columns.some((column) => plain(column) === 'id'))
    return has('title') ? 'ITEMS' : 'USERS';
  if (has('userId') && has('occurredAt')) {
    return has('amount') && has('transactionId') && !has('itemId') ? 'TRANSACTIONS' : 'BEHAVIOURS';
  }
  if (has('itemId') && !has('userId')) return 'ITEMS';
  return has('userId') && !has('itemId') ? 'USERS' : null;
}

/** Maps columns to the kind's fields by their names; no column serves two fields. */
export function guessMapping(columns: readonly string[], kind: RecordKind): FieldMapping {
  const free = [...columns];
  const mapping: FieldMapping = {};
  const { needed, optional } = KIND_FIELDS[kind];
  for (const field of [...needed, ...optional]) {
    const isOwnId = (kind === 'USERS' && field === 'userId') || (kind === 'ITEMS' && field === 'itemId');
    const column =
      columnFor(free, field) ?? (isOwnId ? (free.find((name) => plain(name) === 'id') ?? null) : null);
    if (column === null) continue;
    mapping[field] = column;
    free.splice(free.indexOf(column), 1);
  }
  return mapping;
}

/** The column whose name comes first in the field's list. */
function columnFor(columns: readonly string[], field: FieldName): string | null {
  for (const name of [plain(field), ...FIELD_NAMES[field].map(plain)]) {
    const column = columns.find((candidate) => plain(candidate) === name);
    if (column !== undefined) return column;
  }
  return null;
}

/** Without case, blanks and punctuation: `Customer ID`, `customer_id` and `customerId` are one name. */
function plain(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}
