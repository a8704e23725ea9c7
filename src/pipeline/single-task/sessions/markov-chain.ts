import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { taskDefinition, type TaskName } from '../../../tasks/index.js';
import {
  BEHAVIOUR_CODE,
  BEHAVIOUR_TYPES,
  type FitContext,
  type Model,
  type ModelType,
  NEXT_BEHAVIOURS,
  type SessionRequest,
  type SessionScorer,
  type SessionScores,
  type TrainingData,
} from '../../index.js';
import { nextBehaviourExamples } from '../../preprocess/index.js';
import { requireSessions, sessionTasks } from './session-tasks.js';

const FILE = 'markov-chain.json';
const TYPES = BEHAVIOUR_TYPES.length;
const NEXT = NEXT_BEHAVIOURS.length;
/** Steps of the shorter memory that each state of the longer one is shrunk by. */
const PRIOR = 20;
/** Sessions hardly ever go on for longer: what is left then does not buy. */
const MOST_STEPS = 300;

/**
 * The plain reference of behaviour analysis: what comes next depends on the last two behaviours, by how often it did (a Markov chain of second
 * order, shrunk to the first, and that to how often anything happens). The outcome follows from the chain: the probability that it meets a
 * purchase before it ends.
 */
class MarkovChain implements Model, SessionScorer {
  readonly architecture = 'markov-chain';
  readonly family = 'BASELINE';
  readonly sessions = this;
  /** [(types + 1) × types × next] by the last but one (types = none), the last, the next. */
  next: Float64Array = new Float64Array(0);
  /** [(types + 1) × types] probability of a purchase before the end. */
  private buys: Float64Array = new Float64Array(0);

  constructor(readonly tasks: readonly TaskName[]) {}

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async fit({ history, cut }: TrainingData, { signal, onProgress }: FitContext): Promise<void> {
    signal.throwIfAborted();
    const { sessions, labels } = nextBehaviourExamples(history, { until: cut });
    requireSessions(sessions.length, Math.max(...this.tasks.map((task) => taskDefinition(task).minExamples)));
    const counts = new Float64Array((TYPES + 1) * TYPES * NEXT);
    sessions.forEach(({ rows }, at) => {
      counts[stateOf(history.behaviours.type, rows) * NEXT + labels[at]]++;
    });
    this.restore(probabilities(counts));
    onProgress(1);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreSessions({ history, sessions }: SessionRequest): Promise<SessionScores> {
    if (this.next.length === 0) throw new Error('The model markov-chain is neither fitted nor loaded.');
    const states = sessions.map(({ rows }) => stateOf(history.behaviours.type, rows));
    const next = new Float32Array(sessions.length * NEXT);
    states.forEach((state, at) => next.set(this.next.subarray(state * NEXT, (state + 1) * NEXT), at * NEXT));
    return {
      ...(this.tasks.includes('NEXT_BEHAVIOUR') && { NEXT_BEHAVIOUR: next }),
      ...(this.tasks.includes('SESSION_OUTCOME') && {
        SESSION_OUTCOME: Float32Array.from(states, (state) => this.buys[state]),
      }),
    };
  }

  async save(directory: string): Promise<void> {
    await writeFile(join(directory, FILE), JSON.stringify({ tasks: this.tasks, next: [...this.next] }));
  }

  restore(next: Float64Array): void {
    this.next = next;
    this.buys = purchaseChances(next);
  }

  dispose(): void {
    this.next = new Float64Array(0);
  }
}

function stateOf(types: Uint8Array, rows: Int32Array): number {
  const last = types[rows[rows.length - 1]];
  const lastButOne = rows.length > 1 ? types[rows[rows.length - 2]] : TYPES;
  return lastButOne * TYPES + last;
}

/** Rates by two behaviours, shrunk to those by one, shrunk to those of all, shrunk to even ones. */
function probabilities(counts: Float64Array): Float64Array {
  const shrink = (own: Float64Array, to: Float64Array) => {
    const total = own.reduce((sum, count) => sum + count, 0);
    return own.map((count, at) => (count + PRIOR * to[at]) / (total + PRIOR));
  };
  const sumOver = (states: number[]) =>
    Float64Array.from({ length: NEXT }, (_, to) =>
      states.reduce((sum, state) => sum + counts[state * NEXT + to], 0),
    );
  const states = Array.from({ length: (TYPES + 1) * TYPES }, (_, state) => state);
  const overall = shrink(sumOver(states), new Float64Array(NEXT).fill(1 / NEXT));
  const byLast = Array.from({ length: TYPES }, (_, last) =>
    shrink(sumOver(states.filter((state) => state % TYPES === last)), overall),
  );
  const next = new Float64Array(counts.length);
  for (const state of states) next.set(shrink(sumOver([state]), byLast[state % TYPES]), state * NEXT);
  return next;
}

/** By stepping back from the end: the chance within n + 1 steps out of that within n. */
function purchaseChances(next: Float64Array): Float64Array {
  let chances: Float64Array = new Float64Array((TYPES + 1) * TYPES);
  for (let step = 0; step < MOST_STEPS; step++) {
    const before = chances;
    chances = chances.map((_, state) => {
      let chance = next[state * NEXT + BEHAVIOUR_CODE.PURCHASE];
      for (let to = 0; to < TYPES; to++) {
        if (to === BEHAVIOUR_CODE.PURCHASE) continue;
        chance += next[state * NEXT + to] * before[(state % TYPES) * TYPES + to];
      }
      return chance;
    });
  }
  return chances;
}

export const markovChain: ModelType = {
  architecture: 'markov-chain',
  family: 'BASELINE',
  create: (tasks) => new MarkovChain(sessionTasks('markov-chain', tasks)),
  load: async (directory) => {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as {
      tasks: TaskName[];
      next: number[];
    };
    const model = new MarkovChain(saved.tasks);
    model.restore(Float64Array.from(saved.next));
    return model;
  },
};
