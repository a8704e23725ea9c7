/** Which domain each example belongs to: what a domain-adversarial training makes a net blind to. */
import { tooFewData } from '../../errors.js';
import { BEHAVIOUR_CODE, type ShopHistory } from '../index.js';
import type { ExampleOrigins } from '../multi-task/index.js';

/**
 * - TIME: the earlier and the later half of the examples.
 * - NEW_USERS: users with one order so far, and with more.
 * - COUNTRY: the users' countries; all but the most frequent ones are one domain.
 */
export const DOMAINS = ['TIME', 'NEW_USERS', 'COUNTRY'] as const;
export type Domain = (typeof DOMAINS)[number];

const MOST_COUNTRIES = 8;

/** The domains of an entity's examples: [examples] in 0 … count - 1. */
export interface ExampleDomains {
  readonly count: number;
  readonly of: Int32Array;
}

/** @returns null where the examples are about no user and the domain is one of users. @throws AppError TOO_FEW_DATA where all are of one */
export function domainsOf(
  domain: Domain,
  history: ShopHistory,
  { times, users }: ExampleOrigins,
): ExampleDomains | null {
  if (domain !== 'TIME' && !users) return null;
  const of =
    domain === 'TIME'
      ? laterHalf(times)
      : domain === 'NEW_USERS'
        ? returning(history, times, users!)
        : countries(history, users!);
  const found = new Set(of).size;
  if (found < 2) throw tooFewData(`Domains (${domain}) to tell apart`, found, 2);
  return { count: Math.max(...new Set(of)) + 1, of };
}

function laterHalf(times: Float64Array): Int32Array {
  const middle = times.slice().sort()[Math.floor(times.length / 2)];
  return Int32Array.from(times, (time) => (time >= middle ? 1 : 0));
}

function returning(
  { behaviours, userOffsets }: ShopHistory,
  times: Float64Array,
  users: Int32Array,
): Int32Array {
  return Int32Array.from(users, (user, at) => {
    let first = Number.NaN;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= times[at]) break;
      if (behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE) continue;
      if (Number.isNaN(first)) first = time;
      else if (time > first) return 1;
    }
    return 0;
  });
}

function countries({ users: known }: ShopHistory, users: Int32Array): Int32Array {
  const codes = Array.from(users, (user) => {
    const code = known[user]?.attributes.countryCode;
    return typeof code === 'string' ? code : '';
  });
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const frequent = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const numberOf = new Map(frequent.slice(0, MOST_COUNTRIES - 1).map(([code], at) => [code, at]));
  return Int32Array.from(codes, (code) => numberOf.get(code) ?? numberOf.size);
}
