import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import {
  adamW,
  column,
  compileStep,
  cyclePlan,
  loadWeights,
  Random,
  saveWeights,
  train,
} from '../../../nn/index.js';
import { recommendationTask } from '../../../tasks/index.js';
import type {
  ExportableNetwork,
  FitContext,
  ItemRanker,
  Model,
  ModelType,
  RankingExampleRows,
  TrainingData,
} from '../../index.js';
import {
  CANDIDATE_FEATURE_COUNT,
  CANDIDATE_FEATURES,
  type ItemState,
  servedItemState,
} from '../../preprocess/index.js';
import { exportableNetwork } from '../export/exportable-network.js';
import { scaledColumns, standardisedInGraph } from '../export/in-graph.js';
import { trainingContext } from '../training-context.js';
import { CandidateScorer } from './candidate-scorer.js';
import { ItemRanking } from './item-ranking.js';
import { loadItemState, saveItemState } from './item-state-file.js';
import {
  CANDIDATE_CLIP,
  type FeatureScales,
  featureScales,
  RankerNetwork,
  rankingBatch,
  rankingColumns,
  scoreRows,
  standardiseRows,
} from './ranker-network.js';
import { type RankerSettings, rankerSettings } from './ranker-settings.js';
import { gatherRankingExamples, type RankingExamples } from './ranking-examples.js';

const FILE = 'softmax-ranker.json';
const WEIGHTS_FILE = 'softmax-ranker.safetensors';
const NAME = 'softmax-ranker';

interface Saved {
  readonly features: readonly string[];
  readonly settings: RankerSettings;
  readonly means: number[];
  readonly deviations: number[];
}

/** Softmax over items by a wide and deep network over what the user and each item have to do with each other. */
class SoftmaxRanker implements Model {
  readonly architecture = NAME;
  readonly family = 'SINGLE';
  readonly tasks = ['RECOMMENDATION'] as const;
  readonly learnsInCycles = true;
  private served: { network: RankerNetwork; scales: FeatureScales; ranking: ItemRanking } | null = null;

  constructor(private readonly settings: RankerSettings) {}

  /** @throws Error before fit or load */
  get items(): ItemRanker {
    return this.ready().ranking;
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const { cuts, candidates } = this.settings;
    const examples = await gatherRankingExamples(
      history,
      cut,
      context.seed,
      { cuts, candidates },
      context.signal,
    );
    const { minExamples } = recommendationTask;
    if (examples.count < minExamples)
      throw tooFewData('Users who bought again, to learn from', examples.count, minExamples);
    const scales = featureScales(examples);
    standardiseRows(examples.features, scales);
    const network = new RankerNetwork(this.settings, context.seed);
    try {
      await this.train(network, examples, context);
    } catch (error) {
      network.dispose();
      throw error;
    }
    this.serve(network, scales, servedItemState(history, cut));
  }

  async save(directory: string): Promise<void> {
    const { network, scales, ranking } = this.ready();
    const saved: Saved = {
      features: CANDIDATE_FEATURES,
      settings: this.settings,
      means: [...scales.means],
      deviations: [...scales.deviations],
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await saveItemState(directory, ranking.state);
  }

  networks(): readonly ExportableNetwork[] {
    const { network, scales } = this.ready();
    return [
      exportableNetwork({
        name: 'candidates',
        tasks: this.tasks,
        description:
          'A row is an item for a user, as of a time; of one user’s items the one with the highest score comes first.',
        weights: network.weights,
        batch: { features: column(CANDIDATE_FEATURE_COUNT) },
        predict: ({ features }) => ({
          score: network.scores(standardisedInGraph(features, scales, CANDIDATE_CLIP)),
        }),
        inputs: {
          features: {
            description: 'what the item is, and what the user has to do with it',
            columns: scaledColumns(
              CANDIDATE_FEATURES.map((name) => ({ name })),
              scales,
            ),
          },
        },
        outputs: { score: { description: 'logit within a softmax over one user’s items' } },
      }),
    ];
  }

  /** Takes over a saved model. @throws Error when it was made with other features */
  async restore(directory: string, saved: Saved): Promise<void> {
    if (saved.features.join() !== CANDIDATE_FEATURES.join()) {
      throw new Error('The ranker was saved with other features than this version has; train it again.');
    }
    const network = new RankerNetwork(this.settings, 0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    const scales = { means: Float32Array.from(saved.means), deviations: Float32Array.from(saved.deviations) };
    this.serve(network, scales, await loadItemState(directory));
  }

  dispose(): void {
    this.served?.network.dispose();
    this.served = null;
  }

  private async train(network: RankerNetwork, examples: RankingExamples, context: FitContext): Promise<void> {
    const { settings } = this;
    const held = new Set(
      new Random(context.seed)
        .fork('validation')
        .permutation(examples.count)
        .subarray(0, Math.round(examples.count * settings.validationShare)),
    );
    const { epochs, schedule, averageAfter } = cyclePlan({
      ...settings,
      steps: Math.ceil((examples.count - held.size) / settings.batchSize),
      snapshot: context.snapshot,
    });
    const step = compileStep({
      weights: network.weights,
      batch: rankingBatch(examples.candidates),
      loss: (batch, model) => network.loss(batch, model),
      optimizer: adamW(schedule, { weightDecay: settings.weightDecay }),
      clipNorm: 5,
      seed: context.seed,
    });
    try {
      await train({
        step,
        columns: rankingColumns(examples, (row) => !held.has(row)),
        validation: rankingColumns(examples, (row) => held.has(row)),
        batchSize: settings.batchSize,
        validationBatchSize: 64,
        epochs,
        averageAfter,
        ...trainingContext(context, { model: NAME, task: 'RECOMMENDATION' }),
      });
    } finally {
      step.dispose();
    }
  }

  private serve(network: RankerNetwork, scales: FeatureScales, state: ItemState): void {
    this.dispose();
    const weights = network.served();
    const scorer = new CandidateScorer(state, scales, weights);
    const ranking = new ItemRanking(state, (user, similarity) => scorer.score(user, similarity));
    const examples = {
      // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
      scoreExamples: async (examples: RankingExampleRows) => {
        const width = examples.candidates * CANDIDATE_FEATURE_COUNT;
        const scores = new Float32Array(examples.items.length);
        examples.users.forEach((_, at) => {
          const own = examples.candidateFeatures.slice(at * width, (at + 1) * width);
          scores.set(scoreRows(weights, standardiseRows(own, scales)), at * examples.candidates);
        });
        return scores;
      },
    };
    this.served = { network, scales, ranking: Object.assign(ranking, examples) };
  }

  private ready() {
    if (this.served === null) throw new Error('The ranker is neither fitted nor loaded.');
    return this.served;
  }
}

export const softmaxRanker: ModelType = {
  architecture: NAME,
  family: 'SINGLE',
  create: (_tasks, hyperparameters) => new SoftmaxRanker(rankerSettings(hyperparameters)),
  async load(directory) {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
    const model = new SoftmaxRanker(saved.settings);
    await model.restore(directory, saved);
    return model;
  },
};
