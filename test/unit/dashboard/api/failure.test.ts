import { describe, expect, test } from '@jest/globals';

import { Failure, FAILURE_CODES, failureOf, toFailure } from '../../../../src/dashboard/api/failure.js';
import { text } from '../../../../src/dashboard/messages/index.js';
import { ERROR_CODES } from '../../../../src/errors.js';

describe('failures', () => {
  test.each(ERROR_CODES)('%s of the contract is known and has a message of its own', (code) => {
    const failure = failureOf([{ message: 'The words of the server.', extensions: { code } }]);
    expect(failure.code).toBe(code);
    const messages = FAILURE_CODES.map((known) => text(`failure.${known}`));
    expect(messages.filter((message) => message === text(`failure.${failure.code}`))).toHaveLength(1);
  });

  test('further fields are kept as details', () => {
    const failure = failureOf([
      { message: 'Too few.', extensions: { code: 'TOO_FEW_DATA', have: 3, need: 50 } },
    ]);
    expect(failure.details).toEqual({ have: 3, need: 50 });
  });

  test('a code outside the contract counts as INTERNAL, a refused document as BAD_USER_INPUT', () => {
    expect(failureOf([{ message: '', extensions: { code: 'TEAPOT' } }]).code).toBe('INTERNAL');
    expect(failureOf([{ message: '' }]).code).toBe('INTERNAL');
    expect(failureOf([{ message: '', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]).code).toBe(
      'BAD_USER_INPUT',
    );
  });

  test('anything else thrown means that the server was not reached', () => {
    expect(toFailure(new TypeError('fetch failed'))).toMatchObject({
      code: 'UNREACHABLE',
      message: 'fetch failed',
    });
    const known = new Failure('CONFLICT', 'A run is active.');
    expect(toFailure(known)).toBe(known);
  });
});
