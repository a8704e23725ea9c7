import type * as Tensorflow from '@tensorflow/tfjs';

import { column, type ModelContext, type WeightSet } from '../../../nn/index.js';
import type { ExportableNetwork } from '../../index.js';
import { USER_FEATURE_COUNT } from '../../preprocess/index.js';
import type { PopulationState } from '../users/population-state.js';
import type { UserTarget, UserTask } from '../users/user-targets.js';
import { exportableNetwork, type TensorMeaning } from './exportable-network.js';
import { PROBABILITY, probabilityInGraph } from './in-graph.js';
import { userFeatureColumns } from './user-features.js';

/** Logits of a user target as a network that tells its tasks' probabilities. */
export function exportableUsers(options: {
  readonly tasks: readonly UserTask[];
  readonly target: UserTarget;
  readonly population: PopulationState;
  readonly weights: WeightSet;
  /** How the logits come about, where that is not a net's layers. */
  readonly note?: string;
  /** @param features [users, features], not standardised. @returns [users, outputs] */
  logits(features: Tensorflow.Tensor2D, context: ModelContext): Tensorflow.Tensor;
}): ExportableNetwork {
  const { tasks, target, population, weights, note } = options;
  const outputs: Record<string, TensorMeaning & { shape?: readonly number[] }> = {};
  for (const task of tasks) outputs[task] = { description: PROBABILITY };
  outputs.logits = { description: target.meaning, shape: [target.outputs] };
  return exportableNetwork({
    name: 'users',
    tasks,
    description: `A row is a user with a purchase, as of a time.${note === undefined ? '' : ` ${note}`}`,
    weights,
    batch: { features: column(USER_FEATURE_COUNT) },
    predict: ({ features }, context) => {
      const logits = options.logits(features as Tensorflow.Tensor2D, context);
      const answers: Record<string, Tensorflow.Tensor> = {};
      for (const task of tasks) answers[task] = probabilityInGraph(logits, target.deciding(task));
      return { ...answers, logits };
    },
    inputs: {
      features: { description: 'what the user did so far', columns: userFeatureColumns(population) },
    },
    outputs,
  });
}
