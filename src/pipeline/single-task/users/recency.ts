import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import {
  BEHAVIOUR_CODE,
  type Contribution,
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type TrainingData,
  type UserRequest,
  type UserScorer,
} from '../../index.js';
import { buyersBefore, purchaseLabels } from '../../preprocess/index.js';
import { isUserTask, type UserTask } from './user-targets.js';

const FILE = 'recency.json';
/** Ends of the recency classes, in days; the last is open. */
const CLASS_ENDS = [7, 14, 30, 60, 90, 150, Infinity];
/** Examples of the overall rate that each class is shrunk by. */
const PRIOR = 20;

/** The plainest baseline: the rate among past users who had been away for as long. */
class Recency implements Model, UserScorer {
  readonly architecture = 'recency';
  readonly family = 'BASELINE';
  readonly users = this;
  rates: Partial<Record<UserTask, number[]>> = {};

  constructor(readonly tasks: readonly TaskName[]) {}

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async fit({ history, cut }: TrainingData, { signal, onProgress }: FitContext): Promise<void> {
    signal.throwIfAborted();
    for (const task of this.tasks.filter(isUserTask)) {
      const days = TASK_DEFINITIONS[task].labelWindowDays;
      const at = cut - days * DAY_MS;
      const users = buyersBefore(history, at);
      const need = TASK_DEFINITIONS[task].minExamples;
      if (users.length < need)
        throw tooFewData(`Users whose next ${days} days are known`, users.length, need);
      const bought = purchaseLabels(history, users, at, days);
      const labels = bought.map((label) => (task === 'CHURN' ? 1 - label : label));
      const overall = labels.reduce((sum, label) => sum + label, 0) / labels.length;
      const found = CLASS_ENDS.map(() => ({ examples: PRIOR, positives: PRIOR * overall }));
      users.forEach((user, index) => {
        const group = found[classOf(recencyOf(history, user, at))];
        group.examples++;
        group.positives += labels[index];
      });
      this.rates[task] = found.map(({ examples, positives }) => positives / examples);
    }
    onProgress(1);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers({ history, users, asOf }: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    const recencies = Float32Array.from(users, (user) => recencyOf(history, user, asOf));
    return Object.fromEntries(
      this.tasks.filter(isUserTask).map((task) => [task, recencies.map((days) => this.rate(task, days))]),
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(
    { history, users, asOf }: UserRequest,
    task: TaskName,
    first: number,
  ): Promise<Contribution[][]> {
    if (!isUserTask(task)) throw new Error(`recency does not predict ${task}.`);
    const rates = this.rates[task] ?? [];
    const middle = logit(rates.reduce((sum, rate) => sum + rate, 0) / rates.length);
    return Array.from(users, (user) => {
      const value = recencyOf(history, user, asOf);
      const contribution = logit(this.rate(task, value)) - middle;
      return [{ feature: 'recency', description: 'days since the last order', value, contribution }].slice(
        0,
        first,
      );
    });
  }

  async save(directory: string): Promise<void> {
    await writeFile(join(directory, FILE), JSON.stringify({ tasks: this.tasks, rates: this.rates }));
  }

  dispose(): void {
    this.rates = {};
  }

  /** Between two classes the rate goes evenly, so that users of one class are not all alike. */
  private rate(task: UserTask, days: number): number {
    const rates = this.rates[task] ?? [];
    const at = classOf(days);
    const start = at === 0 ? 0 : CLASS_ENDS[at - 1];
    const end = Number.isFinite(CLASS_ENDS[at]) ? CLASS_ENDS[at] : 2 * start;
    const next = rates[Math.min(at + 1, rates.length - 1)];
    return rates[at] + (next - rates[at]) * Math.min(1, (days - start) / (end - start));
  }
}

const classOf = (days: number): number => CLASS_ENDS.findIndex((end) => days < end || end === Infinity);
const logit = (p: number): number => Math.log(p / (1 - p));

/** Days since the last purchase before the time; a year for a user without one. */
function recencyOf(history: UserRequest['history'], user: number, asOf: number): number {
  const { behaviours, userOffsets } = history;
  for (let row = userOffsets[user + 1] - 1; row >= userOffsets[user]; row--) {
    if (behaviours.occurredAt[row] < asOf && behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE)
      return (asOf - behaviours.occurredAt[row]) / DAY_MS;
  }
  return 365;
}

export const recency: ModelType = {
  architecture: 'recency',
  family: 'BASELINE',
  create: (tasks) => new Recency(tasks),
  load: async (directory) => {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Pick<
      Recency,
      'tasks' | 'rates'
    >;
    const model = new Recency(saved.tasks);
    model.rates = saved.rates;
    return model;
  },
};
