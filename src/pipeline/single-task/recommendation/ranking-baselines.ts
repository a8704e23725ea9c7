import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import type { FitContext, ItemRanker, Model, ModelType, TrainingData } from '../../index.js';
import {
  ITEM_FEATURE_COUNT,
  ITEM_FEATURES,
  type ItemState,
  servedItemState,
} from '../../preprocess/index.js';
import { ItemRanking, type ScoreUser } from './item-ranking.js';
import { loadItemState, saveItemState } from './item-state-file.js';

const BUYERS30 = ITEM_FEATURES.indexOf('buyers30');
const EVER = ITEM_FEATURES.indexOf('buyersEver');

type MakeScores = (state: ItemState) => ScoreUser;

/** Rankings by counting alone: nothing is trained but the state of the items. */
class CountingRanker implements Model {
  readonly family = 'BASELINE';
  readonly tasks = ['RECOMMENDATION'] as const;
  private ranking: ItemRanking | null = null;

  constructor(
    readonly architecture: string,
    private readonly makeScores: MakeScores,
  ) {}

  /** @throws Error before fit or load */
  get items(): ItemRanker {
    return this.ready();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const state = servedItemState(history, cut);
    if (state.vocabulary.size === 0) throw tooFewData('Items with behaviours', 0, 1);
    this.serve(state);
    context.onProgress(1);
  }

  async save(directory: string): Promise<void> {
    const { state } = this.ready();
    await saveItemState(directory, state);
    await writeFile(join(directory, 'ranker.json'), JSON.stringify({ architecture: this.architecture }));
  }

  async restore(directory: string): Promise<void> {
    this.serve(await loadItemState(directory));
  }

  dispose(): void {
    this.ranking = null;
  }

  private serve(state: ItemState): void {
    this.ranking = new ItemRanking(state, this.makeScores(state));
  }

  private ready(): ItemRanking {
    if (this.ranking === null) throw new Error('The ranker is neither fitted nor loaded.');
    return this.ranking;
  }
}

function countingRanker(architecture: string, makeScores: MakeScores): ModelType {
  return {
    architecture,
    family: 'BASELINE',
    create: () => new CountingRanker(architecture, makeScores),
    async load(directory) {
      const model = new CountingRanker(architecture, makeScores);
      await model.restore(directory);
      return model;
    },
  };
}

function itemColumn(state: ItemState, column: number): Float32Array {
  return Float32Array.from(
    { length: state.vocabulary.size },
    (_, item) => state.features[item * ITEM_FEATURE_COUNT + column],
  );
}

/** What most users ever bought. */
export const popular = countingRanker('popular', (state) => {
  const scores = itemColumn(state, EVER);
  return () => scores;
});

/** What most users bought in the last 30 days. */
export const recentlyPopular = countingRanker('recently-popular', (state) => {
  const scores = itemColumn(state, BUYERS30);
  return () => scores;
});

/** What the user bought most often, then what is recently popular. */
export const ownHistory = countingRanker('own-history', (state) => {
  const popularity = itemColumn(state, BUYERS30);
  return (user) => {
    // Logarithms of shares stay within 0 and -1000: an order counts for more than any popularity.
    const scores = Float32Array.from(popularity, (score) => score / 1000);
    user.items.forEach((item, at) => (scores[item] += user.orders[at]));
    return scores;
  };
});

/** Items that users of the same items bought (Sarwar et al., 2001). */
export const itemKnn = countingRanker('item-knn', () => (_user, similarity) => similarity.sums[0]);
