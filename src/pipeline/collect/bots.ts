import { isbot } from 'isbot';

import { type BehaviourType } from '../index.js';

/** Views within one minute that no person reaches: two a second, for a minute. */
export const MAX_VIEWS_A_MINUTE = 120;
/** Views within one day of somebody who never puts anything into a basket. */
export const MAX_VIEWS_A_DAY = 3_000;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export const BOT_RULES = {
  'machine-speed': `More than ${MAX_VIEWS_A_MINUTE} views within one minute, and nothing ever bought.`,
  tireless: `More than ${MAX_VIEWS_A_DAY} views within one day, and nothing ever bought, put into a basket or marked.`,
} as const;

/** Why a user counts as a bot. */
export interface BotEvidence {
  readonly userId: string;
  readonly rule: keyof typeof BOT_RULES;
  readonly views: number;
  /** Most views within one minute and within one day of UTC. */
  readonly viewsAMinute: number;
  readonly viewsADay: number;
}

interface Watched {
  views: number;
  minute: number;
  inMinute: number;
  mostInMinute: number;
  day: number;
  inDay: number;
  mostInDay: number;
  hasBought: boolean;
  hasChosen: boolean;
}

/**
 * Tells users who behave as no person can. Purchases acquit: a shop's best customer must never be taken for a machine. Counts within a
 * minute and a day follow the order of the lines; a file that is not in order of time gives fewer bots, never more.
 */
export class BotWatch {
  private readonly users = new Map<string, Watched>();
  private seen = 0;
  private onTheMinute = 0;

  see(userId: string, type: BehaviourType, time: number): void {
    this.seen++;
    if (time % MINUTE_MS === 0) this.onTheMinute++;
    let user = this.users.get(userId);
    if (user === undefined) {
      user = {
        views: 0,
        minute: NaN,
        inMinute: 0,
        mostInMinute: 0,
        day: NaN,
        inDay: 0,
        mostInDay: 0,
        hasBought: false,
        hasChosen: false,
      };
      this.users.set(Buffer.from(userId).toString(), user);
    }
    if (type === 'PURCHASE' || type === 'REFUND') user.hasBought = true;
    else if (type !== 'VIEW' && type !== 'SEARCH') user.hasChosen = true;
    else count(user, time);
  }

  verdicts(): BotEvidence[] {
    const found: BotEvidence[] = [];
    // Where times are of whole days or hours, a day's views fall into one minute, whoever makes them.
    const hasSeconds = this.onTheMinute < this.seen / 2;
    for (const [userId, user] of this.users) {
      const rule = ruleFor(user, hasSeconds);
      if (rule === null) continue;
      found.push({
        userId,
        rule,
        views: user.views,
        viewsAMinute: user.mostInMinute,
        viewsADay: user.mostInDay,
      });
    }
    return found.sort((a, b) => b.views - a.views || (a.userId < b.userId ? -1 : 1));
  }
}

function count(user: Watched, time: number): void {
  const [minute, day] = [Math.floor(time / MINUTE_MS), Math.floor(time / DAY_MS)];
  user.views++;
  user.inMinute = minute === user.minute ? user.inMinute + 1 : 1;
  user.minute = minute;
  user.mostInMinute = Math.max(user.mostInMinute, user.inMinute);
  user.inDay = day === user.day ? user.inDay + 1 : 1;
  user.day = day;
  user.mostInDay = Math.max(user.mostInDay, user.inDay);
}

function ruleFor(user: Watched, hasSeconds: boolean): BotEvidence['rule'] | null {
  if (user.hasBought) return null;
  if (hasSeconds && user.mostInMinute > MAX_VIEWS_A_MINUTE) return 'machine-speed';
  return user.mostInDay > MAX_VIEWS_A_DAY && !user.hasChosen ? 'tireless' : null;
}

const MAX_KNOWN_AGENTS = 10_000;
const knownAgents = new Map<string, boolean>();

/** Whether a user agent says of itself that it is no browser of a person (list of the package isbot). */
export function isDeclaredBot(userAgent: string): boolean {
  if (userAgent === '') return false;
  const known = knownAgents.get(userAgent);
  if (known !== undefined) return known;
  if (knownAgents.size >= MAX_KNOWN_AGENTS) knownAgents.clear();
  const isBot = isbot(userAgent);
  knownAgents.set(userAgent, isBot);
  return isBot;
}
