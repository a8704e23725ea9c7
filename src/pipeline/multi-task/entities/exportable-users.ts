import type * as Tensorflow from '@tensorflow/tfjs';

import type { Batch, BatchSpec, ModelContext, WeightSet } from '../../../nn/index.js';
import type { ExportableNetwork } from '../../index.js';
import { STANDARD_CLIP } from '../../preprocess/index.js';
import {
  exportableNetwork,
  hazardTarget,
  type PopulationState,
  PROBABILITY,
  probabilityInGraph,
  standardisedInGraph,
  type TensorMeaning,
  userFeatureColumns,
  type UserTask,
} from '../../single-task/index.js';
import type { BesideUser } from './beside-user.js';

/** Users' heads as a network that tells the tasks' probabilities. */
export function exportableUsers(options: {
  readonly tasks: readonly UserTask[];
  readonly beside: BesideUser;
  readonly population: PopulationState;
  readonly weights: WeightSet;
  readonly batch: BatchSpec;
  /** Name of the output that decides a task. */
  readonly outputOf: (task: UserTask) => string;
  /** Hazards by output: [users, intervals] logits. @param columns of the batch, standardised */
  readonly hazards: (
    columns: Batch<BatchSpec>,
    context: ModelContext,
  ) => Readonly<Record<string, Tensorflow.Tensor>>;
}): ExportableNetwork {
  const { tasks, beside, population, weights, batch, outputOf, hazards } = options;
  const curves = [...new Set(tasks.map(outputOf))];
  const logitsOf = (curve: string) => `${curve}/logits`;
  const outputs: Record<string, TensorMeaning & { shape?: readonly number[] }> = {};
  for (const task of tasks) outputs[task] = { description: PROBABILITY };
  for (const curve of curves)
    outputs[logitsOf(curve)] = { description: hazardTarget.meaning, shape: [hazardTarget.outputs] };
  return exportableNetwork({
    name: 'users',
    tasks,
    description: 'A row is a user with a purchase, as of a time.',
    weights,
    batch,
    predict: (columns, context) => {
      const { standardiser } = population.population;
      const userFeatures = standardisedInGraph(columns.userFeatures, standardiser, STANDARD_CLIP);
      const logits = hazards({ ...columns, userFeatures }, context);
      const answers: Record<string, Tensorflow.Tensor> = {};
      for (const task of tasks)
        answers[task] = probabilityInGraph(logits[outputOf(task)], hazardTarget.deciding(task));
      for (const curve of curves) answers[logitsOf(curve)] = logits[curve];
      return answers;
    },
    inputs: {
      userFeatures: { description: 'what the user did so far', columns: userFeatureColumns(population) },
      ...beside.meanings,
    },
    outputs,
  });
}
