import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLJSON } from 'graphql-scalars';

const DECIMAL = /^[+-]?\d{1,18}(\.\d{1,6})?$/;

/** Any JSON value. */
export const JSONScalar = GraphQLJSON;

/** Whether a text is an amount that the store can keep: up to 18 digits, a point, up to 6 decimals. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/**
 * Money as a decimal string, so that no amount goes through binary floating point.
 *
 * Given text is passed on as it came: in a batch one malformed amount must reject its own row, not the request. Whoever takes a
 * single amount checks it with `requireDecimal`.
 */
export const DecimalScalar = new GraphQLScalarType<string, string>({
  name: 'Decimal',
  description:
    'Decimal number as a string, such as "12.50": up to 18 digits and 6 decimals. Numbers are accepted as input.',
  serialize: (value) => String(value),
  parseValue: (value) => {
    if (typeof value === 'string') return value.trim();
    if (typeof value === 'number' && Number.isFinite(value)) return plainDecimal(value);
    throw new GraphQLError(
      `Decimal cannot hold ${JSON.stringify(value)}; expected a string such as "12.50".`,
    );
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING) return node.value.trim();
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return plainDecimal(Number(node.value));
    throw new GraphQLError('Decimal expects a string such as "12.50".', { nodes: node });
  },
});

/** Without an exponent; what has more than six decimals is left long, and so refused by `isDecimal`. */
function plainDecimal(value: number): string {
  return /e/i.test(String(value)) ? value.toFixed(6) : String(value);
}

const ISO_TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

/** An invalid Date that remembers the text it was read from, for messages and for the quarantine. */
class UnreadableTime extends Date {
  constructor(private readonly text: string) {
    super(Number.NaN);
  }

  override toString(): string {
    return JSON.stringify(this.text);
  }

  override toJSON(): string {
    return this.text;
  }
}

/** Reads an ISO-8601 time; without an offset it is UTC. Not a time: an invalid Date. */
export function parseTime(text: string): Date {
  const trimmed = text.trim();
  if (!ISO_TIME.test(trimmed)) return new UnreadableTime(text);
  const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/.test(trimmed.slice(10));
  const time = new Date(hasOffset || trimmed.length === 10 ? trimmed : `${trimmed}Z`);
  // JavaScript rolls 30 February over into March; a day that does not exist is no time.
  const day = new Date(`${trimmed.slice(0, 10)}T00:00:00Z`);
  const isRealDay = !Number.isNaN(day.getTime()) && day.toISOString().startsWith(trimmed.slice(0, 10));
  return isRealDay ? time : new UnreadableTime(text);
}

/**
 * A time, ISO-8601, given out in UTC.
 *
 * As with Decimal, text that is no time becomes an invalid Date, which rejects its row in a batch; `requireTime` refuses it elsewhere.
 */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'Time as ISO-8601, such as "2011-12-09T12:50:00Z"; without an offset it is UTC. Given out in UTC.',
  serialize: (value) => {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
    throw new GraphQLError('DateTime can only give out a time.');
  },
  parseValue: (value) => {
    if (value instanceof Date) return value;
    if (typeof value === 'string') return parseTime(value);
    throw new GraphQLError(`DateTime cannot hold ${JSON.stringify(value)}; expected ISO-8601 text.`);
  },
  parseLiteral: (node) => {
    if (node.kind === Kind.STRING) return parseTime(node.value);
    throw new GraphQLError('DateTime expects ISO-8601 text.', { nodes: node });
  },
});
