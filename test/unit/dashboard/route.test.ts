import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { href, parseRoute } from '../../../src/dashboard/route.js';

describe('routes', () => {
  test.each(['', '#', '#/'])('%j is the overview', (hash) => {
    expect(parseRoute(hash)).toMatchObject({ page: 'overview', id: null });
  });

  test('any id and search survive the way through an address', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }),
        fc.string({ unit: 'grapheme' }),
        (id, search) => {
          const route = parseRoute(href('users', id, { search }));
          expect(route.page).toBe('users');
          expect(route.id).toBe(id);
          expect(route.query.get('search')).toBe(search);
        },
      ),
    );
  });

  test('an address that is cut off in an escape does not break the page', () => {
    expect(parseRoute('#/users/%E2%82').id).toBe('%E2%82');
  });
});
