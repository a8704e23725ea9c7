import type { ModelType } from '../index.js';
import { customDense, customRegression } from './custom/custom-network-model.js';
import { ownRate } from './custom/own-rate.js';
import { demandRegression, mean28, seasonalNaive } from './demand/index.js';
import { fraudDense } from './fraud/fraud-dense.js';
import { fraudLogistic } from './fraud/fraud-logistic.js';
import { itemKnn, ownHistory, popular, recentlyPopular } from './recommendation/ranking-baselines.js';
import { softmaxRanker } from './recommendation/softmax-ranker.js';
import { retrieveAndRank } from './retrieval/retrieve-and-rank.js';
import { twoTowers } from './retrieval/two-towers.js';
import { bert4rec, sasrec } from './sequence/sequence-ranker.js';
import { markovChain } from './sessions/markov-chain.js';
import { sessionDense, sessionRegression } from './sessions/session-network-model.js';
import { boostedTrees } from './trees/boosted-trees.js';
import { recency } from './users/recency.js';
import { dense, logisticRegression } from './users/user-model-types.js';

/** Architectures of this stage; adding one is its file and its line here. */
export const SINGLE_TASK_TYPES: readonly ModelType[] = [
  recency,
  logisticRegression,
  dense,
  boostedTrees,
  fraudLogistic,
  fraudDense,
  popular,
  recentlyPopular,
  ownHistory,
  itemKnn,
  softmaxRanker,
  sasrec,
  bert4rec,
  twoTowers,
  retrieveAndRank,
  seasonalNaive,
  mean28,
  demandRegression,
  markovChain,
  sessionRegression,
  sessionDense,
  ownRate,
  customRegression,
  customDense,
];
