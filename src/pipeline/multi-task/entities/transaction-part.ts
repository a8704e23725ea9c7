import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
  idColumn,
  type ModelContext,
  sigmoidCrossEntropies,
  tf,
  weightedMean,
  zeros,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS } from '../../../tasks/index.js';
import type { Contribution, FraudScorer, TrainingData, TransactionContext } from '../../index.js';
import { TRANSACTION_FEATURES, transactionFeatures } from '../../preprocess/index.js';
import {
  checkFeatures,
  columnScales,
  fraudExamples,
  type FraudTraining,
  rankContributions,
  sigmoid,
  standardise,
} from '../../single-task/index.js';
import { compileContributions, type ContributionPredictor } from '../contributions.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { MultiTaskSettings } from '../settings.js';
import type { SharedIds } from '../shared-ids.js';
import { type EntityPart, examplesOf, inputsOf } from './entity-part.js';

const WIDTH = TRANSACTION_FEATURES.length;
const INPUT = 'transaction';
const FILE = 'transactions.json';

interface Saved {
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
  readonly training: FraudTraining;
}

/** Orders, and whether they were fraud: a linear part beside the head on the representation, as most of the signal adds up feature by feature. */
export class TransactionPart implements EntityPart, FraudScorer {
  readonly tasks = ['FRAUD'] as const;
  readonly representations = this.tasks;
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  private network: MultiTaskNetwork | null = null;
  private scales: { means: Float64Array; deviations: Float64Array } | null = null;
  private known: FraudTraining = { isSimulated: true, examples: 2, frauds: 1 };
  private wide: DenseWeights;
  private head: DenseWeights;
  private predictor: CompiledPredictor | null = null;
  private explainer: ContributionPredictor | null = null;

  constructor(
    private readonly settings: MultiTaskSettings,
    private readonly ids: SharedIds,
  ) {
    this.input = { name: INPUT, width: WIDTH + (ids.countries?.width ?? 0) };
    this.inputColumns = {
      transactionFeatures: column(WIDTH),
      ...(ids.countries && { billingCountry: idColumn() }),
    };
  }

  /** What it was trained on. */
  get training(): FraudTraining {
    return this.known;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async gather({ history, cut }: TrainingData): Promise<EntityExamples> {
    const { contexts, labels, isSimulated } = fraudExamples(history, { to: cut });
    const { minExamples } = TASK_DEFINITIONS.FRAUD;
    if (labels.length < minExamples)
      throw tooFewData('Orders to learn fraud from', labels.length, minExamples);
    const frauds = labels.reduce((sum, label) => sum + label, 0);
    if (frauds === 0) throw tooFewData('Frauds to learn from', 0, 1);
    const raw = transactionFeatures(contexts);
    this.scales = columnScales(raw, WIDTH);
    this.known = { isSimulated, examples: labels.length, frauds };
    return {
      count: labels.length,
      passes: this.settings.fraudPasses,
      columns: {
        transactionFeatures: { spec: column(WIDTH), values: standardise(raw, this.scales) },
        ...(this.ids.countries && {
          billingCountry: { spec: idColumn(), values: this.billingCountries(contexts) },
        }),
        isFraud: { spec: column(), values: Float32Array.from(labels) },
        isTransaction: { spec: column(), values: new Float32Array(labels.length).fill(1) },
      },
    };
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

  losses(batch: Batch<BatchSpec>, context: ModelContext): Record<string, Tensorflow.Scalar> {
    const labels = examplesOf(batch.isFraud);
    const logits = this.logits(inputsOf(this, batch), context);
    const losses =
      this.settings.loss === 'SUM_OF_SQUARED_ERRORS'
        ? tf.square(tf.sub(labels, tf.sigmoid(logits)))
        : sigmoidCrossEntropies(labels, logits);
    return { FRAUD: weightedMean(losses, examplesOf(batch.isTransaction)) };
  }

  finish(): void {}

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
    const columns = { transactionFeatures: values, ...this.idColumns(transactions) };
    return this.predictor.predict(columns).logits.map(sigmoid);
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
      ...this.idColumns(transactions),
    });
    return transactions.map((_, at) => {
      const [from, to] = [at * WIDTH, (at + 1) * WIDTH];
      return rankContributions(raw.subarray(from, to), parts.subarray(from, to), first);
    });
  }

  async save(directory: string): Promise<void> {
    const { scales } = this.ready();
    const saved: Saved = {
      features: TRANSACTION_FEATURES.map(({ name }) => name),
      means: [...scales.means],
      deviations: [...scales.deviations],
      training: this.known,
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
  }

  /** @throws AppError CONFLICT when it was made with other features */
  async restore(directory: string): Promise<void> {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
    checkFeatures(saved.features);
    this.scales = { means: Float64Array.from(saved.means), deviations: Float64Array.from(saved.deviations) };
    this.known = saved.training;
  }

  dispose(): void {
    this.predictor?.dispose();
    this.explainer?.dispose();
    this.predictor = null;
    this.explainer = null;
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { countries } = this.ids;
    const features = columns.transactionFeatures;
    return countries
      ? countries.beside(features, columns.billingCountry, context)
      : (features as Tensorflow.Tensor2D);
  }

  private billingCountries(transactions: readonly TransactionContext[]): Int32Array {
    const { vocabulary } = this.ids.countries!;
    return Int32Array.from(transactions, ({ transaction }) =>
      vocabulary.indexOf(transaction.billingCountry ?? ''),
    );
  }

  private idColumns(transactions: readonly TransactionContext[]): Record<string, Int32Array> {
    return this.ids.countries ? { billingCountry: this.billingCountries(transactions) } : {};
  }

  /** @param columns those of `inputColumns`. @returns [rows] */
  private logits(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor1D {
    if (!this.network) throw new Error('The model has no weights yet.');
    const inputs = this.encoderInput(columns, context);
    const [{ values }] = this.network.represent(INPUT, inputs, this.representations, context);
    const wide = dense(columns.transactionFeatures, this.wide);
    return tf.reshape(tf.add(dense(values, this.head), wide), [-1]);
  }

  private ready() {
    if (!this.network || !this.scales) throw new Error('The model is neither fitted nor loaded.');
    return { network: this.network, scales: this.scales };
  }
}
