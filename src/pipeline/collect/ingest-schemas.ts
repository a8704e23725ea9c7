import { z } from 'zod';

import {
  type BehaviourWrite,
  FEEDBACK_KINDS,
  type FeedbackWrite,
  type ItemWrite,
  type JsonObject,
  type TransactionWrite,
  type UserWrite,
} from '../../store/index.js';
import { BEHAVIOUR_TYPES } from '../index.js';
import { timeFrom } from './times.js';
import { isDeeperThan } from './values.js';

/** Kinds of streams, as in the paths of the bulk endpoints. */
export const INGEST_KINDS = ['users', 'items', 'behaviours', 'transactions', 'feedback'] as const;
export type IngestKind = (typeof INGEST_KINDS)[number];

/** Rows of each kind, ready for the store. */
export interface IngestRows {
  users: UserWrite;
  items: ItemWrite;
  behaviours: BehaviourWrite;
  transactions: TransactionWrite;
  feedback: FeedbackWrite;
}

const MAX_ID = 256;
const MAX_TITLE = 2_000;
const MAX_URL = 2_000;
const MAX_JSON = 32_768;
/** What PostgreSQL cannot hold: the zero character and halves of surrogate pairs. */
// eslint-disable-next-line no-control-regex -- the zero character is what is looked for
const UNSTORABLE = /\u0000|\p{Surrogate}/u;
const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(2200, 0, 1);

const isStorable = (text: string) => !UNSTORABLE.test(text);
const text = (max: number) =>
  z.string().max(max).refine(isStorable, 'must not hold zero characters or broken surrogates');
/** Shops send numbers for ids too; a number is taken as its digits. */
const ID_HINT = `must be a text of 1 to ${MAX_ID} characters without zero characters, or a whole number`;
const id = z.union([text(MAX_ID).min(1, ID_HINT), z.number().int().safe().transform(String)], ID_HINT);
const DECIMAL = /^-?\d{1,14}(\.\d+)?$/;
const DECIMAL_HINT = 'must be a decimal of at least 0, such as "12.50"';
const decimal = z
  .union([z.string(), z.number().transform(String)], DECIMAL_HINT)
  .refine((value) => DECIMAL.test(value) && Number(value) >= 0, DECIMAL_HINT)
  .transform((value) => (/\.\d{5,}$/.test(value) ? Number(value).toFixed(4) : value));
const TIME_HINT = 'must be a time in ISO-8601, such as "2026-01-31T12:00:00Z"';
const time = z.union([z.string(), z.number()], TIME_HINT).transform((value, context) => {
  const ms = timeFrom(value);
  if (ms >= EARLIEST && ms < LATEST) return new Date(ms);
  context.addIssue(Number.isNaN(ms) ? TIME_HINT : 'must lie from 1970 up to 2200');
  return z.NEVER;
});
/** Deeper than any attribute needs; checked before anything walks it by recursion. */
const MAX_DEPTH = 32;
const json = z.custom<JsonObject>((value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isDeeperThan(value, MAX_DEPTH))
    return false;
  const written = JSON.stringify(value);
  return written.length <= MAX_JSON && !/\\u(0000|d[89a-f])/i.test(written);
}, `must be a JSON object of at most ${MAX_JSON} characters and ${MAX_DEPTH} levels, without zero characters`);
const units = z.number().int().min(0).max(1e9);
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as "EUR"');
const country = z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166-1 code such as "DE"');

const orderLine = z.strictObject({
  itemId: id,
  quantity: units,
  price: decimal.nullable().default(null),
});

/** One strict schema a kind: unknown keys are refused, so that a misspelt one is not silently lost. */
export const INGEST_SCHEMAS: { readonly [Kind in IngestKind]: z.ZodType<IngestRows[Kind]> } = {
  users: z.strictObject({ id, attributes: json.optional() }),
  items: z.strictObject({
    id,
    title: text(MAX_TITLE).min(1),
    category: z.array(text(MAX_ID)).max(20).optional(),
    price: decimal.nullish(),
    currency: currency.nullish(),
    available: z.boolean().optional(),
    imageUrl: text(MAX_URL).nullish(),
    attributes: json.optional(),
  }),
  behaviours: z.strictObject({
    eventId: id,
    userId: id,
    itemId: id.nullish(),
    type: z.enum(BEHAVIOUR_TYPES),
    occurredAt: time,
    sessionId: id.nullish(),
    quantity: units.nullish(),
    value: decimal.nullish(),
    context: json.nullish(),
  }),
  transactions: z.strictObject({
    id,
    userId: id,
    amount: decimal,
    currency,
    occurredAt: time,
    items: z.array(orderLine).max(1_000).optional(),
    paymentMethod: text(MAX_ID).nullish(),
    deviceId: text(MAX_ID).nullish(),
    ipCountry: country.nullish(),
    billingCountry: country.nullish(),
    shippingCountry: country.nullish(),
    isFraud: z.boolean().nullish(),
  }),
  feedback: z.strictObject({
    eventId: id,
    userId: id,
    impressionId: id.nullish(),
    itemId: id.nullish(),
    kind: z.enum(FEEDBACK_KINDS),
    occurredAt: time,
  }),
};

/** What is wrong with a row, in words: the first three problems, each with its field. */
export function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 3)
    .map(({ path, message }) => {
      if (path.length === 0) return message;
      return `${path.join('.')}: ${message.endsWith('received undefined') ? 'is needed, and missing' : message}`;
    })
    .join('; ');
}
