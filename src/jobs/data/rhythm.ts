/** When pulls and crawls come by the clock. */
import { CronExpressionParser } from 'cron-parser';

import { AppError } from '../../errors.js';
import { checkTimeZone } from '../../pipeline/collect/index.js';
import type { Rhythm } from '../../store/index.js';

const MINUTE_MS = 60_000;
/** A month: what is pulled more seldom wants a date. */
const MAX_MINUTES = 44_640;
/** After the first failure; it doubles with each further one in a row. */
const FIRST_PAUSE_MS = 5 * MINUTE_MS;
const MAX_PAUSE_MS = 24 * 60 * MINUTE_MS;

export interface RhythmRequest {
  /** Minute, hour, day, month, weekday. */
  readonly cron?: string;
  readonly everyMinutes?: number;
  /** IANA name, for cron. Default UTC. */
  readonly timeZone?: string;
}

/** @throws AppError BAD_USER_INPUT for none or both, an expression that is none or never comes, an interval outside 1 to 44,640 */
export function toRhythm({ cron, everyMinutes, timeZone = 'UTC' }: RhythmRequest): Rhythm {
  if ((cron === undefined) === (everyMinutes === undefined))
    throw new AppError('BAD_USER_INPUT', 'Expected cron or everyMinutes, one of the two.');
  checkTimeZone(timeZone);
  if (everyMinutes !== undefined) {
    if (!Number.isInteger(everyMinutes) || everyMinutes < 1 || everyMinutes > MAX_MINUTES)
      throw new AppError(
        'BAD_USER_INPUT',
        `everyMinutes: expected a whole number from 1 to ${MAX_MINUTES}; got ${everyMinutes}.`,
      );
    return { cron: null, everyMinutes, timeZone };
  }
  const text = (cron ?? '').trim().replace(/\s+/g, ' ');
  const refuse = (why: string): AppError =>
    new AppError(
      'BAD_USER_INPUT',
      `cron: expected minute, hour, day, month and weekday, such as "30 2 * * *"; got "${text.slice(0, 100)}"${why}.`,
    );
  if (text.split(' ').length !== 5) throw refuse('');
  try {
    const rhythm: Rhythm = { cron: text, everyMinutes: null, timeZone };
    nextTime(rhythm, new Date());
    return rhythm;
  } catch (thrown) {
    throw refuse(`: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** The next time after one: a minute that the expression names, in its zone; or the interval later. */
export function nextTime({ cron, everyMinutes, timeZone }: Rhythm, after: Date): Date {
  if (everyMinutes !== null) return new Date(after.getTime() + everyMinutes * MINUTE_MS);
  return CronExpressionParser.parse(cron, { currentDate: after, tz: timeZone }).next().toDate();
}

/** When it comes first: an interval begins at once, an expression at its next minute. */
export function firstTime(rhythm: Rhythm, now: Date): Date {
  return rhythm.everyMinutes !== null ? now : nextTime(rhythm, now);
}

/** When it is tried again after so many failures in a row: 5 minutes, 10, 20, … up to a day, whatever the clock says meanwhile. */
export function retryTime(failures: number, now: Date): Date {
  return new Date(now.getTime() + Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), MAX_PAUSE_MS));
}
