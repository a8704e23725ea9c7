/** Sessions of users, stored or handed in, and what models say about how they go on. */
import DataLoader from 'dataloader';

import { AppError } from '../errors.js';
import type { SessionTaskName } from '../pipeline/deploy/index.js';
import {
  BEHAVIOUR_CODE,
  type BehaviourRow,
  buildBehaviourColumns,
  type Contribution,
  type HistoryItem,
  NEXT_BEHAVIOURS,
  type OpenSession,
  type ShopHistory,
} from '../pipeline/index.js';
import { SESSION_GAP_MS, sessionsBefore } from '../pipeline/preprocess/index.js';
import type { ItemRow, ShopStore } from '../store/index.js';
import { requireKeptAmount, requireTime } from './inputs/checks.js';
import type { OpenSessionInput } from './inputs/session.input.js';
import type { Services } from './services.js';
import type {
  NextBehaviourPrediction,
  ReadSession,
  SessionOutcomePrediction,
  UserSession,
} from './types/session.type.js';
import type { HistoryReader, UserReading } from './user-scores.js';

/** Behaviours that a session handed in may have. */
const MAX_BEHAVIOURS = 500;
const NOBODY = '';

/** A user's sessions, the newest first. */
export function sessionsOf(reading: UserReading, user: number): UserSession[] {
  const { history, sessionIds, asOf } = reading;
  return sessionsBefore(history, asOf, [user])
    .sort((a, b) => b.end - a.end || b.start - a.start)
    .map(({ rows }) => {
      const number = history.behaviours.session[rows[0]];
      return toUserSession({ history, user, rows }, number < 0 ? null : sessionIds[number], asOf);
    });
}

/** The session after its first so many behaviours. @throws AppError BAD_USER_INPUT */
export function firstSteps(session: UserSession, steps: number): UserSession {
  const { rows } = session.session;
  if (!(steps >= 1))
    throw new AppError('BAD_USER_INPUT', `steps: expected a whole number from 1; got ${steps}.`);
  if (steps >= rows.length) return session;
  const { history, user } = session.session;
  const part = toUserSession({ history, user, rows: rows.subarray(0, steps) }, session.id, Infinity);
  return { ...part, isOpen: session.isOpen };
}

function toUserSession(session: ReadSession, id: string | null, asOf: number): UserSession {
  const { history, user, rows } = session;
  const { occurredAt, type } = history.behaviours;
  const latest = occurredAt[rows[rows.length - 1]];
  const userId = history.users[user].id;
  return {
    id,
    userId: userId === NOBODY ? null : userId,
    startedAt: new Date(occurredAt[rows[0]]),
    latestAt: new Date(latest),
    behaviourCount: rows.length,
    isOpen: asOf - latest <= SESSION_GAP_MS,
    hasPurchase: rows.some((row) => type[row] === BEHAVIOUR_CODE.PURCHASE),
    session,
  };
}

/** Orders and refunds that were handed in are no visits: nothing is learnt from them, nor said about them. */
export function isVisit({ history, rows }: ReadSession): boolean {
  const first = history.behaviours.type[rows[0]];
  return first !== BEHAVIOUR_CODE.PURCHASE && first !== BEHAVIOUR_CODE.REFUND;
}

/**
 * A session that is not stored, in the light of what the user did before it.
 *
 * @throws AppError BAD_USER_INPUT, LIMIT_EXCEEDED
 */
export async function openSession(
  histories: Pick<HistoryReader, 'read'>,
  items: Pick<DataLoader<string, ItemRow | null>, 'load'>,
  { userId, behaviours }: OpenSessionInput,
): Promise<UserSession> {
  if (behaviours.length === 0)
    throw new AppError('BAD_USER_INPUT', 'session.behaviours: expected at least one behaviour; got none.');
  if (behaviours.length > MAX_BEHAVIOURS) {
    const message = `session.behaviours: at most ${MAX_BEHAVIOURS} are taken; got ${behaviours.length}.`;
    throw new AppError('LIMIT_EXCEEDED', message, { limit: MAX_BEHAVIOURS, asked: behaviours.length });
  }
  const { history } = await histories.read([userId ?? NOBODY]);
  const ids = [...new Set(behaviours.flatMap(({ itemId }) => itemId ?? []))];
  const rows = await Promise.all(ids.map((id) => items.load(id)));
  const places = new Map(history.items.map(({ id }, at) => [id, at]));
  const known = [...history.items];
  ids.forEach((id, at) => {
    if (!places.has(id)) places.set(id, known.push(toHistoryItem(id, rows[at])) - 1);
  });
  const own = behaviours
    .map((behaviour, at): BehaviourRow => {
      const name = `session.behaviours[${at}]`;
      const { type, itemId, quantity, value } = behaviour;
      return {
        user: 0,
        item: itemId ? (places.get(itemId) ?? -1) : -1,
        type,
        occurredAt: requireTime(`${name}.occurredAt`, behaviour.occurredAt).getTime(),
        quantity: quantity ?? 1,
        value: value ? requireKeptAmount(`${name}.value`, value) : 0,
        session: -1,
      };
    })
    .sort((a, b) => a.occurredAt - b.occurredAt);
  const earlier = rowsBefore(history, own[0].occurredAt);
  const asked = {
    ...history,
    items: known,
    ...buildBehaviourColumns([...earlier, ...own], 1, true),
  };
  const session = {
    history: asked,
    user: 0,
    rows: Int32Array.from(own, (_, at) => earlier.length + at),
  };
  return toUserSession(session, null, -Infinity);
}

