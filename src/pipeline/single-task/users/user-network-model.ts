import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import { loadWeights, Random, saveWeights } from '../../../nn/index.js';
import { type ResamplingMethod, taskDefinition, type TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  ExportableNetwork,
  FitContext,
  Model,
  ModelFamily,
  TrainingData,
  UserExampleRows,
  UserRequest,
  UserScorer,
} from '../../index.js';
import {
  STANDARD_CLIP,
  takeRows,
  USER_FEATURE_COUNT,
  type UserExamples,
  userExamples,
} from '../../preprocess/index.js';
import { correctLogit, type LogitCorrection, NO_CORRECTION } from '../base-rate.js';
import { exportableUsers } from '../export/exportable-users.js';
import { correctedInGraph, standardisedInGraph } from '../export/in-graph.js';
import { explainByGradients } from './explain-users.js';
import { PopulationState } from './population-state.js';
import { type UserColumns, UserNetwork } from './user-network.js';
import type { UserNetworkSettings } from './user-network-settings.js';
import { teachUserColumns, userResampling } from './user-resampling.js';
import { isUserTask, type UserTarget } from './user-targets.js';

const SETTINGS_FILE = 'settings.json';
const WEIGHTS_FILE = 'weights.safetensors';

export interface UserNetworkModelOptions {
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly tasks: readonly TaskName[];
  readonly target: UserTarget;
  readonly settings: UserNetworkSettings;
}

interface Fitted {
  readonly network: UserNetwork;
  readonly population: PopulationState;
  /** One an output. */
  readonly corrections: readonly LogitCorrection[];
}

/** User tasks by a network on user features; what its outputs stand for is the target's to say. */
export class UserNetworkModel implements Model, UserScorer {
  readonly learnsInCycles = true;
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly tasks: readonly TaskName[];
  readonly users = this;
  private readonly method: ResamplingMethod;
  private fitted: Fitted | null = null;

  constructor(private readonly options: UserNetworkModelOptions) {
    this.architecture = options.architecture;
    this.family = options.family;
    this.tasks = options.tasks;
    const { outputs } = options.target;
    this.method = userResampling(options.settings.resampling, { ...this, outputs });
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    const examples = await userExamples(history, cut, undefined, context.signal);
    context.signal.throwIfAborted();
    const { train, validation } = this.columns(examples, context.seed);
    const [task] = this.tasks;
    const have =
      examples.count === 0
        ? 0
        : train.masks.reduce((sum, mask) => sum + (mask > 0 ? 1 : 0), 0) / this.options.target.outputs;
    const need = taskDefinition(task).minExamples;
    if (have < need)
      throw tooFewData(`Examples to learn ${this.tasks.join(' and ')} from`, Math.floor(have), need);
    const { method } = this;
    const { focalGamma } = this.options.settings;
    const { outputs } = this.options.target;
    const taught = teachUserColumns(train, validation, { method, focalGamma, outputs, seed: context.seed });
    const network = this.newNetwork(context.seed);
    try {
      const report = { model: this.architecture, task: this.tasks.length === 1 ? task : null };
      await network.train(taught.train, taught.validation, context, report);
    } catch (thrown) {
      network.dispose();
      throw thrown;
    }
    this.dispose();
    const { corrections } = taught;
    this.fitted = { network, population: PopulationState.fit(history, cut), corrections };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    return this.scoreFeatures(this.ready().population.features(request));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreExamples({ features }: UserExampleRows): Promise<Partial<Record<TaskName, Float32Array>>> {
    return this.scoreFeatures(features);
  }

  private scoreFeatures(features: Float32Array): Partial<Record<TaskName, Float32Array>> {
    const { network, corrections } = this.ready();
    const logits = network
      .predict(features)
      .map((logit, at) => correctLogit(logit, corrections[at % corrections.length]));
    const tasks = this.tasks.filter(isUserTask);
    return Object.fromEntries(tasks.map((task) => [task, this.options.target.probabilities(logits, task)]));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]> {
    const { network, population, corrections } = this.ready();
    if (!isUserTask(task)) throw new Error(`${this.architecture} does not predict ${task}.`);
    const { outputs, sign } = this.options.target.deciding(task);
    const layers = network.numbers(outputs);
    const correct = (logit: number) => correctLogit(logit, corrections[0]);
    // A curve over several outputs has no one logit to bring back; its parts keep their order.
    const corrected = outputs === 1 && corrections[0].focalGamma > 0 ? correct : undefined;
    const start = corrected && network.predict(new Float32Array(USER_FEATURE_COUNT))[0];
    return explainByGradients(request, population, { layers, sign, first, start, corrected });
  }

  async save(directory: string): Promise<void> {
    const { network, population, corrections } = this.ready();
    const saved: SavedUserNetwork = { tasks: this.tasks, settings: this.options.settings, corrections };
    await writeFile(join(directory, SETTINGS_FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await population.save(directory);
  }

  networks(): readonly ExportableNetwork[] {
    const { network, population, corrections } = this.ready();
    const { standardiser } = population.population;
    return [
      exportableUsers({
        tasks: this.tasks.filter(isUserTask),
        target: this.options.target,
        population,
        weights: network.weights,
        logits: (features, context) => {
          const rows = standardisedInGraph(features, standardiser, STANDARD_CLIP);
          return correctedInGraph(network.logits(rows, context), corrections);
        },
      }),
    ];
  }

  async restore(directory: string, { corrections }: SavedUserNetwork): Promise<void> {
    const network = this.newNetwork(0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    this.fitted = {
      network,
      population: await PopulationState.load(directory),
      corrections: corrections ?? Array.from({ length: this.options.target.outputs }, () => NO_CORRECTION),
    };
  }

  dispose(): void {
    this.fitted?.network.dispose();
    this.fitted = null;
  }

  private newNetwork(seed: number): UserNetwork {
    const { target, settings } = this.options;
    const focalGamma = this.method === 'FOCAL_LOSS' ? settings.focalGamma : 0;
    return new UserNetwork(USER_FEATURE_COUNT, target.outputs, settings, { seed, focalGamma });
  }

  /** Rows with a known label, parted into training and validation. */
  private columns(
    examples: UserExamples,
    seed: number,
  ): { train: UserColumns; validation: UserColumns | null } {
    const { target, settings } = this.options;
    const { labels, masks } = target.targets(examples);
    const random = new Random(seed).fork('validation');
    const rows: [number[], number[]] = [[], []];
    for (let row = 0; row < examples.count; row++) {
      let known = 0;
      for (let at = 0; at < target.outputs; at++) known += masks[row * target.outputs + at];
      const isHeldBack = random.uniform() < settings.validationShare;
      if (known > 0) rows[isHeldBack ? 1 : 0].push(row);
    }
    const pick = (chosen: readonly number[]): UserColumns => ({
      features: takeRows(examples.features, USER_FEATURE_COUNT, chosen),
      labels: takeRows(labels, target.outputs, chosen),
      masks: takeRows(masks, target.outputs, chosen),
    });
    return { train: pick(rows[0]), validation: rows[1].length > 0 ? pick(rows[1]) : null };
  }

  private ready() {
    if (!this.fitted) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

export interface SavedUserNetwork {
  readonly tasks: readonly TaskName[];
  readonly settings: UserNetworkSettings;
  /** Missing where a model was saved before it could be resampled. */
  readonly corrections?: readonly LogitCorrection[];
}

/** Reads what `save` wrote of the model's making. */
export async function readSavedUserNetwork(directory: string): Promise<SavedUserNetwork> {
  return JSON.parse(await readFile(join(directory, SETTINGS_FILE), 'utf8')) as SavedUserNetwork;
}
