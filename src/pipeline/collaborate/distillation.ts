import type * as Tensorflow from '@tensorflow/tfjs';

import { AppError } from '../../errors.js';
import { column, type Schedule, tf } from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import type { Model } from '../index.js';
import type { Collaboration, ExampleColumn } from '../multi-task/index.js';
import { examplesOf } from '../multi-task/index.js';
import { answersOf, byTask } from './by-task.js';
import { divergence, targetsOf } from './divergence.js';

export interface DistillationOptions {
  /** Share of the loss that is the teacher's; at the start, where it is annealed. */
  readonly alpha: number;
  readonly temperature: number;
  /** Whether the teacher's share falls to 0 in the course of the training (teacher annealing; Clark et al., ACL 2019). */
  readonly annealing: boolean;
  /** Lends teachers one after another, each for the tasks that it is asked about. */
  readonly withTeachers: (
    ask: (teacher: Model, tasks: readonly TaskName[]) => Promise<void>,
  ) => Promise<void>;
}

const SHARE = 'teacherShare';
const columnOf = (task: TaskName): string => `teacher${task}`;

/**
 * Knowledge distillation (Hinton et al., 2015): a student learns a teacher's soft predictions beside the labels. Teachers are asked once, about
 * the training's examples as of their own times.
 */
export function distillation(options: DistillationOptions): Collaboration {
  const taught = new Set<TaskName>();
  return {
    columns: async (learner, examples) => {
      const columns = learner.all.map((): Record<string, ExampleColumn> => ({}));
      await options.withTeachers(async (teacher, tasks) => {
        for (const [at, part] of learner.all.entries()) {
          if (!part.tasks.some((task) => tasks.includes(task))) continue;
          const answers = await part.ask(teacher);
          for (const task of part.tasks) {
            const values = tasks.includes(task) ? answers[task] : undefined;
            if (!values) continue;
            const width = values.length / examples[at].count;
            columns[at][columnOf(task)] = { spec: width === 1 ? column() : column(width), values };
            taught.add(task);
          }
        }
      });
      if (taught.size > 0) return columns;
      throw new AppError(
        'BAD_USER_INPUT',
        `The teacher can be asked about none of ${learner.tasks.join(', ')} as of past times. Take one that can, such as a net, or an ensemble of nets.`,
      );
    },
    schedules: (steps) => ({ [SHARE]: shareOf(options, steps) }),
    losses: ([pass], batch, context) => {
      const share = context.schedule(SHARE);
      const losses = byTask(pass, (loss, task, at) => {
        if (!taught.has(task)) return loss;
        const answers = answersOf(pass.parts[at], batch, task);
        const targets = targetsOf(answers, examplesOf(batch[columnOf(task)]));
        const soft = divergence(answers, targets, options.temperature);
        return tf.add<Tensorflow.Scalar>(tf.mul(loss, tf.sub(tf.scalar(1), share)), tf.mul(soft, share));
      });
      return { tasks: [losses] };
    },
  };
}

function shareOf({ alpha, annealing }: DistillationOptions, steps: number): Schedule {
  return (step) => (annealing ? alpha * Math.max(0, 1 - step / steps) : alpha);
}
