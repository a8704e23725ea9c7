import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import { adam, adamW, compileStep, loadWeights, Random, saveWeights, train } from '../../../nn/index.js';
import { recommendationTask } from '../../../tasks/index.js';
import type {
  ExportableNetwork,
  FitContext,
  ItemRanker,
  Model,
  ModelType,
  RankedItem,
  RankOptions,
  ShopHistory,
  TrainingData,
  UserRequest,
} from '../../index.js';
import { itemSequence, type ItemState, itemState, sequenceWindows } from '../../preprocess/index.js';
import { exportableNetwork } from '../export/exportable-network.js';
import { ItemRanking } from '../recommendation/item-ranking.js';
import { loadItemState, saveItemState } from '../recommendation/item-state-file.js';
import { trainingContext } from '../training-context.js';
import { causesOf } from './sequence-causes.js';
import { type Attention, sequenceBatch, SequenceNetwork } from './sequence-network.js';
import { type SequenceSettings, sequenceSettings } from './sequence-settings.js';

const FILE = 'sequence.json';
const WEIGHTS_FILE = 'sequence.safetensors';

interface Served {
  readonly network: SequenceNetwork;
  readonly state: ItemState;
}

/** Ranks items by a Transformer encoder over what the user liked one after another. */
class SequenceRanker implements Model, ItemRanker {
  readonly family = 'SINGLE';
  readonly tasks = ['RECOMMENDATION'] as const;
  readonly items = this;
  private served: Served | null = null;

  constructor(
    readonly architecture: string,
    private readonly attention: Attention,
    private readonly settings: SequenceSettings,
  ) {}

  /** @throws Error before fit or load */
  get itemIds(): readonly string[] {
    return this.ready().state.vocabulary.ids;
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const state = itemState(history, cut);
    const sequences = sequencesOf(history, state, cut).filter((sequence) => sequence.length > 1);
    const { minExamples } = recommendationTask;
    const count = sequences.reduce((sum, sequence) => sum + sequence.length - 1, 0);
    if (count < minExamples) throw tooFewData('Items that follow another, to learn from', count, minExamples);
    const network = new SequenceNetwork(this.attention, this.settings, state.vocabulary.size, context.seed);
    try {
      await this.train(network, sequences, context);
    } catch (thrown) {
      network.dispose();
      throw thrown;
    }
    this.serve({ network, state });
  }

  async scoreItems(request: UserRequest): Promise<Float32Array> {
    const { state } = this.ready();
    const rankings = this.rankings(request);
    const scores = new Float32Array(request.users.length * request.history.items.length);
    for (const [at, ranking] of rankings.entries()) {
      const one = { ...request, users: request.users.subarray(at, at + 1) };
      scores.set(await ranking.scoreItems(one), at * request.history.items.length);
    }
    return state.vocabulary.size === 0 ? scores.fill(-Infinity) : scores;
  }

