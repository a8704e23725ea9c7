import { describe, expect, test } from '@jest/globals';

import { firstTime, nextTime, retryTime, toRhythm } from '../../../src/jobs/data/rhythm.js';

const at = (text: string) => new Date(text);

describe('the rhythm of scheduled pulls', () => {
  test('an expression comes at its minute of the zone, also over a change of the clocks', () => {
    const rhythm = toRhythm({ cron: '30  2 * * *', timeZone: 'Europe/Berlin' });
    expect(rhythm).toEqual({ cron: '30 2 * * *', everyMinutes: null, timeZone: 'Europe/Berlin' });
    expect(nextTime(rhythm, at('2026-01-10T00:00:00Z'))).toEqual(at('2026-01-10T01:30:00Z'));
    expect(nextTime(rhythm, at('2026-01-10T01:30:00Z'))).toEqual(at('2026-01-11T01:30:00Z'));
    expect(nextTime(rhythm, at('2026-07-10T00:00:00Z'))).toEqual(at('2026-07-10T00:30:00Z'));
    // On 29 March there is no 2:30 in Berlin: it comes that day all the same, once.
    const missing = nextTime(rhythm, at('2026-03-28T12:00:00Z'));
    expect(missing.toISOString().slice(0, 10)).toBe('2026-03-29');
    expect(nextTime(rhythm, missing)).toEqual(at('2026-03-30T00:30:00Z'));
  });

  test('an interval begins at once, an expression at its next time', () => {
    const now = at('2026-01-10T10:10:00Z');
    const interval = toRhythm({ everyMinutes: 45 });
    expect(firstTime(interval, now)).toEqual(now);
    expect(nextTime(interval, now)).toEqual(at('2026-01-10T10:55:00Z'));
    expect(firstTime(toRhythm({ cron: '0 * * * *' }), now)).toEqual(at('2026-01-10T11:00:00Z'));
  });

  test('after failures pauses double, up to a day', () => {
    const now = at('2026-01-10T00:00:00Z');
    const minutes = [1, 2, 3, 8, 9, 10, 400].map(
      (failures) => (retryTime(failures, now).getTime() - now.getTime()) / 60_000,
    );
    expect(minutes).toEqual([5, 10, 20, 640, 1280, 1440, 1440]);
  });

  test.each([
    [{}, /one of the two/],
    [{ cron: '* * * * *', everyMinutes: 5 }, /one of the two/],
    [{ everyMinutes: 0 }, /everyMinutes: expected a whole number from 1/],
    [{ everyMinutes: 1.5 }, /everyMinutes/],
    [{ cron: 'daily' }, /cron: expected minute/],
    [{ cron: '* * * * * *' }, /cron: expected minute/],
    [{ cron: '61 * * * *' }, /cron: expected minute.*got "61/],
    [{ cron: '0 0 31 2 *' }, /cron: expected minute/],
    [{ cron: '0 2 * * *', timeZone: 'Mars/Olympus' }, /Mars/],
  ])('%j is refused', (request, message) => {
    expect(() => toRhythm(request)).toThrow(message);
  });
});