function toHistoryItem(id: string, row: ItemRow | null): HistoryItem {
  return {
    id,
    title: row?.title ?? id,
    category: row?.category ?? [],
    price: row?.price ? Number(row.price) : Number.NaN,
    available: row?.available ?? true,
    attributes: row?.attributes ?? {},
  };
}

/** The user's stored behaviours from before the session; what is stored of the session itself came in with it. */
function rowsBefore({ behaviours }: ShopHistory, start: number): BehaviourRow[] {
  const rows: BehaviourRow[] = [];
  for (let row = 0; row < behaviours.count && behaviours.occurredAt[row] < start; row++) {
    rows.push({
      user: 0,
      item: behaviours.item[row],
      type: NEXT_BEHAVIOURS[behaviours.type[row]] as BehaviourRow['type'],
      occurredAt: behaviours.occurredAt[row],
      quantity: behaviours.quantity[row],
      value: behaviours.value[row],
      session: behaviours.session[row],
    });
  }
  return rows;
}

interface SessionScore {
  readonly values: Float32Array;
  readonly modelVersionId: string;
  readonly threshold: number;
}

/** One call of the serving host for all sessions of a history and a task that a query asks about. */
export class SessionAnalyst {
  private readonly scores: DataLoader<SessionKey, SessionScore>;
  private readonly explanations: DataLoader<ExplanationKey, Contribution[]>;

  constructor(services: Services, { shopKey }: ShopStore) {
    const { serving } = services;
    this.scores = new DataLoader((keys) =>
      inGroups(keys, async (own) => {
        const [{ task, session }] = own;
        const request = { history: session.history, sessions: own.map(openSessionOf) };
        const { values, servedBy } = await serving.scoreSessions(shopKey, request, task);
        const width = values.length / own.length;
        return servedBy.map((by, at): SessionScore => ({
          ...by,
          values: values.subarray(at * width, (at + 1) * width),
        }));
      }),
    );
    this.explanations = new DataLoader((keys) =>
      inGroups(keys, async (own) => {
        const [{ task, session }] = own;
        const request = { history: session.history, sessions: own.map(openSessionOf) };
        const first = Math.max(...own.map((key) => key.first));
        const explained = await serving.explainSessions(shopKey, request, task, first);
        return explained.map((parts, at) => parts.slice(0, own[at].first));
      }),
    );
  }

  /** @throws AppError NOT_READY */
  async next(session: ReadSession): Promise<NextBehaviourPrediction> {
    const { values, modelVersionId } = await this.scores.load({ task: 'NEXT_BEHAVIOUR', session });
    const probabilities = NEXT_BEHAVIOURS.map((type, at) => ({ type, probability: values[at] }));
    probabilities.sort((a, b) => b.probability - a.probability);
    return { label: probabilities[0].type, probabilities, modelVersionId, session };
  }

  /** @throws AppError NOT_READY */
  async outcome(session: ReadSession): Promise<SessionOutcomePrediction> {
    const { values, threshold, modelVersionId } = await this.scores.load({
      task: 'SESSION_OUTCOME',
      session,
    });
    const [probability] = values;
    return { probability, threshold, label: probability >= threshold, modelVersionId, session };
  }

  explain(task: SessionTaskName, session: ReadSession, first: number): Promise<Contribution[]> {
    return this.explanations.load({ task, session, first });
  }
}

interface SessionKey {
  readonly task: SessionTaskName;
  readonly session: ReadSession;
}
interface ExplanationKey extends SessionKey {
  readonly first: number;
}

const openSessionOf = ({ session: { user, rows } }: SessionKey): OpenSession => ({ user, rows });

/** Answers keys of the same history and task together; a task without a model does not take the others' answers along. */
async function inGroups<Key extends SessionKey, Answer>(
  keys: readonly Key[],
  answer: (own: readonly Key[]) => Promise<Answer[]>,
): Promise<(Answer | Error)[]> {
  const groups = new Map<ShopHistory, Map<SessionTaskName, Key[]>>();
  for (const key of keys) {
    const byTask = groups.get(key.session.history) ?? new Map<SessionTaskName, Key[]>();
    groups.set(key.session.history, byTask.set(key.task, [...(byTask.get(key.task) ?? []), key]));
  }
  const answers = new Map<Key, Answer | Error>();
  const all = [...groups.values()].flatMap((byTask) => [...byTask.values()]);
  await Promise.all(
    all.map(async (own) => {
      const found = await answer(own).catch((error: unknown) => own.map(() => error as Error));
      own.forEach((key, at) => answers.set(key, found[at]));
    }),
  );
  return keys.map((key) => answers.get(key) ?? new Error('A session was not answered.'));
}
