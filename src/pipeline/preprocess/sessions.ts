/** Sessions out of behaviours, and the questions about them that the past has answered. */
import { BEHAVIOUR_CODE, NEXT_BEHAVIOURS, type OpenSession, type ShopHistory } from '../index.js';

/** Behaviours without a session of the shop's own belong to one session until nothing happens for so long. */
export const SESSION_GAP_MS = 30 * 60_000;

const END = NEXT_BEHAVIOURS.length - 1;
/** Behaviours so far at which a session is asked about: every step at first, then ever fewer, so that long sessions do not outweigh others. */
const STEPS: ReadonlySet<number> = new Set([
  1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 16, 21, 28, 36, 50, 75, 100, 150, 200,
]);

/** A session as it was known at a time. */
export interface Session extends OpenSession {
  /** Times of its first and last behaviour. */
  readonly start: number;
  readonly end: number;
}

/**
 * Sessions of users, each by its own behaviours before `until`: those that share the shop's number of a session, and those without one that follow
 * each other within half an hour.
 *
 * @param users indices into history.users; all when left out
 * @returns     by user, then by start
 */
export function sessionsBefore(history: ShopHistory, until: number, users?: ArrayLike<number>): Session[] {
  const { behaviours, userOffsets } = history;
  const found: Session[] = [];
  const count = users ? users.length : history.users.length;
  for (let at = 0; at < count; at++) {
    const user = users ? users[at] : at;
    const groups = new Map<string, number[]>();
    let gap = 0;
    let lastLoose = -Infinity;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= until) break;
      const own = behaviours.session[row];
      if (own < 0) {
        if (time - lastLoose > SESSION_GAP_MS) gap++;
        lastLoose = time;
      }
      const key = own < 0 ? `gap ${gap}` : String(own);
      const rows = groups.get(key);
      if (rows) rows.push(row);
      else groups.set(key, [row]);
    }
    for (const rows of groups.values()) {
      const [start, end] = [rows[0], rows[rows.length - 1]].map((row) => behaviours.occurredAt[row]);
      found.push({ user, rows: Int32Array.from(rows), start, end });
    }
  }
  return found;
}

/** The session that each user is in: the latest one, if its last behaviour lies within half an hour before `asOf`; null otherwise. */
export function openSessions(
  history: ShopHistory,
  users: ArrayLike<number>,
  asOf: number,
): (OpenSession | null)[] {
  return Array.from(users, (user) => {
    const latest = sessionsBefore(history, asOf, [user]).reduce<Session | null>(
      (best, session) => (best && best.end > session.end ? best : session),
      null,
    );
    return latest && asOf - latest.end <= SESSION_GAP_MS ? latest : null;
  });
}

/** Questions about sessions with their answers. */
export interface SessionExamples {
  readonly sessions: readonly OpenSession[];
  /** [examples] index into NEXT_BEHAVIOURS; for the outcome 1 where a purchase follows, 0 where none does. */
  readonly labels: Float32Array;
}

export interface SessionExampleOptions {
  /** Sessions that start in [from, until). */
  readonly from?: number;
  /** Nothing at or after it is read, neither for the sessions nor for their labels. */
  readonly until: number;
  /** Where more would come together, sessions are thinned out evenly. */
  readonly maxExamples?: number;
}

/**
 * What came next, at the first behaviours of every session and ever fewer later ones. A session that may still go on at `until` teaches what came
 * next, but not that it ended. Sessions that begin with a purchase or a refund are orders that were handed in, not visits: left out.
 */
export function nextBehaviourExamples(history: ShopHistory, options: SessionExampleOptions): SessionExamples {
  const { type } = history.behaviours;
  return gather(history, options, ({ rows, end }, steps) => {
    if (steps < rows.length) return type[rows[steps]];
    return end + SESSION_GAP_MS < options.until ? END : null;
  });
}

/** Whether a purchase follows, at behaviours of sessions that are over by `until` and have none so far. */
export function sessionOutcomeExamples(
  history: ShopHistory,
  options: SessionExampleOptions,
): SessionExamples {
  const { type } = history.behaviours;
  return gather(history, options, ({ rows, end }, steps) => {
    if (end + SESSION_GAP_MS >= options.until) return null;
    const first = rows.findIndex((row) => type[row] === BEHAVIOUR_CODE.PURCHASE);
    if (first < 0) return 0;
    return first < steps ? null : 1;
  });
}

/** @param answer the label after the session's first `steps` behaviours; null where there is no question or no answer yet */
function gather(
  history: ShopHistory,
  { from = -Infinity, until, maxExamples = Infinity }: SessionExampleOptions,
  answer: (session: Session, steps: number) => number | null,
): SessionExamples {
  const { type } = history.behaviours;
  const isOrder = (row: number) =>
    type[row] === BEHAVIOUR_CODE.PURCHASE || type[row] === BEHAVIOUR_CODE.REFUND;
  const visits = sessionsBefore(history, until).filter(
    ({ rows, start }) => start >= from && !isOrder(rows[0]),
  );
  // By start, so that a model may hold back the latest.
  visits.sort((a, b) => a.start - b.start || a.user - b.user);
  const asked = visits.map((session) =>
    Array.from(session.rows.keys(), (at) => at + 1).flatMap((steps) => {
      const label = STEPS.has(steps) ? answer(session, steps) : null;
      return label === null ? [] : { user: session.user, rows: session.rows.subarray(0, steps), label };
    }),
  );
  const total = asked.reduce((sum, own) => sum + own.length, 0);
  const every = Math.max(1, Math.ceil(total / maxExamples));
  const examples = asked.filter((_, at) => at % every === 0).flat();
  return {
    sessions: examples.map(({ user, rows }) => ({ user, rows })),
    labels: Float32Array.from(examples, ({ label }) => label),
  };
}
