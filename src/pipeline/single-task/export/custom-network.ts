import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  column,
  type ModelContext,
  tf,
  type WeightSet,
} from '../../../nn/index.js';
import type { CustomTaskName } from '../../../tasks/index.js';
import type { ExportableNetwork } from '../../index.js';
import {
  ACTIVITY_FEATURE_COUNT,
  ACTIVITY_FEATURES,
  STANDARD_CLIP,
  USER_FEATURE_COUNT,
} from '../../preprocess/index.js';
import type { LogitCorrection } from '../base-rate.js';
import type { ActivityScales } from '../custom/custom-features.js';
import type { PopulationState } from '../users/population-state.js';
import { exportableNetwork, type TensorMeaning } from './exportable-network.js';
import { correctedInGraph, PROBABILITY, scaledColumns, standardisedInGraph } from './in-graph.js';
import { userFeatureColumns } from './user-features.js';

/** What a model gives of a custom task's network. */
export interface CustomNetworkParts {
  readonly task: CustomTaskName;
  readonly isNumber: boolean;
  readonly weights: WeightSet;
  readonly population: PopulationState;
  readonly scales: ActivityScales;
  readonly correction: LogitCorrection;
  /** Columns beside the features, and what they are. */
  readonly others: BatchSpec;
  readonly meanings: Readonly<Record<string, TensorMeaning>>;
  /** [rows] logits, or logarithms of expected counts. @param user, activity standardised */
  readonly outputs: (
    user: Tensorflow.Tensor2D,
    activity: Tensorflow.Tensor2D,
    others: Batch<BatchSpec>,
    context: ModelContext,
  ) => Tensorflow.Tensor1D;
}

/** A custom task's network, from features that are not yet standardised to the probability or the expected count. */
export function exportableCustom(parts: CustomNetworkParts): ExportableNetwork {
  const { task, isNumber, weights, population, scales, correction, others, meanings } = parts;
  const activityColumns = ACTIVITY_FEATURES.map(({ name, description, isLog }) => ({
    name,
    description: isLog ? `${description}, as log(1 + x)` : description,
  }));
  const batch: BatchSpec = {
    ...others,
    userFeatures: column(USER_FEATURE_COUNT),
    activity: column(ACTIVITY_FEATURE_COUNT),
  };
  return exportableNetwork({
    name: task.toLowerCase(),
    tasks: [task],
    description: 'A row is a user, as of a time; user features are all 0 for who has bought nothing.',
    weights,
    batch,
    predict: ({ userFeatures, activity, ...columns }, context) => {
      const { standardiser } = population.population;
      // Who has bought nothing stands where the average buyer does.
      const isBuyer = tf.sign(tf.sum(tf.abs(userFeatures), 1, true));
      const user = tf.mul(standardisedInGraph(userFeatures, standardiser, STANDARD_CLIP), isBuyer);
      const scaled = standardisedInGraph(activity, scales.saved, STANDARD_CLIP);
      const outputs = parts.outputs(user as Tensorflow.Tensor2D, scaled, columns, context);
      const logits = tf.reshape(correctedInGraph(tf.reshape(outputs, [-1, 1]), [correction]), [-1]);
      return { [task]: isNumber ? tf.exp(outputs) : tf.sigmoid(logits) };
    },
    inputs: {
      ...meanings,
      userFeatures: { description: 'what the user bought so far', columns: userFeatureColumns(population) },
      activity: {
        description: 'what the user did so far',
        columns: scaledColumns(activityColumns, scales.saved),
      },
    },
    outputs: { [task]: { description: isNumber ? 'expected count' : PROBABILITY } },
  });
}
