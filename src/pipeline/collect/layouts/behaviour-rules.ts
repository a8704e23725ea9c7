import { isDeclaredBot } from '../bots.js';
import { type CleaningRule } from '../cleaning.js';
import { type LayoutOptions } from './layout.js';

/** What the rules look at. */
export interface BehaviourLine {
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** NaN where the record has none. */
  readonly quantity: number;
  /** NaN where the record has none. */
  readonly amount: number;
  readonly userAgent: string;
  readonly isTest: boolean;
  readonly isLocalTime: boolean;
  readonly isConverted: boolean;
}

/** A line of which no more is known. */
export const PLAIN_LINE: Omit<BehaviourLine, 'userId' | 'time'> = {
  quantity: NaN,
  amount: NaN,
  userAgent: '',
  isTest: false,
  isLocalTime: false,
  isConverted: false,
};

/** Times before it are placeholders: no shop's export reaches back behind the web. */
const EARLIEST = Date.UTC(1990, 0, 1);
const DAY_MS = 86_400_000;

/** Rules for all files of behaviours; those about zones and rates are there when the import was told some. */
export function behaviourRules(options: LayoutOptions): readonly CleaningRule<BehaviourLine>[] {
  const { now, bots, timeZone, rates, currency } = options;
  const rules: CleaningRule<BehaviourLine>[] = [
    {
      name: 'no-user',
      description: 'The record names no user, so it is nobody’s behaviour.',
      action: 'DROP',
      fits: (line) => line.userId === '',
    },
    {
      name: 'impossible-time',
      description:
        'The time is before 1990 or more than a day ahead: one such record would move the shop’s clock.',
      action: 'DROP',
      fits: (line) => line.time < EARLIEST || line.time > now + DAY_MS,
    },
    {
      name: 'test-order',
      description: 'Marked as a test: nobody bought anything.',
      action: 'DROP',
      fits: (line) => line.isTest,
    },
    {
      name: 'declared-bot',
      description: 'The user agent says that it is a crawler, a monitor or a script.',
      action: 'DROP',
      fits: (line) => isDeclaredBot(line.userAgent),
    },
    {
      name: 'bot',
      description: 'The user behaves as no person can; the report says how.',
      action: 'DROP',
      fits: (line) => bots?.has(line.userId) === true,
    },
    {
      name: 'negative-amount',
      description: 'The price or value is below zero: a correction in the books, not a behaviour.',
      action: 'DROP',
      fits: (line) => line.amount < 0,
    },
    {
      name: 'zero-quantity',
      description: 'The quantity is zero: nothing happened.',
      action: 'DROP',
      fits: (line) => line.quantity === 0,
    },
    {
      name: 'negative-quantity',
      description:
        'A purchase with a quantity below zero: kept as a REFUND of the units that were taken back.',
      action: 'KEEP',
      fits: (line) => line.quantity < 0,
    },
  ];
  if (timeZone !== undefined) rules.push(localTimeRule(timeZone));
  if (rates !== undefined) rules.push(exchangeRule(currency));
  return rules;
}

/** @param timeZone IANA name */
export function localTimeRule(timeZone: string): CleaningRule<{ readonly isLocalTime: boolean }> {
  return {
    name: 'local-time',
    description: `The time names no zone: read as local time of ${timeZone}.`,
    action: 'REPAIR',
    fits: (line) => line.isLocalTime,
  };
}

/** @param currency ISO 4217 code that amounts are brought to */
export function exchangeRule(currency = ''): CleaningRule<{ readonly isConverted: boolean }> {
  return {
    name: 'other-currency',
    description: `The amount is in another currency: converted to ${currency} at the rates given.`,
    action: 'REPAIR',
    fits: (line) => line.isConverted,
  };
}
