import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  type Batch,
  type BatchArrays,
  type BatchSpec,
  column,
  type CompiledPredictor,
  compilePredict,
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
import { USER_FEATURE_COUNT, type UserExamples, userExamples } from '../../preprocess/index.js';
import { hazardTarget, isUserTask, type PopulationState, type UserTask } from '../../single-task/index.js';
import type { EntityExamples, ExampleColumn } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { SharedIds } from '../shared-ids.js';
import { BesideUser, prefixed } from './beside-user.js';
import {
  type Answer,
  type EntityPart,
  examplesOf,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';
import { UserExplainer } from './explain-users.js';
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

/** Users' rows: their features, and what stands beside them. */
export function userInput({ width }: BesideUser): NetworkInput {
  return { name: USER_INPUT, width: USER_FEATURE_COUNT + width };
}

interface Gathered extends TrainingData {
  readonly examples: UserExamples;
}

/** Users as of past cuts, and whether and when they buy again: purchase intent and churn. */
export class UserPart implements EntityPart, UserScorer {
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  readonly beside: BesideUser;
  private network: MultiTaskNetwork | null = null;
  private population: PopulationState | null = null;
  private gathered: Gathered | null = null;
  private predictor: CompiledPredictor | null = null;
  private readonly explainers = new Map<UserTask, UserExplainer>();

  constructor(
    readonly tasks: readonly UserTask[],
    private readonly head: UserHead,
    ids: SharedIds,
  ) {
    this.beside = new BesideUser(ids, prefixed('user'));
    this.input = userInput(this.beside);
    this.inputColumns = { userFeatures: column(USER_FEATURE_COUNT), ...this.beside.spec };
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
        ...this.besideColumns({ history, cut }),
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
    return this.beside.join(columns.userFeatures, columns, context);
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
    times,
    features,
  }: UserExampleRows): Promise<Partial<Record<TaskName, Float32Array>>> {
    return this.score(users, () => ({
      userFeatures: features,
      ...this.beside.ofUsers(history, users, times),
    }));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]> {
    const { population } = this.ready();
    if (!isUserTask(task) || !this.tasks.includes(task))
      throw new Error(`The model explains no ${task} of users.`);
    if (request.users.length === 0) return [];
    const columns = this.columnsOf(request, population);
    return this.explainer(task).explain(request, columns, { population, first });
  }

  async save(): Promise<void> {}

  exportable(): ExportableNetwork {
    const { network, population } = this.ready();
    return exportableUsers({
      tasks: this.tasks,
      beside: this.beside,
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

  private explainer(task: UserTask): UserExplainer {
    const known = this.explainers.get(task);
    if (known) return known;
    const { weights } = this.ready().network;
    const explainer = new UserExplainer(weights, this.beside, (input, context) =>
      explainedLogits(this.head.forward(input, context).heads[this.head.outputOf(task)], task),
    );
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

  /** In the order of `userExamples`. */
  private besideColumns({ history, cut }: TrainingData): Record<string, ExampleColumn> {
    if (this.beside.width === 0) return {};
    const { users, times } = userOrigins(history, cut);
    return this.beside.columns(this.beside.ofUsers(history, users, times));
  }

  private columnsOf(request: UserRequest, population: PopulationState): BatchArrays {
    const { history, users, asOf } = request;
    return { userFeatures: population.features(request), ...this.beside.ofUsers(history, users, asOf) };
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
