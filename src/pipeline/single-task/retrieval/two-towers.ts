import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import {
  adagrad,
  adamW,
  type CompiledPredictor,
  compilePredict,
  compileStep,
  loadTensors,
  loadWeights,
  Random,
  saveTensors,
  saveWeights,
  train,
} from '../../../nn/index.js';
import { recommendationTask } from '../../../tasks/index.js';
import type {
  ExportableNetwork,
  FitContext,
  Model,
  ModelType,
  TrainingData,
  UserRequest,
} from '../../index.js';
import { behaviourSequences, type ItemState, itemState } from '../../preprocess/index.js';
import { loadItemState, saveItemState } from '../recommendation/item-state-file.js';
import { trainingContext } from '../training-context.js';
import { exportableTowers } from './exportable-towers.js';
import { type ContentCodes, fitContent } from './item-content.js';
import { purchasePairs } from './purchase-pairs.js';
import { type RetrievalSettings, retrievalSettings } from './retrieval-settings.js';
import { logShares, takeRows, type TrainingColumns, trainingColumns, vectorsOf } from './tower-columns.js';
import { TowerRanking } from './tower-ranking.js';
import { pairColumns, TowersNetwork, userColumns } from './towers-network.js';

const NAME = 'two-towers';
const FILE = 'two-towers.json';
const WEIGHTS_FILE = 'two-towers.safetensors';
const VECTORS_FILE = 'item-vectors.safetensors';
const CLIP_NORM = 5;

interface Saved {
  readonly settings: RetrievalSettings;
  readonly codes: ContentCodes;
  /** All items, in the order of the vectors. */
  readonly itemIds: readonly string[];
}

interface Fitted extends Omit<Saved, 'settings'> {
  readonly network: TowersNetwork;
  readonly state: ItemState;
  /** [items × embeddingDim + 1] */
  readonly vectors: Float32Array;
  readonly ranking: TowerRanking;
}

/** Retrieves items for users by two towers whose vectors meet; see `TowersNetwork`. */
export class TwoTowers implements Model {
  readonly architecture = NAME;
  readonly family = 'SINGLE';
  readonly tasks = ['RECOMMENDATION'] as const;
  private fitted: Fitted | null = null;
  private predictor: CompiledPredictor | null = null;

  constructor(private readonly settings: RetrievalSettings) {}

  /** @throws Error before fit or load */
  get items(): TowerRanking {
    return this.ready().ranking;
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const { settings } = this;
    const state = itemState(history, cut);
    const pairs = purchasePairs(history, cut, settings.maxExamples);
    const count = pairs.users.length;
    const { minExamples } = recommendationTask;
    if (count < minExamples) throw tooFewData('Purchases by users known before', count, minExamples);
    const codes = fitContent(history.items);
    const network = this.newNetwork(logShares(history, pairs, state), codes, context.seed);
    try {
      const columns = trainingColumns(history, pairs, { state, codes, length: settings.length });
      await this.train(network, columns, count, context);
      const vectors = vectorsOf(network, history, state, codes);
      const itemIds = history.items.map(({ id }) => id);
      this.serve({ network, state, codes, itemIds, vectors });
    } catch (thrown) {
      network.dispose();
      throw thrown;
    }
  }

  async save(directory: string): Promise<void> {
    const { network, state, codes, itemIds, vectors } = this.ready();
    const saved: Saved = { settings: this.settings, codes, itemIds };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await saveItemState(directory, state);
    const shape = [itemIds.length, this.settings.embeddingDim + 1];
    await saveTensors(join(directory, VECTORS_FILE), {
      tensors: { items: { shape, values: vectors } },
      metadata: {},
    });
  }

  /** Takes over what `save` wrote. */
  async restore(directory: string, { codes, itemIds }: Saved): Promise<void> {
    const state = await loadItemState(directory);
    const network = this.newNetwork(new Float32Array(state.vocabulary.size), codes, 0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    const { tensors } = await loadTensors(join(directory, VECTORS_FILE));
    this.serve({ network, state, codes, itemIds, vectors: tensors.items.values as Float32Array });
  }

  networks(): readonly ExportableNetwork[] {
    const { network, state, codes } = this.ready();
    return exportableTowers(network, this.settings, { itemIds: state.vocabulary.ids, codes });
  }

  dispose(): void {
    this.predictor?.dispose();
    this.predictor = null;
    this.fitted?.network.dispose();
    this.fitted = null;
  }

  private newNetwork(shares: Float32Array, codes: ContentCodes, seed: number): TowersNetwork {
    return new TowersNetwork(this.settings, shares, codes.categories.length, seed);
  }

  private async train(
    network: TowersNetwork,
    columns: TrainingColumns,
    count: number,
    context: FitContext,
  ): Promise<void> {
    const { settings } = this;
    const held = Math.round(count * settings.validationShare);
    const order = Int32Array.from(new Random(context.seed).fork('validation').permutation(count));
    const batch = pairColumns(settings.length);
    const part = (from: number, to: number) => takeRows(columns, count, order.subarray(from, to));
    const step = compileStep({
      weights: network.weights,
      batch,
      loss: (pairs, model) => network.loss(pairs, model),
      optimizer: adamW(settings.learningRate, { weightDecay: settings.weightDecay }),
      tableOptimizer: adagrad(settings.embeddingRate, { initialAccumulator: 1e-9 }),
      clipNorm: CLIP_NORM,
      seed: context.seed,
    });
    try {
      await train({
        step,
        columns: part(held, count),
        validation: held > 1 ? part(0, held) : undefined,
        batchSize: settings.batchSize,
        validationBatchSize: settings.batchSize,
        epochs: settings.epochs,
        ...trainingContext(context, { model: NAME, task: 'RECOMMENDATION' }),
      });
    } finally {
      step.dispose();
    }
  }

  private serve(fitted: Omit<Fitted, 'ranking'>): void {
    this.dispose();
    const { itemIds, vectors, state } = fitted;
    const { embeddingDim, temperature } = this.settings;
    const width = embeddingDim + 1;
    const users = (request: UserRequest) => this.userVectors(request);
    const ranking = new TowerRanking({ itemIds, items: vectors, width, temperature, users }, state);
    this.fitted = { ...fitted, ranking };
  }

  private userVectors({ history, users, asOf }: UserRequest): Float32Array {
    if (users.length === 0) return new Float32Array(0);
    const { network, state } = this.ready();
    const { length } = this.settings;
    this.predictor ??= compilePredict({
      weights: network.weights,
      batch: userColumns(length),
      predict: (columns, context) => ({ vectors: network.users(columns, context) }),
    });
    const { vocabulary } = state;
    const { items, types, days } = behaviourSequences(history, users, asOf, { length, vocabulary });
    return this.predictor.predict({ userItems: items, userTypes: types, userDays: days }).vectors;
  }

  private ready(): Fitted {
    if (!this.fitted) throw new Error(`The model ${NAME} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

export const twoTowers: ModelType = {
  architecture: NAME,
  family: 'SINGLE',
  create: (_tasks, hyperparameters) => new TwoTowers(retrievalSettings(hyperparameters)),
  async load(directory) {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
    const model = new TwoTowers(saved.settings);
    await model.restore(directory, saved);
    return model;
  },
};
