import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { HYPER_LENGTH, writeHyper } from './optimizers.js';
import type { FullStepOptions } from './step.js';
import { compareGradients, type TaskReport } from './task-options.js';

type Options = Pick<FullStepOptions<never>, 'optimizer' | 'tableOptimizer' | 'tasks' | 'schedules'>;

const WEIGHTS = 'tasks:weights';
const MEMORY = 'tasks:memory';
const TASKS_START = 2 * HYPER_LENGTH;

/** The numbers that a step is fed beside its batch: rates, tasks' weights, schedules; and what is known of the tasks. */
export class TaskState {
  readonly numbers: Float32Array;
  /** Weights of the tasks in the step to come: a part of `numbers`. */
  readonly weights: Float32Array;
  report: TaskReport | null = null;
  private readonly memory: Float32Array;
  private readonly scheduleNames: readonly string[];

  constructor(private readonly options: Options) {
    const { tasks, schedules } = options;
    const count = tasks?.names.length ?? 0;
    this.scheduleNames = Object.keys(schedules);
    this.numbers = new Float32Array(TASKS_START + count + this.scheduleNames.length);
    this.weights = this.numbers.subarray(TASKS_START, TASKS_START + count);
    this.weights.set(tasks?.weights ?? new Array<number>(count).fill(1));
    this.memory = new Float32Array(count * (tasks?.weighting?.memoryPerTask ?? 0));
  }

  /** Fills in what follows from the number of steps done. */
  write(stepsDone: number): Float32Array {
    const { optimizer, tableOptimizer, schedules } = this.options;
    writeHyper(this.numbers, 0, optimizer, stepsDone);
    writeHyper(this.numbers, HYPER_LENGTH, tableOptimizer, stepsDone);
    const start = TASKS_START + this.weights.length;
    this.scheduleNames.forEach((name, at) => (this.numbers[start + at] = schedules[name](stepsDone)));
    return this.numbers;
  }

  /** The tasks' weights out of the tensor of all numbers; null without tasks. */
  weightsOf(numbers: Tensorflow.Tensor1D): Tensorflow.Tensor1D | null {
    return this.options.tasks && tf.slice(numbers, [TASKS_START], [this.weights.length]);
  }

  /** Finds a schedule's number in the tensor of all numbers. */
  scheduleIn(numbers: Tensorflow.Tensor1D): (name: string) => Tensorflow.Scalar {
    return (name) => {
      const at = this.scheduleNames.indexOf(name);
      if (at < 0) {
        const known = this.scheduleNames.join(', ') || 'none';
        throw new Error(`The loss asks for the schedule "${name}"; the step has: ${known}`);
      }
      return tf.reshape(tf.slice(numbers, [TASKS_START + this.weights.length + at], [1]), []);
    };
  }

  /** @throws Error for an unknown task or a negative weight */
  setWeights(given: Readonly<Record<string, number>>): void {
    const names = this.options.tasks?.names ?? [];
    for (const [name, weight] of Object.entries(given)) {
      const at = names.indexOf(name);
      if (at < 0)
        throw new Error(`There is no task "${name}" among the step's: ${names.join(', ') || 'none'}`);
      if (!(weight >= 0 && weight < Infinity)) {
        throw new Error(`Expected a weight of at least 0 for task "${name}", got ${weight}`);
      }
    }
    for (const [name, weight] of Object.entries(given)) this.weights[names.indexOf(name)] = weight;
  }

  /**
   * Takes note of a step.
   *
   * @param losses   [total, tasks …]
   * @param products [tasks × tasks], or null
   */
  finish(losses: Float32Array, products: Float32Array | null): void {
    const { tasks } = this.options;
    if (!tasks) return;
    const gradients = products && compareGradients(products);
    this.report = { names: tasks.names, weights: this.weights.slice(), gradients };
    if (!tasks.weighting || !gradients) return;
    const { weights, memory } = this;
    tasks.weighting.update({ weights, memory, losses: losses.subarray(1), norms: gradients.norms });
  }

  export(): Record<string, Float32Array> {
    if (!this.options.tasks) return {};
    return { [WEIGHTS]: this.weights.slice(), [MEMORY]: this.memory.slice() };
  }

  /** @throws Error when a value is missing or has another length */
  import(values: Readonly<Record<string, Float32Array>>): void {
    if (!this.options.tasks) return;
    for (const [name, target] of [
      [WEIGHTS, this.weights],
      [MEMORY, this.memory],
    ] as const) {
      const given = values[name];
      if (given?.length !== target.length) {
        throw new Error(
          `The state has ${given?.length ?? 'no'} numbers for "${name}", expected ${target.length}`,
        );
      }
      target.set(given);
    }
  }
}
