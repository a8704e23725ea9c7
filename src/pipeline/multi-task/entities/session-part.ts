import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  type Batch,
  type BatchSpec,
  column,
  type CompiledPredictor,
  compilePredict,
  dense,
  type DenseWeights,
  type ModelContext,
  sigmoidCrossEntropies,
  tf,
  weightedMean,
  zeros,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import {
  type ExportableNetwork,
  type FitContext,
  type Model,
  NEXT_BEHAVIOURS,
  type SessionRequest,
  type SessionScorer,
  type SessionScores,
  type ShopHistory,
  type TrainingData,
} from '../../index.js';
import {
  nextBehaviourExamples,
  type SessionExamples,
  sessionOutcomeExamples,
} from '../../preprocess/index.js';
import {
  encodedInGraph,
  exportableNetwork,
  PROBABILITY,
  requireSessions,
  type SessionTask,
  sigmoid,
  tabularBatch,
  tabularMeanings,
} from '../../single-task/index.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { MultiTaskSettings } from '../settings.js';
import {
  type Answer,
  type EntityPart,
  type ExampleOrigins,
  examplesOf,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';
import type { SessionTable } from './session-table.js';
import { logitOf } from './user-answers.js';

const INPUT = 'session';
/** Steps of sessions of the rarer outcome that there must be. */
const LEAST_OF_EACH = 20;
/** Keeps a logarithm finite. */
const LEAST_PROBABILITY = 1e-6;

interface Gathered extends SessionExamples {
  readonly history: ShopHistory;
}

/** Open sessions, and what comes next in them or whether they end in a purchase; a linear part beside the head, as with orders. */
export class SessionPart implements EntityPart, SessionScorer {
  readonly tasks: readonly [SessionTask];
  readonly representations: readonly string[];
  private readonly features: string;
  private readonly label: string;
  private readonly weight: string;
  private network: MultiTaskNetwork | null = null;
  private gathered: Gathered | null = null;
  private predictor: CompiledPredictor | null = null;
  private head: DenseWeights;
  private wide: DenseWeights;

  constructor(
    private readonly task: SessionTask,
    private readonly settings: MultiTaskSettings,
    readonly table: SessionTable,
  ) {
    this.tasks = [task];
    this.representations = this.tasks;
    this.features = `${task}_session`;
    this.label = `${task}_label`;
    this.weight = `${task}_weight`;
  }

  get input(): NetworkInput {
    return { name: INPUT, width: this.table.width };
  }

  get inputColumns(): BatchSpec {
    return { [this.features]: column(this.table.width) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async gather({ history, cut }: TrainingData, { signal }: FitContext): Promise<EntityExamples> {
    signal.throwIfAborted();
    const gather = this.isNext ? nextBehaviourExamples : sessionOutcomeExamples;
    const examples = gather(history, { until: cut, maxExamples: this.settings.maxSessions });
    const { labels, sessions } = examples;
    requireSessions(labels.length, TASK_DEFINITIONS[this.task].minExamples);
    if (!this.isNext) {
      const yes = labels.reduce((sum, label) => sum + label, 0);
      const fewest = Math.min(yes, labels.length - yes);
      if (fewest < LEAST_OF_EACH)
        throw tooFewData('Steps of sessions with a purchase, and of sessions without', fewest, LEAST_OF_EACH);
    }
    this.gathered = { ...examples, history };
    const values = this.table.encode(history, sessions);
    return {
      count: labels.length,
      passes: this.settings.sessionPasses,
      columns: {
        [this.features]: { spec: column(this.table.width), values },
        [this.label]: { spec: column(), values: labels },
        [this.weight]: { spec: column(), values: new Float32Array(labels.length).fill(1) },
      },
    };
  }

  adopt(other: SessionPart): void {
    this.gathered = other.gathered;
    this.table.adopt(other.table);
  }

  origins(): ExampleOrigins {
    const { sessions, history } = this.asked();
    const { occurredAt } = history.behaviours;
    return {
      times: Float64Array.from(sessions, ({ rows }) => occurredAt[rows[rows.length - 1]]),
      users: Int32Array.from(sessions, ({ user }) => user),
    };
  }

  labels(): Float32Array | null {
    return this.isNext ? null : this.asked().labels;
  }

  async ask({ sessions: scorer }: Model): Promise<Partial<Record<TaskName, Float32Array>>> {
    const { history, sessions } = this.asked();
    const scores = (await scorer?.scoreSessions({ history, sessions }))?.[this.task];
    const logarithm = (share: number) => Math.log(Math.max(share, LEAST_PROBABILITY));
    return scores ? { [this.task]: scores.map(this.isNext ? logarithm : logitOf) } : {};
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    const { weights, width } = network;
    const at = (part: string) => `head/${this.task}/${part}`;
    this.head = weights.dense(at('head'), width, this.outputs, zeros);
    this.wide = weights.dense(at('wide'), this.table.width, this.outputs, zeros);
  }

  inputs(batch: Batch<BatchSpec>, _context: ModelContext): PartInputs {
    return { session: this.encoderInput(inputsOf(this, batch)) };
  }

  forward({ session }: PartInputs, _batch: Batch<BatchSpec>, context: ModelContext): PartOutputs {
    return this.ofSessions(session as Tensorflow.Tensor2D, context);
  }

  losses({ heads: { logits } }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const labels = examplesOf(batch[this.label]);
    const weights = examplesOf(batch[this.weight]);
    return { [this.task]: weightedMean(this.lossesOf(labels, logits), weights) };
  }

  answers({ heads: { logits } }: PartOutputs, batch: Batch<BatchSpec>): Answer[] {
    const weights = examplesOf(batch[this.weight]) as Tensorflow.Tensor1D;
    const values = this.isNext ? logits : tf.reshape(logits, [-1]);
    return [{ kind: this.isNext ? 'SOFTMAX' : 'SIGMOID', values, weights, share: 1 }];
  }

  encoderInput(columns: Batch<BatchSpec>): Tensorflow.Tensor2D {
    return columns[this.features] as Tensorflow.Tensor2D;
  }

  finish(): void {
    this.gathered = null;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreSessions({ history, sessions }: SessionRequest): Promise<SessionScores> {
    if (sessions.length === 0) return { [this.task]: new Float32Array(0) };
    this.predictor ??= compilePredict({
      weights: this.ready().weights,
      batch: this.inputColumns,
      predict: (columns, context) => {
        const { logits } = this.ofSessions(this.encoderInput(columns), context).heads;
        return { scores: this.isNext ? tf.softmax(logits) : logits };
      },
    });
    const { scores } = this.predictor.predict({ [this.features]: this.table.encode(history, sessions) });
    return { [this.task]: this.isNext ? scores : scores.map(sigmoid) };
  }

  async save(directory: string): Promise<void> {
    await this.table.save(directory);
  }

  /** The encoding is the table's, which is loaded before the net is made. */
  async restore(): Promise<void> {}

  exportable(): ExportableNetwork {
    const { encoding } = this.table;
    const { task, isNext } = this;
    return exportableNetwork({
      name: task.toLowerCase().replace('_', '-'),
      tasks: this.tasks,
      description: 'A row is a session, as of its latest behaviour.',
      weights: this.ready().weights,
      batch: tabularBatch(encoding),
      predict: (columns, context) => {
        const { logits } = this.ofSessions(encodedInGraph(columns, encoding), context).heads;
        const answers = isNext ? tf.softmax(logits) : tf.reshape(tf.sigmoid(logits), [-1]);
        return { [task]: answers, logits };
      },
      inputs: tabularMeanings(encoding),
      outputs: {
        [task]: isNext
          ? { description: `probabilities of ${NEXT_BEHAVIOURS.join(', ')}`, shape: [this.outputs] }
          : { description: PROBABILITY },
        logits: { description: `logits of ${task}`, shape: [this.outputs] },
      },
    });
  }

  dispose(): void {
    this.predictor?.dispose();
    this.predictor = null;
  }

  private get isNext(): boolean {
    return this.task === 'NEXT_BEHAVIOUR';
  }

  private get outputs(): number {
    return this.isNext ? NEXT_BEHAVIOURS.length : 1;
  }

  /** [examples] @param labels index of the class, or 0 and 1. @param logits [examples, outputs] */
  private lossesOf(labels: Tensorflow.Tensor, logits: Tensorflow.Tensor): Tensorflow.Tensor {
    const isSquared = this.settings.loss === 'SUM_OF_SQUARED_ERRORS';
    if (!this.isNext) {
      const flat = tf.reshape(logits, [-1]);
      return isSquared ? tf.square(tf.sub(labels, tf.sigmoid(flat))) : sigmoidCrossEntropies(labels, flat);
    }
    const hot = tf.cast(tf.oneHot(tf.cast(labels, 'int32') as Tensorflow.Tensor1D, this.outputs), 'float32');
    if (isSquared) return tf.sum(tf.square(tf.sub(hot, tf.softmax(logits))), 1);
    return tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(hot, logits), 1));
  }

  /** @param rows [rows, width of the table] */
  private ofSessions(rows: Tensorflow.Tensor2D, context: ModelContext): PartOutputs {
    const [{ values }] = this.ready().represent(INPUT, rows, this.representations, context);
    const logits = tf.add(dense(values, this.head), dense(rows, this.wide));
    return { representations: [values], heads: { logits } };
  }

  private asked(): Gathered {
    if (!this.gathered) throw new Error('The examples are not gathered.');
    return this.gathered;
  }

  private ready(): MultiTaskNetwork {
    if (!this.network) throw new Error('The model is neither fitted nor loaded.');
    return this.network;
  }
}
