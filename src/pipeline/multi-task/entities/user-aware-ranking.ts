import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  type CompiledPredictor,
  compilePredict,
  type ModelContext,
  type WeightSet,
  type WeightValues,
} from '../../../nn/index.js';
import type { RankingExampleRows, UserRequest } from '../../index.js';
import { CANDIDATE_FEATURE_COUNT, type ItemState } from '../../preprocess/index.js';
import {
  CandidateScorer,
  type FeatureScales,
  type PopulationState,
  scoreRows,
  type ScoreUser,
  standardiseRows,
} from '../../single-task/index.js';
import type { SharedIds } from '../shared-ids.js';
import type { BesideUser } from './beside-user.js';
import { UserRanking } from './user-ranking.js';

/** What a user brings to the scores of the candidates. */
export interface UserBeside {
  /** [users, hidden], added to the bias of the candidates' hidden layer. */
  readonly part: Tensorflow.Tensor2D;
  /** [users, width of the items' embeddings]; null where they are not shared. */
  readonly taste: Tensorflow.Tensor2D | null;
}

/** The head's weights for one user. */
interface UserPart {
  /** [hidden] */
  readonly part: Float32Array;
  /** [width of the items' embeddings] */
  readonly taste: Float32Array | null;
}

export interface UserAwareModel {
  readonly weights: WeightSet;
  readonly inputColumns: BatchSpec;
  readonly ids: SharedIds;
  readonly beside: BesideUser;
  /** @param columns those of `inputColumns` */
  ofUsers(columns: Batch<BatchSpec>, context: ModelContext): UserBeside;
  readonly population: PopulationState;
  readonly scales: FeatureScales;
  readonly state: ItemState;
}

/** Ranks by the recommendation head: an item's score depends on the user's representation as well. */
export class UserAwareRanking extends UserRanking {
  private readonly weights: WeightValues;
  private readonly scorer: CandidateScorer;
  private readonly embeddings: Float32Array;
  /** [items of the state] index of the shared embedding. */
  private readonly embeddingOf: Int32Array;
  private predictor: CompiledPredictor | null = null;

  constructor(private readonly model: UserAwareModel) {
    super(model.state, (request) => this.scorers(request));
    this.weights = model.weights.export();
    this.scorer = new CandidateScorer(model.state, model.scales, this.weights);
    const { items } = model.ids;
    this.embeddings = items?.values ?? new Float32Array(0);
    this.embeddingOf = items?.vocabulary.indicesOf(model.state.vocabulary.ids) ?? new Int32Array(0);
  }

  dispose(): void {
    this.predictor?.dispose();
    this.predictor = null;
  }

  /** How each of the request's users scores the items of the state. */
  scorers(request: UserRequest): ScoreUser[] {
    const { population } = this.model;
    const heads = this.heads(request, request.asOf, () => population.features(request));
    return heads.map(({ part, taste }) => (user, similarity) => {
      const scores = this.scorer.score(user, similarity, part);
      return taste ? this.addLikings(scores, taste, this.embeddingOf) : scores;
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreExamples(examples: RankingExampleRows): Promise<Float32Array> {
    const { history, candidates, candidateFeatures, items } = examples;
    const { vocabulary } = this.model.ids.items ?? this.model.state;
    const embeddingOf = vocabulary.indicesOf(history.items.map(({ id }) => id));
    const scores = new Float32Array(items.length);
    this.heads(examples, examples.times, () => examples.features).forEach((head, at) => {
      const [from, to] = [at * candidates, (at + 1) * candidates];
      const rows = candidateFeatures.slice(from * CANDIDATE_FEATURE_COUNT, to * CANDIDATE_FEATURE_COUNT);
      const embedded = Int32Array.from(items.subarray(from, to), (item) => embeddingOf[item] ?? 0);
      scores.set(this.scoreBy(head, rows, embedded), from);
    });
    return scores;
  }

  private heads(
    { history, users }: Pick<UserRequest, 'history' | 'users'>,
    times: Float64Array | number,
    features: () => Float32Array,
  ): UserPart[] {
    if (users.length === 0) return [];
    this.predictor ??= compilePredict({
      weights: this.model.weights,
      batch: this.model.inputColumns,
      predict: (columns, context) => {
        const { part, taste } = this.model.ofUsers(columns, context);
        const outputs: Record<string, Tensorflow.Tensor> = { part, ...(taste && { taste }) };
        return outputs;
      },
    });
    const outputs = this.predictor.predict({
      rankingUser: features(),
      ...this.model.beside.ofUsers(history, users, times),
    });
    const rowOf = (values: Float32Array, at: number) => {
      const width = values.length / users.length;
      return values.slice(at * width, (at + 1) * width);
    };
    return Array.from(users, (_, at) => ({
      part: rowOf(outputs.part, at),
      taste: 'taste' in outputs ? rowOf(outputs.taste, at) : null,
    }));
  }

  /** @param rows not standardised; standardised in place. @param embeddingOf [rows] index of the shared embedding */
  private scoreBy({ part, taste }: UserPart, rows: Float32Array, embeddingOf: Int32Array): Float32Array {
    const scores = scoreRows(this.headOf(part), standardiseRows(rows, this.model.scales));
    return taste ? this.addLikings(scores, taste, embeddingOf) : scores;
  }

  /** Adds the products of a user's taste and the items' embeddings. @param scores [rows] */
  private addLikings(scores: Float32Array, taste: Float32Array, embeddingOf: Int32Array): Float32Array {
    for (let item = 0; item < scores.length; item++) {
      const from = embeddingOf[item] * taste.length;
      for (let at = 0; at < taste.length; at++) scores[item] += taste[at] * this.embeddings[from + at];
    }
    return scores;
  }

  /** The head's weights for one user, by the names that scoreRows reads. @param userPart [hidden] */
  private headOf(userPart: Float32Array): WeightValues {
    const { shape, values } = this.weights['hidden/bias'];
    return {
      ...this.weights,
      'hidden/bias': { shape, values: values.map((value, unit) => value + userPart[unit]) },
    };
  }
}
