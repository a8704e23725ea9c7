/** Why a session is expected to go on as it is: what the answer would be without one of its behaviours. */
import {
  BEHAVIOUR_CODE,
  BEHAVIOUR_TYPES,
  type BehaviourRow,
  buildBehaviourColumns,
  type Contribution,
  type HistoryUser,
  NEXT_BEHAVIOURS,
  type OpenSession,
  type SessionRequest,
  type SessionScorer,
  type ShopHistory,
} from '../../index.js';
import type { SessionTask } from './session-tasks.js';

/** Behaviours that are left out one by one: the latest of a session. */
const MOST_LEFT_OUT = 20;
const MINUTE_MS = 60_000;
/** Keeps the logit of a certain answer finite. */
const EPSILON = 1e-6;

/**
 * Contributions of the session's latest behaviours, and of all that the user did before it, in logits: the logit with everything less the logit
 * without the one (occlusion: Zeiler and Fergus, ECCV 2014, of behaviours instead of pixels). It asks nothing of the model but its answers, so that it is the same for chains,
 * nets and ensembles. Of NEXT_BEHAVIOUR the answer is the most probable behaviour. A session of a single behaviour cannot lose it: there it is
 * replaced by a look at nothing in particular.
 *
 * @returns the largest magnitude first, at most `first` a session
 */
export async function explainSessions(
  scorer: SessionScorer,
  { history, sessions }: SessionRequest,
  task: SessionTask,
  first: number,
): Promise<Contribution[][]> {
  const asked = sessions.map((session) => variantsOf(history, session));
  const logits = await logitsOf(scorer, history, asked, task);
  return asked.map(({ left }, at) => {
    const [all, ...without] = logits[at];
    return left
      .map((part, place) => ({ ...part, contribution: all - without[place] }))
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
      .slice(0, first);
  });
}

interface Variants {
  readonly user: HistoryUser;
  /** What each variant but the first leaves out. */
  readonly left: readonly Omit<Contribution, 'contribution'>[];
  /** The session and its variants: rows of before, then those of the session. */
  readonly rows: readonly (readonly BehaviourRow[])[];
  /** Behaviours of before in each. */
  readonly before: readonly number[];
}

function variantsOf(history: ShopHistory, { user, rows }: OpenSession): Variants {
  const { occurredAt } = history.behaviours;
  const start = occurredAt[rows[0]];
  const latest = occurredAt[rows[rows.length - 1]];
  const own = Array.from(rows, (row) => rowOf(history, row));
  const earlier: BehaviourRow[] = [];
  for (let row = history.userOffsets[user]; occurredAt[row] < start && row < rows[0]; row++)
    earlier.push(rowOf(history, row));
  const left: Omit<Contribution, 'contribution'>[] = [];
  const variants = [[...earlier, ...own]];
  const before = [earlier.length];
  for (let at = Math.max(0, own.length - MOST_LEFT_OUT); at < own.length; at++) {
    const without = own.length > 1 ? own.filter((_, place) => place !== at) : [nothing(own[at])];
    left.push(describe(history, rows[at], at, latest));
    variants.push([...earlier, ...without]);
    before.push(earlier.length);
  }
  if (earlier.length > 0) {
    left.push({
      feature: 'earlier',
      description: 'Behaviours before this session',
      value: earlier.length,
    });
    variants.push(own);
    before.push(0);
  }
  return { user: history.users[user], left, rows: variants, before };
}

const nothing = (row: BehaviourRow): BehaviourRow => ({ ...row, type: 'VIEW', item: -1, value: 0 });

function rowOf({ behaviours }: ShopHistory, row: number): BehaviourRow {
  return {
    user: 0,
    item: behaviours.item[row],
    type: BEHAVIOUR_TYPES[behaviours.type[row]],
    occurredAt: behaviours.occurredAt[row],
    quantity: behaviours.quantity[row],
    value: behaviours.value[row],
    session: behaviours.session[row],
  };
}

const WORDS: Readonly<Record<number, string>> = {
  [BEHAVIOUR_CODE.VIEW]: 'Looked at',
  [BEHAVIOUR_CODE.SEARCH]: 'Searched for',
  [BEHAVIOUR_CODE.FAVOURITE]: 'Marked as a favourite:',
  [BEHAVIOUR_CODE.ADD_TO_CART]: 'Put into the cart:',
  [BEHAVIOUR_CODE.REMOVE_FROM_CART]: 'Took out of the cart:',
  [BEHAVIOUR_CODE.PURCHASE]: 'Bought',
  [BEHAVIOUR_CODE.REFUND]: 'Gave back',
  [BEHAVIOUR_CODE.RATING]: 'Rated',
};

function describe({ behaviours, items }: ShopHistory, row: number, at: number, latest: number) {
  const item = behaviours.item[row];
  const what = item >= 0 ? items[item].title : 'something';
  return {
    feature: `behaviour ${at + 1}`,
    description: `${WORDS[behaviours.type[row]]} ${what}, minutes before the latest behaviour`,
    value: (latest - behaviours.occurredAt[row]) / MINUTE_MS,
  };
}

/** All variants of all sessions in one call. @returns [sessions][variants] logit of the answer that the first variant gives */
async function logitsOf(
  scorer: SessionScorer,
  history: ShopHistory,
  asked: readonly Variants[],
  task: SessionTask,
): Promise<number[][]> {
  const all = asked.flatMap(({ rows }) => rows);
  const before = asked.flatMap((variants) => variants.before);
  const columns = buildBehaviourColumns(
    all.flatMap((rows, user) => rows.map((row) => ({ ...row, user }))),
    all.length,
    true,
  );
  const users = asked.flatMap(({ user, rows }) => rows.map(() => user));
  const sessions = all.map((rows, user): OpenSession => {
    const from = columns.userOffsets[user] + before[user];
    return {
      user,
      rows: Int32Array.from({ length: rows.length - before[user] }, (_, place) => from + place),
    };
  });
  const scores = await scorer.scoreSessions({ history: { ...history, users, ...columns }, sessions });
  const probabilities = scores[task];
  if (!probabilities) throw new Error(`The scorer of sessions made no prediction for ${task}.`);
  const width = task === 'NEXT_BEHAVIOUR' ? NEXT_BEHAVIOURS.length : 1;
  let from = 0;
  return asked.map(({ rows }) => {
    const own = rows.map((_, place) =>
      probabilities.subarray((from + place) * width, (from + place + 1) * width),
    );
    from += rows.length;
    const answer = own[0].indexOf(Math.max(...own[0]));
    return own.map((row) => logit(row[answer]));
  });
}

function logit(probability: number): number {
  const p = Math.min(1 - EPSILON, Math.max(EPSILON, probability));
  return Math.log(p / (1 - p));
}
