import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../../errors.js';
import { loadWeights, Random, saveWeights, tf } from '../../../nn/index.js';
import {
  type CustomTask,
  customTaskName,
  type ResamplingMethod,
  type TaskName,
} from '../../../tasks/index.js';
import type {
  Contribution,
  ExportableNetwork,
  FitContext,
  Model,
  ModelFamily,
  ModelType,
  TrainingData,
  UserRequest,
  UserScorer,
} from '../../index.js';
import { type CustomExamples, customExamples, takeRows } from '../../preprocess/index.js';
import { correctLogit, correctParts, type LogitCorrection, resamplingOf } from '../base-rate.js';
import { countOf } from '../count-loss.js';
import { exportableCustom } from '../export/custom-network.js';
import { integratedGradients } from '../fraud/integrated-gradients.js';
import { sigmoid } from '../fraud/logistic-fit.js';
import { PopulationState } from '../users/population-state.js';
import { type UserColumns, UserNetwork } from '../users/user-network.js';
import { teachUserColumns } from '../users/user-resampling.js';
import {
  ActivityScales,
  besideEachOther,
  CUSTOM_FEATURE_COUNT,
  customContributions,
  type SavedActivityScales,
} from './custom-features.js';
import { onlyCustomTask } from './custom-request.js';
import {
  CUSTOM_DENSE_DEFAULTS,
  CUSTOM_LINEAR_DEFAULTS,
  type CustomSettings,
  customSettings,
} from './custom-settings.js';
import { requireEnoughExamples } from './enough-examples.js';

const FILE = 'custom-network.json';
const WEIGHTS_FILE = 'weights.safetensors';

interface Fitted {
  readonly network: UserNetwork;
  readonly population: PopulationState;
  readonly scales: ActivityScales;
  readonly correction: LogitCorrection;
}

interface Saved {
  readonly task: CustomTask;
  readonly settings: CustomSettings;
  readonly scales: SavedActivityScales;
  readonly correction: LogitCorrection;
}

/** A task of the shop's own by a network on what is known of the user and on how much was shown so far: logistic or Poisson regression. */
class CustomNetworkModel implements Model, UserScorer {
  readonly tasks: readonly TaskName[];
  readonly users = this;
  private readonly isNumber: boolean;
  private readonly method: ResamplingMethod;
  private fitted: Fitted | null = null;

  constructor(
    readonly architecture: string,
    readonly family: ModelFamily,
    private readonly task: CustomTask,
    private readonly settings: CustomSettings,
  ) {
    const name = customTaskName(task.name);
    this.tasks = [name];
    this.isNumber = task.atLeast === null;
    this.method = resamplingOf(settings.resampling, name, architecture);
    if (this.isNumber && this.method !== 'NONE')
      throw new AppError('BAD_USER_INPUT', `resampling: ${task.name} is a number; it has no rare class.`);
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    const examples = await customExamples(history, cut, this.task, context.signal);
    context.signal.throwIfAborted();
    requireEnoughExamples(this.task, examples);
    const scales = ActivityScales.fit(examples.activity);
    const { train, validation } = this.columns(examples, scales, context.seed);
    const { method } = this;
    const taught = teachUserColumns(train, validation, {
      method,
      focalGamma: this.settings.focalGamma,
      outputs: 1,
      seed: context.seed,
      width: CUSTOM_FEATURE_COUNT,
    });
    const network = this.newNetwork(context.seed);
    try {
      const report = { model: this.architecture, task: this.tasks[0] };
      await network.train(taught.train, taught.validation, context, report);
    } catch (thrown) {
      network.dispose();
      throw thrown;
    }
    this.dispose();
    const population = PopulationState.fit(history, cut);
    this.fitted = { network, population, scales, correction: taught.corrections[0] };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { network, correction } = this.ready();
    const outputs = network.predict(this.features(request));
    const answers = outputs.map((output) =>
      this.isNumber ? countOf(output) : sigmoid(correctLogit(output, correction)),
    );
    return { [this.tasks[0]]: answers };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, _task: TaskName, first: number): Promise<Contribution[][]> {
    const { network, population, correction } = this.ready();
    const layers = network.numbers(1);
    const features = this.features(request);
    const start = network.predict(new Float32Array(CUSTOM_FEATURE_COUNT))[0];
    const corrected = (logit: number) => correctLogit(logit, correction);
    const parts = new Float64Array(features.length);
    for (let from = 0; from < features.length; from += CUSTOM_FEATURE_COUNT) {
      const raised = integratedGradients(layers, features.subarray(from, from + CUSTOM_FEATURE_COUNT));
      parts.set(correction.focalGamma > 0 ? correctParts(raised, { start, corrected }) : raised, from);
    }
    return customContributions(request, { task: this.task, population, parts, first });
  }

