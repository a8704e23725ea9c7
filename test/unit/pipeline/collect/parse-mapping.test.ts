import { expect, test } from '@jest/globals';

import { parseMapping } from '../../../../src/pipeline/collect/index.js';

test.each([
  ['userId=customer_id, type==PURCHASE', { userId: 'customer_id', type: '=PURCHASE' }],
  ['occurredAt=Order Date', { occurredAt: 'Order Date' }],
  ['{"itemId": "a,b=c"}', { itemId: 'a,b=c' }],
  ['', {}],
])('%s', (text, mapping) => {
  expect(parseMapping(text)).toEqual(mapping);
});

test.each([
  ['user=x', /no field user/],
  ['userId', /maps nothing/],
  ['userId=', /mapped to nothing/],
  ['{"userId": 1}', /name of a column/],
  ['{"userId"', /not JSON/],
  ['__proto__=x', /no field __proto__/],
])('%s is refused', (text, message) => {
  expect(() => parseMapping(text)).toThrow(message);
});
