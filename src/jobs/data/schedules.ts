/** Pulls and crawls by the clock, as API and command line ask for them; workers start them (`tend-schedules.ts`). */
import { AppError } from '../../errors.js';
import type { ConnectionRow, JsonObject, ScheduleRow, ShopStore } from '../../store/index.js';
import type { CrawlRequest } from './contract.js';
import { firstTime, type RhythmRequest, toRhythm } from './rhythm.js';
import { crawlSubject, pullSubject } from './subjects.js';

/** Has a shop system pulled by the clock, in the place of what was set for it. @throws AppError as `toRhythm` */
export function schedulePull(
  shop: ShopStore,
  connection: ConnectionRow,
  request: RhythmRequest,
): Promise<ScheduleRow> {
  const rhythm = toRhythm(request);
  return shop.saveSchedule({
    kind: 'PULL',
    subject: pullSubject(connection),
    connectionId: connection.id,
    input: {},
    rhythm,
    nextAt: firstTime(rhythm, new Date()),
  });
}

/** Has a catalogue crawled by the clock, in the place of what was set for its site. @throws AppError as `toRhythm` */
export function scheduleCrawl(
  shop: ShopStore,
  crawl: CrawlRequest,
  request: RhythmRequest,
): Promise<ScheduleRow> {
  const rhythm = toRhythm(request);
  return shop.saveSchedule({
    kind: 'CRAWL',
    subject: crawlSubject(crawl),
    connectionId: null,
    input: JSON.parse(JSON.stringify(crawl)) as JsonObject,
    rhythm,
    nextAt: firstTime(rhythm, new Date()),
  });
}

/** @throws AppError NOT_FOUND */
export async function resumeSchedule(shop: ShopStore, id: string): Promise<ScheduleRow> {
  const schedule = await shop.scheduleById(id);
  if (schedule === null) throw new AppError('NOT_FOUND', `There is no schedule ${id}.`);
  return schedule.isPaused ? shop.continueSchedule(id, firstTime(schedule.rhythm, new Date())) : schedule;
}
