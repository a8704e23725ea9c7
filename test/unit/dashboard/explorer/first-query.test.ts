import { readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';

import { firstQuery } from '../../../../src/dashboard/explorer/first-query.js';

describe('first query of a text', () => {
  test('is found inside a list, and laid out anew', () => {
    expect(firstQuery('Text.\n1. Ask:\n   ```graphql\n   { user(id: "1") { id } }\n   ```\n')).toBe(
      '{\n  user(id: "1") {\n    id\n  }\n}',
    );
  });

  test('without one, the explorer says so', () => {
    expect(() => firstQuery('```sh\nnpm start\n```')).toThrow('no GraphQL example');
  });

  test('the README has one', () => {
    const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
    expect(parse(firstQuery(readme)).definitions).toHaveLength(1);
  });
});
