/** What moved a user's prediction: features, and what the user did last, by item. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { type BatchArrays, column, type ModelContext, tf, type WeightSet } from '../../../nn/index.js';
import { BEHAVIOUR_TYPES, type BehaviourType, type Contribution, type UserRequest } from '../../index.js';
import {
  rawUserFeatures,
  SEQUENCE_TIMES,
  USER_FEATURE_COUNT,
  USER_FEATURES,
} from '../../preprocess/index.js';
import type { PopulationState } from '../../single-task/index.js';
import { compileContributions, type ContributionPredictor } from '../contributions.js';
import type { BesideUser } from './beside-user.js';

/** What the user did, as an explanation says it. */
const DEEDS: Readonly<Record<BehaviourType, string>> = {
  VIEW: 'looked at',
  SEARCH: 'searched for',
  FAVOURITE: 'marked as a favourite',
  ADD_TO_CART: 'put in the cart',
  REMOVE_FROM_CART: 'took out of the cart',
  PURCHASE: 'bought',
  REFUND: 'gave back',
  RATING: 'rated',
};

/** Explains one task by integrated gradients from the average user who has done nothing yet. */
export class UserExplainer {
  private readonly predictor: ContributionPredictor;

  /** @param logit of the encoder's input: [rows, features and what stands beside them] → [rows] */
  constructor(
    weights: WeightSet,
    private readonly beside: BesideUser,
    logit: (input: Tensorflow.Tensor2D, context: ModelContext) => Tensorflow.Tensor1D,
  ) {
    const { sequenceNumbers } = beside;
    this.predictor = compileContributions(weights, {
      width: USER_FEATURE_COUNT + sequenceNumbers,
      others: { userFeatures: column(USER_FEATURE_COUNT), ...beside.spec },
      point: (columns, context) => {
        const behaviours = sequenceNumbers > 0 ? [beside.embedded(columns, context)] : [];
        return tf.concat([columns.userFeatures, ...behaviours], 1) as Tensorflow.Tensor2D;
      },
      logit: (point, columns, context) => {
        const features = tf.slice(point, [0, 0], [-1, USER_FEATURE_COUNT]);
        const behaviours = tf.slice(point, [0, USER_FEATURE_COUNT], [-1, sequenceNumbers]);
        return logit(beside.joinEmbedded(features, behaviours, columns, context), context);
      },
    });
  }

  /** @param columns `userFeatures` and what stands beside them. @returns by user, the largest first; none of one who has bought nothing */
  explain(
    request: UserRequest,
    columns: BatchArrays,
    { population, first }: { readonly population: PopulationState; readonly first: number },
  ): Contribution[][] {
    const { parts } = this.predictor.predict(columns);
    const statistics = population.alignedStatistics(request.history);
    const width = USER_FEATURE_COUNT + this.beside.sequenceNumbers;
    return Array.from(request.users, (user, row) => {
      const raw = rawUserFeatures(request.history, user, request.asOf, statistics);
      if (!raw) return [];
      const own = parts.subarray(row * width, (row + 1) * width);
      const features = USER_FEATURES.map(({ name, description }, at) => ({
        feature: name,
        description,
        value: raw[at],
        contribution: own[at],
      }));
      return [...features, ...this.behaviours(request, columns, row, own.subarray(USER_FEATURE_COUNT))]
        .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
        .slice(0, first);
    });
  }

  dispose(): void {
    this.predictor.dispose();
  }

  /** One an item and type of behaviour: what all of the user's latest such behaviours brought. @param parts [length × width of a place] */
  private behaviours(
    { history }: UserRequest,
    columns: BatchArrays,
    row: number,
    parts: Float32Array,
  ): Contribution[] {
    const sequences = this.beside.sequenceValues(columns);
    if (!sequences) return [];
    const { vocabulary, length, values } = sequences;
    const titles = new Map(history.items.map(({ id, title }) => [id, title]));
    const found = new Map<string, Contribution>();
    const width = parts.length / length;
    for (let at = 0; at < length; at++) {
      const place = row * length + at;
      if (values.types[place] === 0) continue;
      const type = BEHAVIOUR_TYPES[values.types[place] - 1];
      const id = vocabulary.ids[values.items[place]] as string | undefined;
      const feature = `${type}:${id ?? ''}`;
      const part = this.beside.placeOf(at);
      const own = part < 0 ? new Float32Array(0) : parts.subarray(part * width, (part + 1) * width);
      const contribution = own.reduce((sum, value) => sum + value, found.get(feature)?.contribution ?? 0);
      const what = id === undefined ? 'another item' : titles.get(id) || id;
      found.set(feature, {
        feature,
        description: `because they ${DEEDS[type]} ${what}, days ago`,
        value: values.days[SEQUENCE_TIMES * place],
        contribution,
      });
    }
    return [...found.values()];
  }
}
