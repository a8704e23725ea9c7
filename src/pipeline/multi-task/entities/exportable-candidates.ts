import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  column,
  dense,
  type DenseWeights,
  idColumn,
  type ModelContext,
  tf,
  type WeightSet,
} from '../../../nn/index.js';
import type { ExportableNetwork } from '../../index.js';
import { CANDIDATE_FEATURE_COUNT, CANDIDATE_FEATURES, STANDARD_CLIP } from '../../preprocess/index.js';
import {
  CANDIDATE_CLIP,
  exportableNetwork,
  type FeatureScales,
  type PopulationState,
  scaledColumns,
  standardisedInGraph,
  userFeatureColumns,
} from '../../single-task/index.js';
import type { SharedIds } from '../shared-ids.js';
import type { BesideUser } from './beside-user.js';
import type { UserBeside } from './user-aware-ranking.js';

export interface RankingNetwork {
  readonly weights: WeightSet;
  readonly ids: SharedIds;
  readonly beside: BesideUser;
  /** `rankingUser`, and what stands beside it. */
  readonly userColumns: BatchSpec;
  readonly population: PopulationState;
  readonly scales: FeatureScales;
  readonly layers: Readonly<Record<'wide' | 'candidate' | 'output', DenseWeights>>;
  /** @param columns those of `userColumns`, standardised */
  readonly ofUsers: (columns: Batch<BatchSpec>, context: ModelContext) => UserBeside;
}

/** The recommendation head as a network that scores pairs of a user and an item. */
export function exportableCandidates(ranking: RankingNetwork): ExportableNetwork {
  const { items } = ranking.ids;
  const batch: BatchSpec = {
    ...ranking.userColumns,
    candidateFeatures: column(CANDIDATE_FEATURE_COUNT),
    ...(items && { candidateItem: idColumn() }),
  };
  const columns = scaledColumns(
    CANDIDATE_FEATURES.map((name) => ({ name })),
    ranking.scales,
  );
  return exportableNetwork({
    name: 'candidates',
    tasks: ['RECOMMENDATION'],
    description:
      'A row is an item for a user, as of a time; of one user’s items the one with the highest score comes first.',
    weights: ranking.weights,
    batch,
    predict: (given, context) => ({ score: scoreInGraph(ranking, given, context) }),
    inputs: {
      rankingUser: {
        description: 'what the user did so far',
        columns: userFeatureColumns(ranking.population),
      },
      ...ranking.beside.meanings,
      candidateFeatures: { description: 'what the item is, and what the user has to do with it', columns },
      ...(items && { candidateItem: { description: 'the item', vocabulary: items.vocabulary.ids } }),
    },
    outputs: { score: { description: 'logit within a softmax over one user’s items' } },
  });
}

/** A score for each pair, whose features are not standardised yet: [rows]. */
function scoreInGraph(
  { ids, population, scales, layers, ofUsers }: RankingNetwork,
  columns: Batch<BatchSpec>,
  context: ModelContext,
): Tensorflow.Tensor1D {
  const { standardiser } = population.population;
  const rankingUser = standardisedInGraph(columns.rankingUser, standardiser, STANDARD_CLIP);
  const rows = standardisedInGraph(columns.candidateFeatures, scales, CANDIDATE_CLIP);
  const user = ofUsers({ ...columns, rankingUser }, context);
  const hidden = tf.relu(tf.add(dense(rows, layers.candidate), user.part));
  const raw = tf.add(dense(rows, layers.wide), dense(hidden, layers.output));
  const score = tf.reshape<Tensorflow.Rank.R1>(raw, [-1]);
  if (!user.taste || !ids.items) return score;
  const embedded = ids.items.lookup(columns.candidateItem, context);
  return tf.add(score, tf.sum(tf.mul(embedded, user.taste), 1));
}
