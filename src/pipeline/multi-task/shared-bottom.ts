import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../errors.js';
import {
  adamW,
  compileStep,
  cosineSchedule,
  loadWeights,
  Random,
  saveWeights,
  train,
} from '../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../tasks/index.js';
import type {
  Contribution,
  FitContext,
  ItemRanker,
  Model,
  ShopHistory,
  TrainingData,
  UserRequest,
  UserScorer,
} from '../index.js';
import { CANDIDATE_FEATURES, type ItemState, itemState, userExamples } from '../preprocess/index.js';
import {
  explainByGradients,
  type FeatureScales,
  featureScales,
  hazardTarget,
  isUserTask,
  loadItemState,
  namedCheckpoint,
  PopulationState,
  rankingExamples,
  saveItemState,
  standardiseRows,
  USER_TASKS,
} from '../single-task/index.js';
import { SharedBottomNetwork } from './shared-bottom-network.js';
import type { SharedBottomSettings } from './shared-bottom-settings.js';
import { rankingUserFeatures, sharedBatch, type SharedColumns, SharedRows } from './shared-examples.js';
import { UserAwareRanking } from './user-aware-ranking.js';

export const SHARED_BOTTOM = 'shared-bottom';
const FILE = 'shared-bottom.json';
const WEIGHTS_FILE = 'shared-bottom.safetensors';
const ITEMS = 'items';
/** Rows of a block that is made at once: some 70 MB. */
const BLOCK_ROWS = 2048;
const WARMUP = 0.05;

export interface SavedSharedBottom {
  readonly tasks: readonly TaskName[];
  readonly settings: SharedBottomSettings;
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
}

interface Fitted {
  readonly network: SharedBottomNetwork;
  readonly population: PopulationState;
  readonly scales: FeatureScales;
  readonly state: ItemState;
}

/** Purchase intent, churn and recommendation by one net with a shared bottom. */
export class SharedBottom implements Model, UserScorer {
  readonly architecture = SHARED_BOTTOM;
  readonly family = 'MULTI';
  readonly users = this;
  private fitted: (Fitted & { ranking: ItemRanker }) | null = null;

  constructor(
    readonly tasks: readonly TaskName[],
    private readonly settings: SharedBottomSettings,
  ) {}

