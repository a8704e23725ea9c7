import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  type Batch,
  type BatchArrays,
  type BatchSpec,
  column,
  type CompiledPredictor,
  compilePredict,
  idColumn,
  type ModelContext,
  tf,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  ExportableNetwork,
  FitContext,
  Model,
  TrainingData,
  UserExampleRows,
  UserRequest,
  UserScorer,
} from '../../index.js';
import {
  rawUserFeatures,
  USER_FEATURE_COUNT,
  USER_FEATURES,
  type UserExamples,
  userExamples,
} from '../../preprocess/index.js';
import { hazardTarget, isUserTask, type PopulationState, type UserTask } from '../../single-task/index.js';
import { compileContributions, type ContributionPredictor } from '../contributions.js';
import type { EntityExamples, ExampleColumn } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import { countriesOf, type SharedIds } from '../shared-ids.js';
import {
  type Answer,
  type EntityPart,
  examplesOf,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';
import { exportableUsers } from './exportable-users.js';
import {
  askUsers,
  explainedLogits,
  labelsOf,
  taskLogits,
  type UserOrigins,
  userOrigins,
} from './user-answers.js';
import type { UserHead } from './user-head.js';

export const USER_INPUT = 'user';

/** Users' rows: their features, and beside them the embedding of their country where it is shared. */
export function userInput({ countries }: SharedIds): NetworkInput {
  return { name: USER_INPUT, width: USER_FEATURE_COUNT + (countries?.width ?? 0) };
}

interface Gathered extends TrainingData {
  readonly examples: UserExamples;
}

/** Users as of past cuts, and whether and when they buy again: purchase intent and churn. */
export class UserPart implements EntityPart, UserScorer {
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  private network: MultiTaskNetwork | null = null;
  private population: PopulationState | null = null;
  private gathered: Gathered | null = null;
  private predictor: CompiledPredictor | null = null;
  private readonly explainers = new Map<UserTask, ContributionPredictor>();

  constructor(
    readonly tasks: readonly UserTask[],
    private readonly head: UserHead,
    private readonly ids: SharedIds,
  ) {
    this.input = userInput(ids);
    this.inputColumns = {
      userFeatures: column(USER_FEATURE_COUNT),
      ...(ids.countries && { userCountry: idColumn() }),
    };
  }

  get representations(): readonly string[] {
    return this.head.representations;
  }

  adopt(other: UserPart): void {
    this.gathered = other.gathered;
    if (this.gathered) this.head.targets(this.gathered.history, this.gathered.cut, this.gathered.examples);
  }

  origins(): UserOrigins {
    const { history, cut } = this.known();
    return userOrigins(history, cut);
  }

  labels(task: UserTask): Float32Array {
    return labelsOf(this.known().examples, task);
  }

  async ask({ users: scorer }: Model): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { history, examples } = this.known();
    return scorer ? askUsers(scorer, this.tasks, { history, examples, origins: this.origins() }) : {};
  }

  async gather({ history, cut }: TrainingData, { signal }: FitContext): Promise<EntityExamples> {
    const examples = await userExamples(history, cut, undefined, signal);
    const need = Math.max(...this.tasks.map((task) => TASK_DEFINITIONS[task].minExamples));
    if (examples.count < need) throw tooFewData('Users as of past cuts to learn from', examples.count, need);
    this.gathered = { history, cut, examples };
    return {
      count: examples.count,
      passes: 1,
      columns: {
        userFeatures: { spec: column(USER_FEATURE_COUNT), values: examples.features },
        ...this.countryColumn({ history, cut }),
        ...this.head.targets(history, cut, examples),
      },
    };
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    this.head.build(network);
  }

  inputs(batch: Batch<BatchSpec>, context: ModelContext): PartInputs {
    return { user: this.encoderInput(inputsOf(this, batch), context) };
  }

  forward({ user }: PartInputs, _batch: Batch<BatchSpec>, context: ModelContext): PartOutputs {
    return this.head.forward(user, context);
  }

  losses(outputs: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    return this.head.losses(outputs, batch);
  }

  answers(outputs: PartOutputs, batch: Batch<BatchSpec>, task: UserTask): Answer[] {
    const values = taskLogits(outputs.heads[this.head.outputOf(task)], task);
    const weights: Tensorflow.Tensor1D = tf.max(examplesOf(batch.userMasks), 1);
    return [{ kind: 'SIGMOID', values, weights, share: 1 }];
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { userFeatures, userCountry } = columns;
    const { countries } = this.ids;
    return countries
      ? countries.beside(userFeatures, userCountry, context)
      : (userFeatures as Tensorflow.Tensor2D);
  }

  finish(_data: TrainingData, population: PopulationState | null): void {
    this.population = population;
    this.gathered = null;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    return this.score(request.users, () => this.columnsOf(request, this.ready().population));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreExamples({
    history,
    users,
    features,
  }: UserExampleRows): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { countries } = this.ids;
    return this.score(users, () => ({
      userFeatures: features,
      ...(countries && { userCountry: countriesOf(countries, history, users) }),
    }));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]> {
    const { population } = this.ready();
    if (!isUserTask(task) || !this.tasks.includes(task))
      throw new Error(`The model explains no ${task} of users.`);
    if (request.users.length === 0) return [];
    const { userFeatures, ...others } = this.columnsOf(request, population);
    const { parts } = this.explainer(task).predict({ features: userFeatures, ...others });
    const statistics = population.alignedStatistics(request.history);
    return Array.from(request.users, (user, row) => {
      const raw = rawUserFeatures(request.history, user, request.asOf, statistics);
      if (!raw) return [];
      return USER_FEATURES.map(({ name, description }, at) => ({
        feature: name,
        description,
        value: raw[at],
        contribution: parts[row * USER_FEATURE_COUNT + at],
      }))
        .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
        .slice(0, first);
    });
  }

  async save(): Promise<void> {}

  exportable(): ExportableNetwork {
    const { network, population } = this.ready();
    return exportableUsers({
      tasks: this.tasks,
      ids: this.ids,
      population,
      weights: network.weights,
      batch: this.inputColumns,
      outputOf: (task) => this.head.outputOf(task),
      hazards: (columns, context) => this.head.forward(this.encoderInput(columns, context), context).heads,
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async restore(_directory: string, population: PopulationState | null): Promise<void> {
    this.population = population;
  }

  dispose(): void {
    this.predictor?.dispose();
    this.predictor = null;
    for (const explainer of this.explainers.values()) explainer.dispose();
    this.explainers.clear();
  }

  private explainer(task: UserTask): ContributionPredictor {
    const known = this.explainers.get(task);
    if (known) return known;
    const { userFeatures: _, ...others } = this.inputColumns;
    const explainer = compileContributions(this.ready().network.weights, {
      width: USER_FEATURE_COUNT,
      others,
      logit: (userFeatures, columns, context) =>
        explainedLogits(this.hazards({ userFeatures, ...columns }, task, context), task),
    });
    this.explainers.set(task, explainer);
    return explainer;
  }

  private score(users: Int32Array, columns: () => BatchArrays): Partial<Record<TaskName, Float32Array>> {
    const { network } = this.ready();
    if (users.length === 0) return Object.fromEntries(this.tasks.map((task) => [task, new Float32Array(0)]));
    this.predictor ??= compilePredict({
      weights: network.weights,
      batch: this.inputColumns,
      predict: (batch, context) => this.head.forward(this.encoderInput(batch, context), context).heads,
    });
    const outputs = this.predictor.predict(columns());
    return Object.fromEntries(
      this.tasks.map((task) => [task, hazardTarget.probabilities(outputs[this.head.outputOf(task)], task)]),
    );
  }

  private hazards(columns: Batch<BatchSpec>, task: UserTask, context: ModelContext): Tensorflow.Tensor {
    return this.head.forward(this.encoderInput(columns, context), context).heads[this.head.outputOf(task)];
  }

  /** In the order of `userExamples`. */
  private countryColumn({ history, cut }: TrainingData): Record<string, ExampleColumn> {
    const { countries } = this.ids;
    if (!countries) return {};
    const { users } = userOrigins(history, cut);
    return { userCountry: { spec: idColumn(), values: countriesOf(countries, history, users) } };
  }

  private columnsOf(request: UserRequest, population: PopulationState): BatchArrays {
    const { countries } = this.ids;
    const { history, users } = request;
    return {
      userFeatures: population.features(request),
      ...(countries && { userCountry: countriesOf(countries, history, users) }),
    };
  }

  private known(): Gathered {
    if (!this.gathered) throw new Error('The examples are not gathered.');
    return this.gathered;
  }

  private ready(): { network: MultiTaskNetwork; population: PopulationState } {
    if (!this.network || !this.population) throw new Error('The model is neither fitted nor loaded.');
    return { network: this.network, population: this.population };
  }
}
