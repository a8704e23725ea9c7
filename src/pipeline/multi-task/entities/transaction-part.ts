import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  type Batch,
  type BatchSpec,
  column,
  type CompiledPredictor,
  compilePredict,
  constant,
  dense,
  type DenseWeights,
  type ModelContext,
  sigmoidCrossEntropies,
  tf,
  weightedMean,
  zeros,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  ExportableNetwork,
  FitContext,
  FraudScorer,
  Model,
  TrainingData,
  TransactionContext,
} from '../../index.js';
import { TRANSACTION_FEATURES, transactionFeatures } from '../../preprocess/index.js';
import {
  columnScales,
  fraudExamples,
  type FraudTraining,
  rankContributions,
  standardise,
} from '../../single-task/index.js';
import { compileContributions, type ContributionPredictor } from '../contributions.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import { LabelDraw } from '../resample-examples.js';
import type { MultiTaskSettings } from '../settings.js';
import type { SharedIds } from '../shared-ids.js';
import { BesideUser, prefixed } from './beside-user.js';
import {
  type Answer,
  type EntityPart,
  type ExampleOrigins,
  examplesOf,
  type GatherOptions,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';
import { exportableTransactions } from './exportable-transactions.js';
import { refuseFewLabels } from './few-labels.js';
import { loadTransactions, saveTransactions, type TransactionScales } from './transaction-file.js';
import { logitOf } from './user-answers.js';

const WIDTH = TRANSACTION_FEATURES.length;
const INPUT = 'transaction';

interface Gathered {
  readonly contexts: readonly TransactionContext[];
  /** NaN where nobody has said. */
  readonly labels: Float32Array;
}

/** Orders, and whether they were fraud: a linear part beside the head on the representation, as most of the signal adds up feature by feature. */
export class TransactionPart implements EntityPart, FraudScorer {
  readonly tasks = ['FRAUD'] as const;
  readonly representations = this.tasks;
  readonly besidesWidth = 1;
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  readonly beside: BesideUser;
  readonly draw: LabelDraw;
  private network: MultiTaskNetwork | null = null;
  private scales: TransactionScales | null = null;
  private known: FraudTraining = { isSimulated: true, examples: 2, frauds: 1 };
  private wide: DenseWeights;
  private head: DenseWeights;
  private gathered: Gathered | null = null;
  private predictor: CompiledPredictor | null = null;
  private explainer: ContributionPredictor | null = null;

  constructor(
    private readonly settings: MultiTaskSettings,
    ids: SharedIds,
  ) {
    this.beside = new BesideUser(ids, prefixed('billing'));
    this.draw = new LabelDraw(settings.resampling.FRAUD, {
      label: 'isFraud',
      weight: 'isLabelled',
      features: ['transactionFeatures'],
    });
    this.input = { name: INPUT, width: WIDTH + this.beside.width };
    this.inputColumns = { transactionFeatures: column(WIDTH), ...this.beside.spec };
  }

  /** What it was trained on. */
  get training(): FraudTraining {
    return this.known;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async gather(
    { history, cut }: TrainingData,
    _context: FitContext,
    { unlabelled = 'NONE' }: GatherOptions = {},
  ): Promise<EntityExamples> {
    const examples = fraudExamples(history, { to: cut });
    const { labels, isSimulated } = examples;
    if (unlabelled === 'NEEDED' && isSimulated) refuseFewLabels(history, cut);
    const { minExamples } = TASK_DEFINITIONS.FRAUD;
    if (labels.length < minExamples)
      throw tooFewData('Orders to learn fraud from', labels.length, minExamples);
    const frauds = labels.reduce((sum, label) => sum + label, 0);
    if (frauds === 0) throw tooFewData('Frauds to learn from', 0, 1);
    const contexts =
      unlabelled === 'NONE' ? examples.contexts : [...examples.contexts, ...examples.unlabelled];
    const count = contexts.length;
    const raw = transactionFeatures(contexts);
    this.scales = columnScales(raw, WIDTH);
    this.known = { isSimulated, examples: labels.length, frauds };
    const known = new Float32Array(count).fill(Number.NaN);
    known.set(labels);
    this.gathered = { contexts, labels: known };
    return {
      count,
      passes: this.settings.fraudPasses,
      columns: {
        transactionFeatures: { spec: column(WIDTH), values: standardise(raw, this.scales) },
        ...this.beside.columns(this.beside.ofOrders(contexts)),
        isFraud: { spec: column(), values: known.map((label) => (label === 1 ? 1 : 0)) },
        isLabelled: { spec: column(), values: known.map((label) => (Number.isNaN(label) ? 0 : 1)) },
        isTransaction: { spec: column(), values: new Float32Array(count).fill(1) },
      },
    };
  }

  adopt(other: TransactionPart): void {
    this.scales = other.scales;
    this.known = other.known;
    this.gathered = other.gathered;
  }

  origins(): ExampleOrigins {
    const orders = this.asked().contexts.map(({ transaction }) => transaction);
    const times = Float64Array.from(orders, ({ occurredAt }) => occurredAt);
    return { times, users: Int32Array.from(orders, ({ user }) => user) };
  }

  labels(): Float32Array {
    return this.asked().labels;
  }

  async ask({ fraud }: Model): Promise<Partial<Record<TaskName, Float32Array>>> {
    if (!fraud) return {};
    const probabilities = await fraud.scoreTransactions(this.asked().contexts);
    return { FRAUD: probabilities.map(logitOf) };
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    const { weights, width } = network;
    // Frauds are rare: starting at their rate leaves the steps to what tells them apart.
    const { frauds, examples } = this.known;
    const rate = Math.min(Math.max(frauds / examples, 1e-4), 1 - 1e-4);
    this.head = {
      kernel: weights.weight('head/FRAUD/kernel', [width, 1], zeros) as DenseWeights['kernel'],
      bias: weights.weight(
        'head/FRAUD/bias',
        [1],
        constant(Math.log(rate / (1 - rate))),
      ) as DenseWeights['bias'],
    };
    this.wide = weights.dense('head/FRAUD/wide', WIDTH, 1, zeros);
  }

  inputs(batch: Batch<BatchSpec>, context: ModelContext): PartInputs {
    return { transaction: this.encoderInput(inputsOf(this, batch), context) };
  }

  forward({ transaction }: PartInputs, _batch: Batch<BatchSpec>, context: ModelContext): PartOutputs {
    return this.ofTransactions(transaction as Tensorflow.Tensor2D, context);
  }

  losses({ heads: { logits } }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const labels = examplesOf(batch.isFraud);
    const losses =
      this.settings.loss === 'SUM_OF_SQUARED_ERRORS'
        ? tf.square(tf.sub(labels, tf.sigmoid(logits)))
        : sigmoidCrossEntropies(labels, logits);
    return { FRAUD: weightedMean(losses, examplesOf(batch.isLabelled)) };
  }

  answers({ heads: { logits } }: PartOutputs, batch: Batch<BatchSpec>): Answer[] {
    const weights = examplesOf(batch.isTransaction) as Tensorflow.Tensor1D;
    return [{ kind: 'SIGMOID', values: this.draw.corrected(logits), weights, share: 1 }];
  }

  finish(): void {
    this.gathered = null;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreTransactions(transactions: readonly TransactionContext[]): Promise<Float32Array> {
    if (transactions.length === 0) return new Float32Array(0);
    const { network, scales } = this.ready();
    this.predictor ??= compilePredict({
      weights: network.weights,
      batch: this.inputColumns,
      predict: (columns, context) => ({ logits: this.logits(columns, context) }),
    });
    const values = standardise(transactionFeatures(transactions), scales);
    const columns = { transactionFeatures: values, ...this.beside.ofOrders(transactions) };
    return this.predictor.predict(columns).logits.map(this.draw.probability);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainTransactions(
    transactions: readonly TransactionContext[],
    first: number,
  ): Promise<Contribution[][]> {
    if (transactions.length === 0) return [];
    const { network, scales } = this.ready();
    const { transactionFeatures: _, ...others } = this.inputColumns;
    this.explainer ??= compileContributions(network.weights, {
      width: WIDTH,
      others,
      logit: (rows, columns, context) => this.logits({ transactionFeatures: rows, ...columns }, context),
    });
    const raw = transactionFeatures(transactions);
    const { parts } = this.explainer.predict({
      features: standardise(raw, scales),
      ...this.beside.ofOrders(transactions),
    });
    return transactions.map((_, at) => {
      const [from, to] = [at * WIDTH, (at + 1) * WIDTH];
      return rankContributions(raw.subarray(from, to), parts.subarray(from, to), first);
    });
  }

  async save(directory: string): Promise<void> {
    const { scales } = this.ready();
    await saveTransactions(directory, { scales, training: this.known, correction: this.draw.correction });
  }

  exportable(): ExportableNetwork {
    const logits: typeof this.logits = (columns, context) =>
      this.draw.corrected(this.logits(columns, context));
    return exportableTransactions({ ...this.ready(), beside: this.beside, batch: this.inputColumns, logits });
  }

  /** @throws AppError CONFLICT when it was made with other features */
  async restore(directory: string): Promise<void> {
    const { scales, training, correction } = await loadTransactions(directory);
    this.draw.correction = correction;
    this.scales = scales;
    this.known = training;
  }

  dispose(): void {
    this.predictor?.dispose();
    this.explainer?.dispose();
    this.predictor = null;
    this.explainer = null;
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    return this.beside.join(columns.transactionFeatures, columns, context);
  }

  /** @param inputs [rows, width of `input`] */
  private ofTransactions(inputs: Tensorflow.Tensor2D, context: ModelContext): PartOutputs {
    if (!this.network) throw new Error('The model has no weights yet.');
    const [{ values }] = this.network.represent(INPUT, inputs, this.representations, context);
    const features = this.beside.width > 0 ? tf.slice2d(inputs, [0, 0], [-1, WIDTH]) : inputs;
    const besides = dense(features, this.wide);
    const logits = tf.add(dense(values, this.head), besides);
    return { representations: [values], besides, heads: { logits: tf.reshape(logits, [-1]) } };
  }

  /** @param columns those of `inputColumns`. @returns [rows] */
  private logits(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor1D {
    const { heads } = this.ofTransactions(this.encoderInput(columns, context), context);
    return heads.logits as Tensorflow.Tensor1D;
  }

  private asked(): Gathered {
    if (!this.gathered) throw new Error('The examples are not gathered.');
    return this.gathered;
  }

  private ready() {
    if (!this.network || !this.scales) throw new Error('The model is neither fitted nor loaded.');
    return { network: this.network, scales: this.scales };
  }
}
