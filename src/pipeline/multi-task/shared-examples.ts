/** Training rows of a net that learns about users and about items at once. */
import { type BatchArrays, column, Random, type RowSource } from '../../nn/index.js';
import type { ShopHistory } from '../index.js';
import {
  CANDIDATE_FEATURE_COUNT,
  USER_FEATURE_COUNT,
  type UserExamples,
  userFeatures,
  userPopulation,
} from '../preprocess/index.js';
import { hazardTarget, type RankingExamples } from '../single-task/index.js';

/** A row: one ranking example, and beside it `users` user examples, so that one step serves all tasks. */
export function sharedBatch(users: number, candidates: number) {
  return {
    userFeatures: column(users, USER_FEATURE_COUNT),
    userLabels: column(users, hazardTarget.outputs),
    userMasks: column(users, hazardTarget.outputs),
    rankingUser: column(USER_FEATURE_COUNT),
    candidateFeatures: column(candidates, CANDIDATE_FEATURE_COUNT),
    bought: column(candidates),
    isNew: column(candidates),
    offsets: column(candidates),
  };
}
export type SharedBatch = ReturnType<typeof sharedBatch>;

/** What the rows are made of. */
export interface SharedColumns {
  readonly users: UserExamples;
  /** Standardised. */
  readonly ranking: RankingExamples;
  /** [ranking examples × user features] each as of its example's cut. */
  readonly rankingUsers: Float32Array;
}

/** Features of each ranking example's user, standardised among the users of the same cut. */
export function rankingUserFeatures(history: ShopHistory, ranking: RankingExamples): Float32Array {
  const features = new Float32Array(ranking.count * USER_FEATURE_COUNT);
  for (const cut of new Set(ranking.cuts)) {
    const { statistics, standardiser } = userPopulation(history, cut);
    const rows = [...ranking.cuts.keys()].filter((row) => ranking.cuts[row] === cut);
    const users = Int32Array.from(rows, (row) => ranking.users[row]);
    const values = standardiser.apply(userFeatures(history, users, cut, statistics));
    rows.forEach((row, at) => {
      const from = at * USER_FEATURE_COUNT;
      features.set(values.subarray(from, from + USER_FEATURE_COUNT), row * USER_FEATURE_COUNT);
    });
  }
  return features;
}

/**
 * Rows made as they are read: the ranking examples `passes` times over, and every user example once. Ranking examples hold hundreds of
 * candidates each, so that copying them would take gigabytes.
 */
export class SharedRows implements RowSource<SharedBatch> {
  readonly rows: number;
  private readonly userOrder: Int32Array;
  private readonly labels: Float32Array;
  private readonly masks: Float32Array;

  /**
   * @param rankingRows rows of the ranking examples to use
   * @param userRows    rows of the user examples to use
   */
  constructor(
    private readonly columns: SharedColumns,
    private readonly rankingRows: Int32Array,
    userRows: Int32Array,
    private readonly options: { passes: number; usersPerRow: number; seed: number },
  ) {
    this.rows = rankingRows.length * options.passes;
    this.userOrder = new Random(options.seed).fork('user-order').shuffle(userRows.slice());
    const { labels, masks } = hazardTarget.targets(columns.users);
    this.labels = labels;
    this.masks = masks;
  }

  /** User examples beside each ranking example, so that all of them have a place. */
  static usersPerRow(users: number, rows: number): number {
    return Math.max(1, Math.ceil(users / Math.max(1, rows)));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async read(start: number, rows: number): Promise<BatchArrays<SharedBatch>> {
    const { usersPerRow } = this.options;
    const { candidates } = this.columns.ranking;
    const outputs = hazardTarget.outputs;
    const block = {
      userFeatures: new Float32Array(rows * usersPerRow * USER_FEATURE_COUNT),
      userLabels: new Float32Array(rows * usersPerRow * outputs),
      userMasks: new Float32Array(rows * usersPerRow * outputs),
      rankingUser: new Float32Array(rows * USER_FEATURE_COUNT),
      candidateFeatures: new Float32Array(rows * candidates * CANDIDATE_FEATURE_COUNT),
      bought: new Float32Array(rows * candidates),
      isNew: new Float32Array(rows * candidates),
      offsets: new Float32Array(rows * candidates),
    };
    const { users, ranking, rankingUsers } = this.columns;
    for (let at = 0; at < rows; at++) {
      const example = this.rankingRows[(start + at) % this.rankingRows.length];
      copyRow(rankingUsers, example, block.rankingUser, at, USER_FEATURE_COUNT);
      copyRow(ranking.features, example, block.candidateFeatures, at, candidates * CANDIDATE_FEATURE_COUNT);
      copyRow(ranking.labels, example, block.bought, at, candidates);
      copyRow(ranking.isNew, example, block.isNew, at, candidates);
      copyRow(ranking.offsets, example, block.offsets, at, candidates);
      for (let beside = 0; beside < usersPerRow; beside++) {
        // The last rows' places may stay empty: their masks are 0.
        const user = this.userOrder[(start + at) * usersPerRow + beside];
        if (user === undefined) break;
        const to = at * usersPerRow + beside;
        copyRow(users.features, user, block.userFeatures, to, USER_FEATURE_COUNT);
        copyRow(this.labels, user, block.userLabels, to, outputs);
        copyRow(this.masks, user, block.userMasks, to, outputs);
      }
    }
    return block;
  }
}

function copyRow(from: Float32Array, row: number, target: Float32Array, at: number, width: number): void {
  target.set(from.subarray(row * width, (row + 1) * width), at * width);
}
