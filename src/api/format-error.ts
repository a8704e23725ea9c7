/** One place turns anything thrown into what a caller sees: a code of the contract and a message written for the caller. */
import { randomUUID } from 'node:crypto';

import { unwrapResolverError } from '@apollo/server/errors';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

import { AppError, coerceError, ERROR_CODES, type ErrorCode } from '../errors.js';
import type { Logger } from '../log.js';

/** What Apollo and graphql-js call the errors that a caller makes. */
const CALLER_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** graphql-js has no code of its own for a document with too many tokens. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] \d+ tokens/;

const HTTP_STATUS: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  LIMIT_EXCEEDED: 400,
};

/** An AppError as GraphQL error, for places outside resolvers, where the HTTP status follows from the code. */
export function toGraphQLError(error: AppError): GraphQLError {
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { http: { status: HTTP_STATUS[error.code] ?? 400 } },
  });
}

export type ErrorFormatter = (formatted: GraphQLFormattedError, thrown: unknown) => GraphQLFormattedError;

/**
 * @param onError told the code of each error that is answered
 * @returns Apollo's `formatError`: codes of the contract; what is not meant for callers is logged under an id, and only the id goes out
 */
export function createErrorFormatter(log: Logger, onError: (code: ErrorCode) => void): ErrorFormatter {
  return (formatted, thrown) => {
    const { message, extensions } = describe(formatted, thrown, log);
    onError(extensions.code);
    return {
      message,
      ...(formatted.locations && { locations: formatted.locations }),
      ...(formatted.path && { path: formatted.path }),
      extensions,
    };
  };
}

interface Described {
  readonly message: string;
  readonly extensions: { readonly code: ErrorCode; readonly [field: string]: unknown };
}

function describe(formatted: GraphQLFormattedError, thrown: unknown, log: Logger): Described {
  const original = originalOf(thrown);
  if (original instanceof AppError && original.code !== 'INTERNAL') {
    return { message: original.message, extensions: { ...original.details, code: original.code } };
  }
  const code = formatted.extensions?.code as string;
  if (TOO_MANY_TOKENS.test(formatted.message)) {
    return { message: formatted.message, extensions: { code: 'LIMIT_EXCEEDED' } };
  }
  const isCallers = CALLER_CODES.has(code) && (original === thrown || original instanceof GraphQLError);
  if (isCallers) return { message: formatted.message, extensions: { code: 'BAD_USER_INPUT' } };
  const id = randomUUID();
  log.error({ err: original, errorId: id, path: formatted.path }, 'A request failed.');
  return {
    message: `Something went wrong here; the log has it as ${id}.`,
    extensions: { code: 'INTERNAL', id },
  };
}

/** The error that a resolver threw, without the wrapping that says where. */
function originalOf(thrown: unknown): unknown {
  const unwrapped = unwrapResolverError(thrown);
  if (unwrapped instanceof GraphQLError && unwrapped.originalError) return unwrapped.originalError;
  return unwrapped;
}

/** For HTTP routes beside GraphQL. */
export function toHttpError(
  thrown: unknown,
  log: Logger,
): { status: number; body: Described['extensions'] & { message: string } } {
  const error = coerceError(thrown);
  if (error instanceof AppError && ERROR_CODES.includes(error.code) && error.code !== 'INTERNAL') {
    const statuses: Partial<Record<ErrorCode, number>> = {
      ...HTTP_STATUS,
      NOT_FOUND: 404,
      CONFLICT: 409,
      NOT_READY: 503,
      LIMIT_EXCEEDED: 413,
    };
    return {
      status: statuses[error.code] ?? 400,
      body: { ...error.details, code: error.code, message: error.message },
    };
  }
  const id = randomUUID();
  log.error({ err: error, errorId: id }, 'A request failed.');
  return {
    status: 500,
    body: { code: 'INTERNAL', id, message: `Something went wrong here; the log has it as ${id}.` },
  };
}
