/** Codes that a caller can meet, as the API's contract lists them. */
export const ERROR_CODES = [
  'BAD_USER_INPUT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'CONFLICT',
  'NOT_READY',
  'TOO_FEW_DATA',
  'LIMIT_EXCEEDED',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** An expected failure: its message is written for the caller and is shown as it is. */
export class AppError extends Error {
  override readonly name = 'AppError';

  /**
   * @param details further fields for `extensions`, such as `have` and `need`
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** TOO_FEW_DATA with what is there and what it takes. */
export function tooFewData(what: string, have: number, need: number): AppError {
  return new AppError('TOO_FEW_DATA', `${what}: ${have} found, ${need} needed.`, { have, need });
}

/** Turns anything thrown into an Error and keeps what it was as its cause. */
export function coerceError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
