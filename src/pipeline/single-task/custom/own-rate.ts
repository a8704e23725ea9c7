import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type CustomTask, customTaskName, type TaskName } from '../../../tasks/index.js';
import {
  type Contribution,
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type TrainingData,
  type UserRequest,
  type UserScorer,
} from '../../index.js';
import {
  ACTIVITY_FEATURE_COUNT,
  BehaviourCounter,
  COUNTED_WINDOW,
  customExamples,
} from '../../preprocess/index.js';
import { onlyCustomTask } from './custom-request.js';
import { requireEnoughExamples } from './enough-examples.js';

const FILE = 'own-rate.json';
/** Ends of the classes of users by what they showed in the window before; the last is open. */
const CLASS_ENDS = [1, 2, 3, 5, 9, 17, 33, 65, Infinity];
/** Examples of the overall mean that each class is shrunk by. */
const PRIOR = 20;
const LEAST_MEAN = 1e-6;

/** The plainest baseline of a custom task: what users showed who had shown as much in as many days before. */
class OwnRate implements Model, UserScorer {
  readonly architecture = 'own-rate';
  readonly family = 'BASELINE';
  readonly tasks: readonly TaskName[];
  readonly users = this;
  means: readonly number[] = [];

  constructor(readonly task: CustomTask) {
    this.tasks = [customTaskName(task.name)];
  }

  async fit({ history, cut }: TrainingData, { signal, onProgress }: FitContext): Promise<void> {
    const examples = await customExamples(history, cut, this.task, signal);
    requireEnoughExamples(this.task, examples);
    const { count, activity, labels } = examples;
    const overall = labels.reduce((sum, label) => sum + label, 0) / count;
    const found = CLASS_ENDS.map(() => ({ examples: PRIOR, sum: PRIOR * overall }));
    labels.forEach((label, row) => {
      const shown = Math.expm1(activity[row * ACTIVITY_FEATURE_COUNT + COUNTED_WINDOW]);
      const group = found[classOf(Math.round(shown))];
      group.examples++;
      group.sum += label;
    });
    this.means = found.map(({ examples, sum }) => sum / examples);
    onProgress(1);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    const shown = this.shownBefore(request);
    return { [this.tasks[0]]: Float32Array.from(shown, (count) => this.means[classOf(count)]) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, _task: TaskName, first: number): Promise<Contribution[][]> {
    const scale = this.task.atLeast === null ? logOf : logit;
    const middle = scale(this.means.reduce((sum, mean) => sum + mean, 0) / this.means.length);
    return Array.from(this.shownBefore(request), (value) => {
      const contribution = scale(this.means[classOf(value)]) - middle;
      const description = `of what the task counts, in the last ${this.task.windowDays} days`;
      return [{ feature: 'counted_window', description, value, contribution }].slice(0, first);
    });
  }

  async save(directory: string): Promise<void> {
    await writeFile(join(directory, FILE), JSON.stringify({ task: this.task, means: this.means }));
  }

  dispose(): void {
    this.means = [];
  }

  private shownBefore({ history, users, asOf }: UserRequest): Float64Array {
    const counter = new BehaviourCounter(history, this.task);
    const from = asOf - this.task.windowDays * DAY_MS;
    return Float64Array.from(users, (user) => counter.between(user, from, asOf));
  }
}

const classOf = (shown: number): number => CLASS_ENDS.findIndex((end) => shown < end || end === Infinity);
const logOf = (mean: number): number => Math.log(Math.max(mean, LEAST_MEAN));
const logit = (p: number): number => logOf(p) - logOf(1 - p);

export const ownRate: ModelType = {
  architecture: 'own-rate',
  family: 'BASELINE',
  create: (tasks, hyperparameters) => new OwnRate(onlyCustomTask('own-rate', tasks, hyperparameters)),
  load: async (directory) => {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Pick<
      OwnRate,
      'task' | 'means'
    >;
    const model = new OwnRate(saved.task);
    model.means = saved.means;
    return model;
  },
};
