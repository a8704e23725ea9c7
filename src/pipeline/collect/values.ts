import { hash } from 'node:crypto';

import { type BehaviourType } from '../index.js';

/**
 * An amount as a decimal string with two to four decimals, free of binary rounding (0.1 + 0.2 gives "0.30").
 *
 * @throws RangeError for a value that is not finite
 */
export function decimalString(amount: number): string {
  if (!Number.isFinite(amount)) throw new RangeError(`An amount must be finite; it is ${amount}.`);
  return amount.toFixed(4).replace(/0{1,2}$/, '');
}

/** A value of a record as text without blanks around it; '' for what is absent, JSON for objects. */
export function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value.trim();
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? '' : JSON.stringify(value);
    default:
      return '';
  }
}

/**
 * A copy of a text that stands alone. V8 keeps a slice of 13 characters or more as a view of the text it was cut from: a title that
 * is kept would keep the 256 KiB of file around it, and in the end the whole file.
 */
export function detach(text: string): string {
  return Buffer.from(text).toString();
}

/** Whether lists and objects lie in one another for more than `depth` levels. */
export function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const inner of Object.values(value)) if (isDeeperThan(inner, depth - 1)) return true;
  return false;
}

/**
 * Plain decimals, with a thousands separator or not; a comma as decimal sign where it can be nothing else (`19,99`, `1.234,50`). NaN for
 * all else, '' included.
 */
export function numberFrom(value: unknown): number {
  if (typeof value === 'number') return value;
  const number = decimalFrom(textOf(value));
  // `1e600` is a decimal that no number holds.
  return Number.isFinite(number) ? number : NaN;
}

function decimalFrom(text: string): number {
  if (/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return Number(text);
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) return Number(text.replaceAll(',', ''));
  const isDecimalComma = /^[+-]?(\d+,\d{1,2}|\d{1,3}(\.\d{3})+,\d+)$/.test(text);
  return isDecimalComma ? Number(text.replaceAll('.', '').replace(',', '.')) : NaN;
}

/** Signs that stand for one currency; `$` and `¥` stand for many. */
const CURRENCY_SIGNS: Readonly<Record<string, string>> = {
  '€': 'EUR',
  '£': 'GBP',
  '₹': 'INR',
  '₽': 'RUB',
  '₺': 'TRY',
  '₩': 'KRW',
  '₫': 'VND',
  zł: 'PLN',
  US$: 'USD',
  A$: 'AUD',
  C$: 'CAD',
};
const AMOUNT = /^([^\d\s.,+-]{1,4})?\s*([+-]?[\d.,']+)\s*([^\d\s.,]{1,4})?$/u;

/** An amount with its currency beside it (`€ 1.234,50`, `19.99 USD`); amount NaN for what is none, currency null where none is told. */
export function moneyFrom(value: unknown): { amount: number; currency: string | null } {
  const parts = AMOUNT.exec(textOf(value).replaceAll('\u00a0', ' '));
  if (parts === null) return { amount: numberFrom(value), currency: null };
  const [, before, digits, after] = parts;
  const sign = before ?? after;
  return {
    amount: numberFrom(digits.replaceAll("'", '')),
    currency: sign === undefined ? null : currencyFrom(sign),
  };
}

/** The ISO 4217 code behind a code in any case or a sign; null for what is neither. */
export function currencyFrom(text: string): string | null {
  const trimmed = text.trim();
  if (/^[a-z]{3}$/i.test(trimmed)) return trimmed.toUpperCase();
  return CURRENCY_SIGNS[trimmed] ?? null;
}

/** A key that is the same for equal values alone: the first 96 bits of SHA-1, in 16 characters. */
export function fingerprint(values: readonly unknown[]): string {
  return hash('sha1', values.map(textOf).join('\u001f'), 'base64url').slice(0, 16);
}

/** Names of behaviours as shops and trackers write them, without case, blanks, hyphens and underscores. */
const TYPE_NAMES: Readonly<Record<BehaviourType, readonly string[]>> = {
  VIEW: [
    'view',
    'pv',
    'pageview',
    'viewitem',
    'productviewed',
    'itemview',
    'detail',
    'detailview',
    'click',
    'clk',
    'impressionclick',
  ],
  SEARCH: ['search', 'productssearched', 'viewsearchresults', 'query'],
  FAVOURITE: [
    'favourite',
    'favorite',
    'fav',
    'wishlist',
    'addtowishlist',
    'productaddedtowishlist',
    'like',
    'save',
    'collect',
  ],
  ADD_TO_CART: ['addtocart', 'cart', 'productadded', 'addtobasket', 'basket', 'atc'],
  REMOVE_FROM_CART: ['removefromcart', 'productremoved', 'removefrombasket'],
  PURCHASE: [
    'purchase',
    'buy',
    'bought',
    'transaction',
    'order',
    'ordercompleted',
    'sale',
    'checkout',
    'conversion',
  ],
  REFUND: ['refund', 'return', 'returned', 'orderrefunded', 'cancel', 'cancelled', 'cancellation'],
  RATING: ['rating', 'rate', 'rated', 'review', 'productreviewed'],
};
const TYPE_BY_NAME = new Map(
  Object.entries(TYPE_NAMES).flatMap(([type, names]) =>
    names.map((name) => [name, type as BehaviourType] as const),
  ),
);

/** The behaviour type behind a name as shops write it (`pv`, `add_to_cart`, `Order Completed`); null when unknown. */
export function behaviourTypeFrom(name: string): BehaviourType | null {
  return TYPE_BY_NAME.get(name.toLowerCase().replace(/[\s_-]/g, '')) ?? null;
}

const TRUE_WORDS = [
  'true',
  't',
  'yes',
  'y',
  '1',
  'in stock',
  'instock',
  'in_stock',
  'available',
  'https://schema.org/instock',
];
const FALSE_WORDS = [
  'false',
  'f',
  'no',
  'n',
  '0',
  'out of stock',
  'outofstock',
  'out_of_stock',
  'unavailable',
  'sold out',
  'https://schema.org/outofstock',
];

/** Yes, no, null for '' and UNKNOWN for all else. */
export function booleanFrom(text: string): boolean | null | 'UNKNOWN' {
  if (text === '') return null;
  const word = text.toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  return FALSE_WORDS.includes(word) ? false : 'UNKNOWN';
}
