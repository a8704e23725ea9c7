import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchArrays,
  type BatchSpec,
  column,
  type CompiledPredictor,
  compilePredict,
  type ModelContext,
  tf,
  weightedMean,
} from '../../../nn/index.js';
import { type CustomTask, type CustomTaskName, customTaskName, type TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  ExportableNetwork,
  FitContext,
  Model,
  ShopHistory,
  TrainingData,
  UserRequest,
  UserScorer,
} from '../../index.js';
import {
  ACTIVITY_FEATURE_COUNT,
  type CustomExamples,
  customExamples,
  USER_FEATURE_COUNT,
} from '../../preprocess/index.js';
import {
  ActivityScales,
  besideEachOther,
  countOf,
  customContributions,
  exportableCustom,
  type LogitCorrection,
  NO_CORRECTION,
  type PopulationState,
  requireEnoughExamples,
  type SavedActivityScales,
} from '../../single-task/index.js';
import { compileContributions, type ContributionPredictor } from '../contributions.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import { LabelDraw } from '../resample-examples.js';
import type { MultiTaskSettings } from '../settings.js';
import type { SharedIds } from '../shared-ids.js';
import type { BesideUser } from './beside-user.js';
import { CustomColumns } from './custom-columns.js';
import { CustomHead, type LabelMoments, labelMoments } from './custom-head.js';
import {
  type Answer,
  type EntityPart,
  examplesOf,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';
import { logitOf, scoresAsOf, type UserOrigins } from './user-answers.js';
import { userInput } from './user-part.js';

interface Gathered {
  readonly history: ShopHistory;
  readonly examples: CustomExamples;
}

/** A task of the shop's own: users as of past cuts go through the encoder that all tasks about users share. */
export class CustomPart implements EntityPart, UserScorer {
  readonly name: CustomTaskName;
  readonly tasks: readonly [CustomTaskName];
  readonly representations: readonly string[];
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  readonly draw: LabelDraw;
  private readonly columns: CustomColumns;
  private readonly isNumber: boolean;
  private readonly head: CustomHead;
  private moments: LabelMoments = { mean: 0.5, deviation: 0.5 };
  private network: MultiTaskNetwork | null = null;
  private gathered: Gathered | null = null;
  private population: PopulationState | null = null;
  private scales: ActivityScales | null = null;
  private predictor: CompiledPredictor | null = null;
  private explainer: ContributionPredictor | null = null;

  constructor(
    private readonly task: CustomTask,
    private readonly settings: MultiTaskSettings,
    ids: SharedIds,
    hasCountsAlone: boolean,
  ) {
    this.name = customTaskName(task.name);
    this.tasks = [this.name];
    this.representations = this.tasks;
    this.isNumber = task.atLeast === null;
    this.head = new CustomHead(this.name, {
      isNumber: this.isNumber,
      hasCountsAlone,
      isSquared: settings.loss === 'SUM_OF_SQUARED_ERRORS',
      hidden: settings.hidden,
    });
    this.columns = new CustomColumns(task, ids);
    this.input = userInput(this.beside);
    this.inputColumns = this.columns.inputs;
    const { user, activity, label, weight } = this.columns;
    this.draw = new LabelDraw(settings.resampling[this.name], { label, weight, features: [user, activity] });
  }

  get beside(): BesideUser {
    return this.columns.beside;
  }

  async gather({ history, cut }: TrainingData, { signal }: FitContext): Promise<EntityExamples> {
    const examples = await customExamples(history, cut, this.task, signal);
    this.gathered = { history, examples };
    const { count, labels } = examples;
    requireEnoughExamples(this.task, examples);
    this.scales = ActivityScales.fit(examples.activity);
    this.moments = labelMoments(labels);
    return {
      count,
      passes: this.settings.customPasses,
      columns: this.columns.ofExamples(history, examples, this.scales),
    };
  }

  adopt(other: CustomPart): void {
    this.scales = other.scales;
    this.moments = other.moments;
    this.gathered = other.gathered;
  }

  origins(): UserOrigins {
    const { cuts, users } = this.asked().examples;
    return { times: cuts, users };
  }

  labels(): Float32Array | null {
    return this.isNumber ? null : this.asked().examples.labels;
  }

  async ask({ users: scorer }: Model): Promise<Partial<Record<TaskName, Float32Array>>> {
    if (!scorer) return {};
    const scores = await scoresAsOf(scorer, this.asked().history, this.origins());
    const own = scores[this.name];
    return own ? { [this.name]: own.map(this.isNumber ? Math.log : logitOf) } : {};
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    this.head.build(network, this.moments);
  }

  inputs(batch: Batch<BatchSpec>, context: ModelContext): PartInputs {
    const user = this.encoderInput(inputsOf(this, batch), context);
    return { user, activity: examplesOf(batch[this.columns.activity]) };
  }

  forward({ user, activity }: PartInputs, _batch: Batch<BatchSpec>, context: ModelContext): PartOutputs {
    return this.head.forward(user as Tensorflow.Tensor2D, activity, context);
  }

  losses({ heads: { outputs } }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const losses = this.head.losses(examplesOf(batch[this.columns.label]), outputs);
    return { [this.name]: weightedMean(losses, examplesOf(batch[this.columns.weight])) };
  }

  answers({ heads: { outputs } }: PartOutputs, batch: Batch<BatchSpec>): Answer[] {
    const weights = examplesOf(batch[this.columns.weight]) as Tensorflow.Tensor1D;
    const values = this.draw.corrected(outputs);
    return [{ kind: this.isNumber ? 'VALUE' : 'SIGMOID', values, weights, share: 1 }];
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    return this.columns.encoderInput(columns, context);
  }

  finish(_data: TrainingData, population: PopulationState | null): void {
    this.population = population;
    this.gathered = null;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { network } = this.ready();
    if (request.users.length === 0) return { [this.name]: new Float32Array(0) };
    this.predictor ??= compilePredict({
      weights: network.weights,
      batch: { ...this.inputColumns, activity: column(ACTIVITY_FEATURE_COUNT) },
      predict: ({ activity, ...columns }, context) => ({
        outputs: this.outputs(columns, activity, context),
      }),
    });
    const { outputs } = this.predictor.predict(this.columnsOf(request));
    return { [this.name]: outputs.map(this.isNumber ? countOf : this.draw.probability) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, _task: TaskName, first: number): Promise<Contribution[][]> {
    const { network, population } = this.ready();
    if (request.users.length === 0) return [];
    this.explainer ??= compileContributions(network.weights, {
      width: USER_FEATURE_COUNT + ACTIVITY_FEATURE_COUNT,
      others: this.columns.beside.spec,
      logit: (features, columns, context) => {
        const user = tf.slice(features, [0, 0], [-1, USER_FEATURE_COUNT]);
        const activity = tf.slice(features, [0, USER_FEATURE_COUNT], [-1, ACTIVITY_FEATURE_COUNT]);
        return this.outputs({ ...columns, [this.columns.user]: user }, activity, context);
      },
    });
    const { activity, [this.columns.user]: user, ...rest } = this.columnsOf(request);
    const features = besideEachOther(user as Float32Array, activity as Float32Array);
    const { parts } = this.explainer.predict({ features, ...rest });
    return customContributions(request, { task: this.task, population, parts, first });
  }

  async save(directory: string): Promise<void> {
    const { scales } = this.ready();
    await writeFile(
      join(directory, this.file),
      JSON.stringify({ ...scales.saved, correction: this.draw.correction }),
    );
  }

  exportable(): ExportableNetwork {
    const { network, population, scales } = this.ready();
    return exportableCustom({
      task: this.name,
      isNumber: this.isNumber,
      weights: network.weights,
      population,
      scales,
      correction: this.draw.correction,
      others: this.columns.beside.spec,
      meanings: this.columns.beside.meanings,
      outputs: (user, activity, columns, context) =>
        this.outputs({ ...columns, [this.columns.user]: user }, activity, context),
    });
  }

  /** @throws Error when it was made with other features */
  async restore(directory: string, population: PopulationState | null): Promise<void> {
    const saved = JSON.parse(await readFile(join(directory, this.file), 'utf8')) as SavedActivityScales & {
      correction?: LogitCorrection;
    };
    this.draw.correction = saved.correction ?? NO_CORRECTION;
    this.scales = ActivityScales.restore(saved);
    this.population = population;
  }

  dispose(): void {
    this.predictor?.dispose();
    this.explainer?.dispose();
    this.predictor = null;
    this.explainer = null;
  }

  private get file(): string {
    return `${this.name.toLowerCase()}.json`;
  }

  private columnsOf(request: UserRequest): BatchArrays {
    const { population, scales } = this.ready();
    return this.columns.ofRequest(request, population, scales);
  }

  /**
   * Logits, or logarithms of expected counts: [rows].
   *
   * @param columns  those of `inputColumns`
   * @param activity [rows, ACTIVITY_FEATURE_COUNT]
   */
  private outputs(
    columns: Batch<BatchSpec>,
    activity: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor1D {
    const { heads } = this.head.forward(this.encoderInput(columns, context), activity, context);
    return heads.outputs as Tensorflow.Tensor1D;
  }

  private asked(): Gathered {
    if (!this.gathered) throw new Error('The examples are not gathered.');
    return this.gathered;
  }

  private ready(): { network: MultiTaskNetwork; population: PopulationState; scales: ActivityScales } {
    const { network, population, scales } = this;
    if (!network || !population || !scales) throw new Error('The model is neither fitted nor loaded.');
    return { network, population, scales };
  }
}
