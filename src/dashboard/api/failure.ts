/** Codes of the API's contract, and what can go wrong on the way to it. */
export const FAILURE_CODES = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'NOT_READY',
  'TOO_FEW_DATA',
  'LIMIT_EXCEEDED',
  'INTERNAL',
  'UNREACHABLE',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

/** Why a request has no answer, in a form that the page can explain. */
export class Failure extends Error {
  override readonly name = 'Failure';

  /**
   * @param message the server's own words
   * @param details the other fields of `extensions`, such as `have` and `need`
   */
  constructor(
    readonly code: FailureCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** One entry of `errors` in a GraphQL response. */
export interface GraphQLErrorEntry {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

/** The first error of a response as a failure; codes outside the contract count as INTERNAL or, for refused documents, BAD_USER_INPUT. */
export function failureOf(errors: readonly GraphQLErrorEntry[]): Failure {
  const [first] = errors;
  const { code, ...details } = first?.extensions ?? {};
  return new Failure(toFailureCode(code), first?.message ?? '', details);
}

function toFailureCode(code: unknown): FailureCode {
  const known = FAILURE_CODES.find((candidate) => candidate === code);
  if (known) return known;
  return code === 'GRAPHQL_VALIDATION_FAILED' || code === 'GRAPHQL_PARSE_FAILED'
    ? 'BAD_USER_INPUT'
    : 'INTERNAL';
}

/** Anything thrown, as a failure. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  if (Array.isArray(thrown)) return failureOf(thrown as GraphQLErrorEntry[]);
  return new Failure('UNREACHABLE', thrown instanceof Error ? thrown.message : '');
}
