import { describe, expect, test } from '@jest/globals';

import {
  formatAgo,
  formatBytes,
  formatCount,
  formatDate,
  formatDuration,
  formatMoney,
  formatNumber,
  formatProbability,
  formatShare,
} from '../../../src/dashboard/format.js';

// The reader's locale is that of the machine: digits are compared, not what stands between them.
const digits = (shown: string): string => shown.replace(/\D/g, '');

describe('formats', () => {
  test('what is missing shows as a dash, never as zero', () => {
    for (const shown of [
      formatCount(null),
      formatShare(undefined),
      formatNumber(NaN),
      formatDate(null),
      formatMoney(null, 'GBP'),
    ]) {
      expect(shown).toBe('–');
    }
  });

  test('a time of no sense shows as a dash', () => {
    expect(formatDate('yesterday')).toBe('–');
  });

  test('money has two digits and its currency; a currency that Intl refuses is left out', () => {
    expect(digits(formatMoney('1234.5', 'GBP'))).toBe('123450');
    expect(formatMoney('1', 'GBP')).toMatch(/£|GBP/);
    expect(digits(formatMoney('2.95', 'points!'))).toBe('295');
  });

  test('days are those of UTC, wherever the reader is', () => {
    expect(digits(formatDate('2011-12-09T23:59:59Z'))).toMatch(/9/);
    expect(digits(formatDate('2011-12-09T23:59:59Z'))).not.toMatch(/10/);
  });

  test('a probability is shown as impossible or certain only when it is', () => {
    expect([0, 0.0004, 0.5, 0.9996, 1].map((value) => formatProbability(value).replace(/\s/g, ''))).toEqual([
      '0%',
      '<0.1%',
      '50%',
      '>99.9%',
      '100%',
    ]);
  });

  test('durations', () => {
    expect(formatDuration('2026-01-01T00:00:00Z', '2026-01-01T00:00:42Z')).toBe('42 s');
    expect(formatDuration('2026-01-01T00:00:00Z', '2026-01-01T00:01:52Z')).toBe('1 m 52 s');
    expect(formatDuration('2026-01-01T00:00:00Z', '2026-01-01T02:05:00Z')).toBe('2 h 5 m');
    expect(formatDuration('2026-01-01T00:00:00Z', null, Date.parse('2026-01-01T00:00:07Z'))).toBe('7 s');
    expect(formatDuration(null, null)).toBe('–');
  });

  test('time since, in the largest unit that fits', () => {
    const now = Date.parse('2026-01-10T00:00:00Z');
    expect(digits(formatAgo('2026-01-07T00:00:00Z', now))).toBe('3');
    expect(digits(formatAgo('2026-01-09T23:55:00Z', now))).toBe('5');
  });

  test('bytes in thousands', () => {
    expect(digits(formatBytes(999))).toBe('999');
    expect(digits(formatBytes(2_345_678))).toBe('23');
    expect(digits(formatBytes(0))).toBe('0');
  });
});
