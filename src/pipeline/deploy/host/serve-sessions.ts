/** Answers about open sessions: each by the version that serves the session's user. */
import type { Contribution, SessionRequest } from '../../index.js';
import { explainSessions } from '../../single-task/index.js';
import type { ServingClient, SessionTaskName } from '../serving-contract.js';
import { groupByModel, required } from './choices.js';
import type { Choice, Shelf } from './shelf.js';

/** @throws AppError NOT_READY when no deployed version has the task */
export async function scoreSessions(
  shelf: Shelf,
  request: SessionRequest,
  task: SessionTaskName,
): ReturnType<ServingClient['scoreSessions']> {
  const choices = chooseForSessions(shelf, task, request);
  let values = new Float32Array(0);
  for (const [model, own] of groupByModel(choices)) {
    const scores = await required(model.sessions, task).scoreSessions(partOf(request, own));
    const answers = required(scores[task], task);
    const width = answers.length / own.length;
    if (values.length === 0) values = new Float32Array(choices.length * width);
    own.forEach((session, at) => values.set(answers.subarray(at * width, (at + 1) * width), session * width));
  }
  return { values, servedBy: choices.map((choice) => choice.servedBy) };
}

/** @throws AppError NOT_READY when no deployed version has the task */
export async function explainServedSessions(
  shelf: Shelf,
  request: SessionRequest,
  task: SessionTaskName,
  first: number,
): Promise<Contribution[][]> {
  const explanations: Contribution[][] = request.sessions.map(() => []);
  for (const [model, own] of groupByModel(chooseForSessions(shelf, task, request))) {
    const scorer = required(model.sessions, task);
    const parts = await explainSessions(scorer, partOf(request, own), task, first);
    own.forEach((session, at) => (explanations[session] = parts[at]));
  }
  return explanations;
}

const chooseForSessions = (
  shelf: Shelf,
  task: SessionTaskName,
  { history, sessions }: SessionRequest,
): Choice[] => sessions.map(({ user }) => shelf.choose(task, history.users[user].id));

const partOf = ({ history, sessions }: SessionRequest, own: Int32Array): SessionRequest => ({
  history,
  sessions: Array.from(own, (at) => sessions[at]),
});