  /** @throws Error before fit or load */
  get items(): ItemRanker {
    return this.ready().ranking;
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    const { columns, scales } = await this.gather(history, cut, context);
    const network = new SharedBottomNetwork(this.settings, context.seed);
    try {
      await this.train(network, columns, context);
    } catch (thrown) {
      network.dispose();
      throw thrown;
    }
    this.serve({
      network,
      scales,
      population: PopulationState.fit(history, cut),
      state: itemState(history, cut),
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { network, population } = this.ready();
    const { hazards } = network.predict(population.features(request));
    const tasks = this.tasks.filter(isUserTask);
    return Object.fromEntries(tasks.map((task) => [task, hazardTarget.probabilities(hazards, task)]));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]> {
    const { network, population } = this.ready();
    if (!isUserTask(task)) throw new Error(`${this.architecture} explains no ${task} of users.`);
    const { outputs, sign } = hazardTarget.deciding(task);
    return explainByGradients(request, population, { layers: network.numbers(outputs), sign, first });
  }

  async save(directory: string): Promise<void> {
    const { network, population, scales, state } = this.ready();
    const saved: SavedSharedBottom = {
      tasks: this.tasks,
      settings: this.settings,
      features: CANDIDATE_FEATURES,
      means: [...scales.means],
      deviations: [...scales.deviations],
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await population.save(directory);
    await mkdir(join(directory, ITEMS));
    await saveItemState(join(directory, ITEMS), state);
  }

  /** Takes over a saved model. @throws Error when it was made with other features */
  async restore(directory: string, saved: SavedSharedBottom): Promise<void> {
    if (saved.features.join() !== CANDIDATE_FEATURES.join())
      throw new Error('The model was made with other item features; train it again.');
    const network = new SharedBottomNetwork(this.settings, 0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    this.serve({
      network,
      population: await PopulationState.load(directory),
      scales: { means: Float32Array.from(saved.means), deviations: Float32Array.from(saved.deviations) },
      state: await loadItemState(join(directory, ITEMS)),
    });
  }

  dispose(): void {
    this.fitted?.network.dispose();
    this.fitted = null;
  }

  private async gather(
    history: ShopHistory,
    cut: number,
    { seed, signal }: FitContext,
  ): Promise<{ columns: SharedColumns; scales: FeatureScales }> {
    const users = await userExamples(history, cut);
    signal.throwIfAborted();
    const need = Math.max(...USER_TASKS.map((task) => TASK_DEFINITIONS[task].minExamples));
    if (users.count < need) throw tooFewData('Users as of past cuts to learn from', users.count, need);
    const { cuts, candidates } = this.settings;
    const ranking = rankingExamples(history, cut, seed, { cuts, candidates });
    const { minExamples } = TASK_DEFINITIONS.RECOMMENDATION;
    if (ranking.count < minExamples)
      throw tooFewData('Users who bought again, to learn from', ranking.count, minExamples);
    const scales = featureScales(ranking);
    standardiseRows(ranking.features, scales);
    return { columns: { users, ranking, rankingUsers: rankingUserFeatures(history, ranking) }, scales };
  }

  private async train(
    network: SharedBottomNetwork,
    columns: SharedColumns,
    context: FitContext,
  ): Promise<void> {
    const { settings } = this;
    const { seed } = context;
    const random = new Random(seed).fork('validation');
    const users = split(columns.users.count, settings.validationShare, random);
    const ranking = split(columns.ranking.count, settings.validationShare, random);
    const passes = settings.rankingPasses;
    const usersPerRow = SharedRows.usersPerRow(users.train.length, ranking.train.length * passes);
    const rows = new SharedRows(columns, ranking.train, users.train, { passes, usersPerRow, seed });
    const heldRows = new SharedRows(columns, ranking.held, users.held, { passes: 1, usersPerRow, seed });
    const steps = settings.epochs * Math.ceil(rows.rows / settings.batchSize);
    const step = compileStep({
      weights: network.weights,
      batch: sharedBatch(usersPerRow, columns.ranking.candidates),
      loss: (batch, model) => network.loss(batch, model),
      optimizer: adamW(cosineSchedule(settings.learningRate, steps, { warmup: Math.ceil(WARMUP * steps) }), {
        weightDecay: settings.weightDecay,
      }),
      clipNorm: 5,
      seed,
    });
    try {
      await train({
        step,
        columns: rows,
        blockRows: BLOCK_ROWS,
        validation: heldRows.rows > 0 ? await heldRows.read(0, heldRows.rows) : undefined,
        validationBatchSize: settings.batchSize,
        batchSize: settings.batchSize,
        epochs: settings.epochs,
        seed,
        onEpoch: ({ epoch, train: trained, validation }) => {
          for (const task of [null, ...this.tasks]) {
            const of = (losses: typeof trained) => (task === null ? losses.total : losses.tasks[task]);
            const validationLoss = validation ? of(validation) : null;
            context.onEpoch({ model: SHARED_BOTTOM, epoch, task, trainLoss: of(trained), validationLoss });
          }
        },
        onProgress: context.onProgress,
        signal: context.signal,
        checkpoint: namedCheckpoint(context, SHARED_BOTTOM),
      });
    } finally {
      step.dispose();
    }
  }

  private serve(fitted: Fitted): void {
    this.dispose();
    this.fitted = { ...fitted, ranking: new UserAwareRanking(fitted) };
  }

  private ready() {
    if (!this.fitted) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

/** Reads what `save` wrote of the model's making; null when the directory holds another kind of model. */
export async function readSavedSharedBottom(directory: string): Promise<SavedSharedBottom | null> {
  try {
    return JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedSharedBottom;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw thrown;
  }
}

/** Parts rows at random into training and held back. */
function split(count: number, share: number, random: Random): { train: Int32Array; held: Int32Array } {
  const order = Int32Array.from(random.permutation(count));
  const held = Math.round(count * share);
  return { train: order.subarray(held).sort(), held: order.subarray(0, held).sort() };
}
