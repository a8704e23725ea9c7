/** What a row must keep to be storable. Checked before the statement, so that one bad row never costs the others. */
import { BEHAVIOUR_TYPES } from '../pipeline/index.js';
import {
  type BehaviourWrite,
  FEEDBACK_KINDS,
  type FeedbackWrite,
  type ItemWrite,
  type RowError,
  type TransactionWrite,
  type UserWrite,
} from './rows.js';

const MAX_ID = 256;
const MAX_TEXT = 4096;
const MAX_JSON = 65_536;
const MAX_INT = 2_147_483_647;
const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(2200, 0, 1);
const DECIMAL = /^-?\d{1,14}(\.\d{1,10})?$/;
const CURRENCY = /^[A-Z]{3}$/;
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

class RowProblem extends Error {}

function fail(message: string): never {
  throw new RowProblem(message);
}

function checkText(name: string, value: string, max: number): void {
  if (typeof value !== 'string' || value.length === 0)
    fail(`${name}: expected text, got ${JSON.stringify(value)}.`);
  if (value.length > max) fail(`${name}: at most ${max} characters, got ${value.length}.`);
  if (value.includes('\0')) fail(`${name}: may not hold a NUL character.`);
}

function checkOptionalText(name: string, value: string | null | undefined, max: number): void {
  if (value !== null && value !== undefined) checkText(name, value, max);
}

function checkTime(name: string, value: Date): void {
  const time = value instanceof Date ? value.getTime() : Number.NaN;
  if (!(time >= EARLIEST && time < LATEST))
    fail(`${name}: expected a time from 1970 up to 2200, got ${String(value)}.`);
}

function checkDecimal(name: string, value: string | null | undefined): void {
  if (value !== null && value !== undefined && !DECIMAL.test(value)) {
    fail(`${name}: expected a decimal such as "12.50", got ${JSON.stringify(value)}.`);
  }
}

function checkCount(name: string, value: number | null | undefined): void {
  if (value === null || value === undefined) return;
  if (!Number.isInteger(value) || value < 0 || value > MAX_INT) {
    fail(`${name}: expected a whole number from 0 to ${MAX_INT}, got ${value}.`);
  }
}

function checkJson(name: string, value: unknown): void {
  if (value === null || value === undefined) return;
  const text = JSON.stringify(value);
  if (text.length > MAX_JSON) fail(`${name}: at most ${MAX_JSON} characters of JSON, got ${text.length}.`);
  // jsonb cannot hold NUL, which JSON writes as an escape.
  if (text.includes('\\u0000')) fail(`${name}: may not hold a NUL character.`);
}

function checkCurrency(value: string | null | undefined): void {
  if (value !== null && value !== undefined && !CURRENCY.test(value)) {
    fail(`currency: expected three capital letters such as "EUR", got ${JSON.stringify(value)}.`);
  }
}

function checkUser(row: UserWrite): void {
  checkText('id', row.id, MAX_ID);
  checkJson('attributes', row.attributes);
}

function checkItem(row: ItemWrite): void {
  checkText('id', row.id, MAX_ID);
  checkText('title', row.title, MAX_TEXT);
  for (const part of row.category ?? []) checkText('category', part, MAX_ID);
  checkDecimal('price', row.price);
  if (row.price?.startsWith('-')) fail(`price: expected 0 or more, got ${row.price}.`);
  checkCurrency(row.currency);
  checkOptionalText('imageUrl', row.imageUrl, MAX_TEXT);
  checkJson('attributes', row.attributes);
}

function checkBehaviour(row: BehaviourWrite): void {
  checkText('eventId', row.eventId, MAX_ID);
  checkText('userId', row.userId, MAX_ID);
  checkOptionalText('itemId', row.itemId, MAX_ID);
  if (!BEHAVIOUR_TYPES.includes(row.type))
    fail(`type: expected one of ${BEHAVIOUR_TYPES.join(', ')}, got ${String(row.type)}.`);
  checkTime('occurredAt', row.occurredAt);
  checkOptionalText('sessionId', row.sessionId, MAX_ID);
  checkCount('quantity', row.quantity);
  checkDecimal('value', row.value);
  checkJson('context', row.context);
}

function checkTransaction(row: TransactionWrite): void {
  checkText('id', row.id, MAX_ID);
  checkText('userId', row.userId, MAX_ID);
  checkText('amount', row.amount, MAX_ID);
  checkDecimal('amount', row.amount);
  checkText('currency', row.currency, MAX_ID);
  checkCurrency(row.currency);
  checkTime('occurredAt', row.occurredAt);
  for (const line of row.items ?? []) {
    checkText('items.itemId', line.itemId, MAX_ID);
    checkCount('items.quantity', line.quantity);
    checkDecimal('items.price', line.price);
  }
  for (const name of [
    'paymentMethod',
    'deviceId',
    'ipCountry',
    'billingCountry',
    'shippingCountry',
  ] as const) {
    checkOptionalText(name, row[name], MAX_ID);
  }
}

function checkFeedback(row: FeedbackWrite): void {
  checkText('eventId', row.eventId, MAX_ID);
  checkText('userId', row.userId, MAX_ID);
  checkOptionalText('itemId', row.itemId, MAX_ID);
  if (!FEEDBACK_KINDS.includes(row.kind))
    fail(`kind: expected one of ${FEEDBACK_KINDS.join(', ')}, got ${String(row.kind)}.`);
  checkTime('occurredAt', row.occurredAt);
  if (row.impressionId !== null && row.impressionId !== undefined && !UUID.test(row.impressionId)) {
    fail(`impressionId: expected the id of an impression, got ${JSON.stringify(row.impressionId)}.`);
  }
}

export const ROW_CHECKS = {
  users: checkUser,
  items: checkItem,
  behaviours: checkBehaviour,
  transactions: checkTransaction,
  feedback: checkFeedback,
} as const;

/** Parts the rows that can be stored from those that cannot, each of which gets its index and reason. */
export function partRows<Row>(
  rows: readonly Row[],
  check: (row: Row) => void,
): { valid: Row[]; errors: RowError[] } {
  const valid: Row[] = [];
  const errors: RowError[] = [];
  rows.forEach((row, index) => {
    try {
      check(row);
      valid.push(row);
    } catch (thrown) {
      if (!(thrown instanceof RowProblem)) throw thrown;
      errors.push({ index, code: 'BAD_USER_INPUT', message: thrown.message });
    }
  });
  return { valid, errors };
}

/** Whether the text has the form of an internal id; others are answered as not found without asking the database. */
export function isUuid(id: string): boolean {
  return UUID.test(id);
}