  async rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]> {
    const lists: RankedItem[][] = [];
    for (const [at, ranking] of this.rankings(request).entries()) {
      const one = { ...request, users: request.users.subarray(at, at + 1) };
      const [list] = await ranking.rankItems(one, options);
      lists.push(this.withCauses(one, list));
    }
    return lists;
  }

  similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]> {
    return this.plain().similarItems(itemId, options);
  }

  trendingItems(options: RankOptions): Promise<RankedItem[]> {
    return this.plain().trendingItems(options);
  }

  async save(directory: string): Promise<void> {
    const { network, state } = this.ready();
    await writeFile(join(directory, FILE), JSON.stringify({ settings: this.settings }));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await saveItemState(directory, state);
  }

  networks(): readonly ExportableNetwork[] {
    const { network, state } = this.ready();
    const { length } = this.settings;
    const { ids } = state.vocabulary;
    return [
      exportableNetwork({
        name: 'sequences',
        tasks: this.tasks,
        description: 'A row is a user, as of a time.',
        weights: network.weights,
        batch: sequenceBatch(length),
        predict: ({ items }, context) => ({ logits: network.logits(items, context) }),
        inputs: {
          items: {
            description: `the user's latest ${length} items, the last one at the end; where there are fewer, the first places hold ${ids.length}`,
            vocabulary: ids,
          },
        },
        outputs: {
          logits: {
            description:
              'of each item being the next, within a softmax over all; in the order of the vocabulary',
            shape: [ids.length],
          },
        },
      }),
    ];
  }

  async restore(directory: string): Promise<void> {
    const state = await loadItemState(directory);
    const network = new SequenceNetwork(this.attention, this.settings, state.vocabulary.size, 0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    this.serve({ network, state });
  }

  dispose(): void {
    this.served?.network.dispose();
    this.served = null;
  }

  private async train(
    network: SequenceNetwork,
    sequences: readonly Int32Array[],
    context: FitContext,
  ): Promise<void> {
    const { settings, architecture } = this;
    const windows = sequenceWindows(sequences, settings.length, network.padding);
    const held = new Set(
      new Random(context.seed)
        .fork('validation')
        .permutation(sequences.length)
        .subarray(0, Math.max(1, Math.round(sequences.length * settings.validationShare))),
    );
    const columns = (isHeld: boolean) => {
      const rows = [...windows.sequence.keys()].filter((row) => held.has(windows.sequence[row]) === isHeld);
      const items = new Int32Array(rows.length * settings.length);
      rows.forEach((row, at) =>
        items.set(
          windows.items.subarray(row * settings.length, (row + 1) * settings.length),
          at * settings.length,
        ),
      );
      return { items };
    };
    const step = compileStep({
      weights: network.weights,
      batch: sequenceBatch(settings.length),
      loss: (batch, model) => network.loss(batch, model),
      optimizer: adamW(settings.learningRate, { weightDecay: settings.weightDecay }),
      tableOptimizer: adam(settings.learningRate),
      clipNorm: 5,
      seed: context.seed,
    });
    try {
      await train({
        step,
        columns: columns(false),
        validation: columns(true),
        batchSize: settings.batchSize,
        validationBatchSize: settings.batchSize,
        epochs: settings.epochs,
        earlyStopping: { patience: settings.patience },
        ...trainingContext(context, { model: architecture, task: 'RECOMMENDATION' }),
      });
    } finally {
      step.dispose();
    }
  }

  /** A ranking for each user of the request, by the encoder's scores; users without items fall back to what is popular. */
  private rankings({ history, users, asOf }: UserRequest): ItemRanking[] {
    const { network, state } = this.ready();
    const { length } = this.settings;
    const size = state.vocabulary.size;
    const vocabularyOf = state.vocabulary.indicesOf(history.items.map((item) => item.id));
    const windows = new Int32Array(users.length * length).fill(network.padding);
    users.forEach((user, at) => {
      const latest = itemSequence(history, user, asOf, vocabularyOf, size).slice(-length);
      windows.set(latest, (at + 1) * length - latest.length);
    });
    const logits = network.score(windows);
    return Array.from(users, (_, at) => {
      const own = logits.subarray(at * size, (at + 1) * size);
      return new ItemRanking(state, () => own);
    });
  }

  /** Habits apart, an item's reason is the item of the user's that it is owed to in this very model. */
  private withCauses(
    { history, users: [user], asOf }: UserRequest,
    list: readonly RankedItem[],
  ): RankedItem[] {
    const { network, state } = this.ready();
    const { vocabulary } = state;
    const vocabularyOf = vocabulary.indicesOf(history.items.map((item) => item.id));
    const sequence = itemSequence(history, user, asOf, vocabularyOf, vocabulary.size);
    const shown = list.map(({ itemId }) => vocabulary.indexOf(itemId));
    const causes = causesOf(network, this.settings.length, sequence, shown);
    return list.map((item, at) => {
      const cause = causes[at];
      if (cause === null || item.reason.kind === 'BOUGHT_REGULARLY') return item;
      return { ...item, reason: { kind: 'FOR_YOU', itemId: vocabulary.ids[cause] } };
    });
  }

  private plain(): ItemRanking {
    const { state } = this.ready();
    return new ItemRanking(state, () => new Float32Array(state.vocabulary.size));
  }

  private serve(served: Served): void {
    this.dispose();
    this.served = served;
  }

  private ready(): Served {
    if (!this.served) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.served;
  }
}

function sequencesOf(history: ShopHistory, state: ItemState, cut: number): Int32Array[] {
  const vocabularyOf = state.vocabulary.indicesOf(history.items.map((item) => item.id));
  return history.users.map((_, user) =>
    itemSequence(history, user, cut, vocabularyOf, state.vocabulary.size),
  );
}

function sequenceType(architecture: string, attention: Attention): ModelType {
  return {
    architecture,
    family: 'SINGLE',
    create: (_tasks, hyperparameters) =>
      new SequenceRanker(architecture, attention, sequenceSettings(hyperparameters)),
    load: async (directory) => {
      const { settings } = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as {
        settings: SequenceSettings;
      };
      const model = new SequenceRanker(architecture, attention, settings);
      await model.restore(directory);
      return model;
    },
  };
}

/** Causal self-attention over the user's items (SASRec: Kang and McAuley, ICDM 2018), with a softmax over all items. */
export const sasrec = sequenceType('sasrec', 'CAUSAL');

/** Masked items predicted from both sides (BERT4Rec: Sun et al., CIKM 2019). */
export const bert4rec = sequenceType('bert4rec', 'MASKED');
