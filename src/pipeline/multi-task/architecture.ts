/** The contract of everything that learns several tasks in one net: an architecture is what lies between encoded inputs and the tasks' heads. */
import type * as Tensorflow from '@tensorflow/tfjs';
import type { z } from 'zod';

import type { ModelContext, WeightSet } from '../../nn/index.js';
import type { MultiTaskSettings } from './settings.js';

/** What one task's head is given. */
export interface Representation {
  /** [rows, width of the body] */
  readonly values: Tensorflow.Tensor2D;
  /** [rows, sources] in [0, 1], 1 together: how much the task takes from each source. */
  readonly gates?: Tensorflow.Tensor2D;
}

/** The layers between the encoded inputs and the heads, with their weights. */
export interface Body {
  /** Numbers that each representation has. */
  readonly width: number;
  /** Names of what a task's gates weigh (experts, other tasks' layers), in their order; empty where it has none. */
  sources(task: string): readonly string[];
  /**
   * Representations of the same rows for some of the tasks. Rows of any entity come here: the encoders have brought them to one width.
   *
   * @param inputs [rows, inputWidth]
   * @returns one for each of `tasks`, in their order
   */
  forward(inputs: Tensorflow.Tensor2D, tasks: readonly string[], context: ModelContext): Representation[];
}

export interface BodyOptions<Own extends object = object> {
  readonly inputWidth: number;
  /** Every task that asks for a representation: names of business tasks, or stages of the funnel (`FUNNEL_STAGES`). */
  readonly tasks: readonly string[];
  readonly settings: MultiTaskSettings & Own;
}

/**
 * How the user tasks are asked.
 * - SURVIVAL: the hazard of a purchase by interval; intent and churn follow from the curve.
 * - FUNNEL: view, add to cart and purchase by interval, each with a probability of its own; later stages are held to the earlier ones.
 * - FUNNEL_PRODUCT: the same stages, each the product of the conditional probabilities up to it.
 */
export type UserQuestion = 'SURVIVAL' | 'FUNNEL' | 'FUNNEL_PRODUCT';

/** One way to share layers between tasks. Adding one to the product is a file that exports it and its line in `registry.ts`. */
export interface Architecture<Own extends object = object> {
  /** As callers and model files say it, e.g. 'mmoe'. */
  readonly name: string;
  /** Settings of its own, beside the common ones. */
  readonly ownSettings: z.ZodRawShape;
  /** Values of its own settings, and of the common ones that it wants otherwise. */
  readonly defaults: Own & Partial<MultiTaskSettings>;
  readonly userQuestion: UserQuestion;
  /** True where all tasks get one representation, so that intent and churn can have one head. */
  readonly hasOneRepresentation: boolean;
  build(weights: WeightSet, options: BodyOptions<Own>): Body;
}