  async save(directory: string): Promise<void> {
    const { network, population, scales, correction } = this.ready();
    const { task, settings } = this;
    const saved: Saved = { task, settings, scales: scales.saved, correction };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await population.save(directory);
  }

  networks(): readonly ExportableNetwork[] {
    const { network, population, scales, correction } = this.ready();
    return [
      exportableCustom({
        task: customTaskName(this.task.name),
        isNumber: this.isNumber,
        weights: network.weights,
        population,
        scales,
        correction,
        others: {},
        meanings: {},
        outputs: (user, activity, _others, context) =>
          tf.reshape(network.logits(tf.concat([user, activity], 1), context), [-1]),
      }),
    ];
  }

  async restore(directory: string, { scales, correction }: Saved): Promise<void> {
    const network = this.newNetwork(0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    const population = await PopulationState.load(directory);
    this.fitted = { network, population, scales: ActivityScales.restore(scales), correction };
  }

  dispose(): void {
    this.fitted?.network.dispose();
    this.fitted = null;
  }

  private features(request: UserRequest): Float32Array {
    const { population, scales } = this.ready();
    return besideEachOther(population.featuresOfAnybody(request), scales.of(this.task, request));
  }

  private columns(examples: CustomExamples, scales: ActivityScales, seed: number) {
    const features = besideEachOther(examples.userFeatures, scales.apply(examples.activity.slice()));
    const random = new Random(seed).fork('validation');
    const rows: [number[], number[]] = [[], []];
    for (let row = 0; row < examples.count; row++)
      rows[random.uniform() < this.settings.validationShare ? 1 : 0].push(row);
    const pick = (chosen: readonly number[]): UserColumns => ({
      features: takeRows(features, CUSTOM_FEATURE_COUNT, chosen),
      labels: takeRows(examples.labels, 1, chosen),
      masks: new Float32Array(chosen.length).fill(1),
    });
    return { train: pick(rows[0]), validation: rows[1].length > 0 ? pick(rows[1]) : null };
  }

  private newNetwork(seed: number): UserNetwork {
    const focalGamma = this.method === 'FOCAL_LOSS' ? this.settings.focalGamma : 0;
    return new UserNetwork(
      CUSTOM_FEATURE_COUNT,
      1,
      { ...this.settings, swaCycles: 0, loss: 'CROSS_ENTROPY' },
      { seed, focalGamma, head: this.isNumber ? 'COUNT' : 'SIGMOID' },
    );
  }

  private ready(): Fitted {
    if (!this.fitted) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

function customType(architecture: string, family: ModelFamily, defaults: CustomSettings): ModelType {
  return {
    architecture,
    family,
    create: (tasks, hyperparameters) => {
      const task = onlyCustomTask(architecture, tasks, hyperparameters);
      return new CustomNetworkModel(architecture, family, task, customSettings(hyperparameters, defaults));
    },
    load: async (directory) => {
      const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
      const model = new CustomNetworkModel(architecture, family, saved.task, saved.settings);
      await model.restore(directory, saved);
      return model;
    },
  };
}

/** Logistic or Poisson regression. */
export const customRegression = customType('custom-regression', 'BASELINE', CUSTOM_LINEAR_DEFAULTS);

/** A dense net. */
export const customDense = customType('custom-dense', 'SINGLE', CUSTOM_DENSE_DEFAULTS);
