import { describe, expect, test } from '@jest/globals';

import { domainsOf, labelSurest } from '../../../../src/pipeline/collaborate/index.js';
import { shopWithTruth } from '../../../support/shop-with-truth.js';

describe('labelSurest', () => {
  const logits = Float32Array.of(3, -2, 0.5, -4, 2, -1, 1, -3);
  const isOpen = Uint8Array.of(1, 1, 1, 1, 0, 1, 1, 1);

  test('labels what is surest, in the proportion of the known labels', () => {
    expect(labelSurest(logits, isOpen, { take: 4, rate: 0.25 })).toEqual([
      { row: 0, label: 1 },
      { row: 1, label: 0 },
      { row: 7, label: 0 },
      { row: 3, label: 0 },
    ]);
  });

  test('never labels twice, nor more than there are', () => {
    const all = labelSurest(logits, isOpen, { take: 100, rate: 0.5 });
    expect(new Set(all.map(({ row }) => row)).size).toBe(7);
    expect(all.some(({ row }) => row === 4)).toBe(false);
    expect(labelSurest(logits, new Uint8Array(8), { take: 3, rate: 0.5 })).toEqual([]);
  });
});

describe('domainsOf', () => {
  const history = shopWithTruth({ users: 6, items: 8, groups: 2, days: 60, seed: 4 });
  const users = Int32Array.of(0, 1, 2, 0);

  test('time parts the examples into an earlier and a later half', () => {
    const times = Float64Array.of(4, 1, 3, 2);
    expect(domainsOf('TIME', history, { times, users: null })).toEqual({
      count: 2,
      of: Int32Array.of(1, 0, 1, 0),
    });
  });

  test('new users are those with one order before the example’s time', () => {
    const orders = (user: number) => [
      ...new Set(
        history.behaviours.occurredAt.subarray(history.userOffsets[user], history.userOffsets[user + 1]),
      ),
    ];
    const times = Float64Array.of(orders(0)[1], orders(1)[0] + 1, orders(2)[1] + 1, orders(0)[0]);
    // One order, one order, two orders, none.
    expect([...domainsOf('NEW_USERS', history, { times, users })!.of]).toEqual([0, 0, 1, 0]);
  });

  test('countries are told by the users’ attributes, rare ones together', () => {
    const codes = ['GB', 'GB', 'FR'];
    const withCountries = {
      ...history,
      users: history.users.map((user, at) => ({ ...user, attributes: { countryCode: codes[at] ?? 'DE' } })),
    };
    const times = new Float64Array(4);
    const { of, count } = domainsOf('COUNTRY', withCountries, { times, users })!;
    expect(of[0]).toBe(of[1]);
    expect(of[2]).not.toBe(of[0]);
    expect(count).toBe(2);
  });

  test('items belong to no user, and one domain is none', () => {
    const times = Float64Array.of(1, 2);
    expect(domainsOf('COUNTRY', history, { times, users: null })).toBeNull();
    const one = { times: Float64Array.of(5, 5), users: null };
    expect(() => domainsOf('TIME', history, one)).toThrow(
      /Domains \(TIME\) to tell apart: 1 found, 2 needed/,
    );
  });
});
