import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { guessDateOrder, timeFrom } from '../../../../src/pipeline/collect/times.js';

const iso = (value: unknown, order?: 'YMD' | 'DMY' | 'MDY') => {
  const time = timeFrom(value, order);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
};

describe('times', () => {
  test.each([
    ['2019-10-01 00:00:00 UTC', '2019-10-01T00:00:00.000Z'],
    ['2010-12-01T08:26:00Z', '2010-12-01T08:26:00.000Z'],
    ['2010-12-01T08:26:00.1239+02:00', '2010-12-01T06:26:00.123Z'],
    ['2010-12-01T08:26-0530', '2010-12-01T13:56:00.000Z'],
    ['2010-12-01', '2010-12-01T00:00:00.000Z'],
    ['1511544070', '2017-11-24T17:21:10.000Z'],
    ['1433221332117', '2015-06-02T05:02:12.117Z'],
    [881250949, '1997-12-04T15:55:49.000Z'],
    ['1602288000000000', '2020-10-10T00:00:00.000Z'],
  ])('%s', (text, expected) => {
    expect(iso(text)).toBe(expected);
  });

  test.each([
    '',
    'yesterday',
    '2011-02-30',
    '2011-13-01',
    '2011-01-01 24:00',
    '12',
    '03/04/2011',
    'NaN',
    '2011-1-1T',
    null,
  ])('%s is no time', (text) => {
    expect(iso(text)).toBeNull();
  });

  test('day and month are told apart only by the given order', () => {
    expect(iso('03/04/2011 18:05', 'DMY')).toBe('2011-04-03T18:05:00.000Z');
    expect(iso('03/04/2011 6:05 PM', 'MDY')).toBe('2011-03-04T18:05:00.000Z');
    expect(guessDateOrder(['03/04/2011', '25/04/2011'])).toBe('DMY');
    expect(guessDateOrder(['03/04/2011', '04/25/2011'])).toBe('MDY');
    expect(guessDateOrder(['03/04/2011', '05/06/2011'])).toBeNull();
    expect(guessDateOrder(['2011-03-04', ''])).toBe('YMD');
  });

  test('reads back every time that Date writes', () => {
    const time = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(time, (date) => {
        expect(timeFrom(date.toISOString())).toBe(date.getTime());
      }),
    );
  });
});
