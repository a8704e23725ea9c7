import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError, tooFewData } from '../../../errors.js';
import { column, Random, tf, WeightSet } from '../../../nn/index.js';
import { fraudTask, RESAMPLING_METHODS, type ResamplingMethod } from '../../../tasks/index.js';
import {
  type Contribution,
  type ExportableNetwork,
  type FitContext,
  type FraudScorer,
  type Model,
  type ModelType,
  type TrainingData,
  type TransactionContext,
} from '../../index.js';
import { resampleRows, TRANSACTION_FEATURES, transactionFeatures } from '../../preprocess/index.js';
import { priorShift, resamplingOf } from '../base-rate.js';
import { exportableNetwork } from '../export/exportable-network.js';
import { PROBABILITY, scaledColumns, standardisedInGraph } from '../export/in-graph.js';
import { fraudExamples } from './fraud-examples.js';
import { rankContributions } from './fraud-explanations.js';
import {
  columnScales,
  fitLogistic,
  linearLogits,
  type LinearModel,
  sigmoid,
  standardise,
} from './logistic-fit.js';

const WIDTH = TRANSACTION_FEATURES.length;
const FILE = 'fraud-logistic.json';

interface LogisticSettings {
  readonly penalty: number;
  readonly resampling: ResamplingMethod;
}
const SUPPORTED = RESAMPLING_METHODS.filter((method) => method !== 'FOCAL_LOSS');

/** What is known about the training, kept with the model. */
export interface FraudTraining {
  /** Trained on simulated transactions, for want of labels. */
  readonly isSimulated: boolean;
  readonly examples: number;
  readonly frauds: number;
}

/**
 * Fraud baseline: a logistic regression on the transaction features.
 *
 * Hyper-parameters: `penalty` (L2, default 1), `resampling` (all but FOCAL_LOSS, which is no likelihood; probabilities stay calibrated).
 */
class FraudLogistic implements Model, FraudScorer {
  readonly architecture = 'fraud-logistic-regression';
  readonly family = 'BASELINE';
  readonly tasks = ['FRAUD'] as const;
  readonly fraud = this;
  private fitted: { model: LinearModel; training: FraudTraining } | null = null;

  constructor(private readonly settings: LogisticSettings) {}

  /** @throws Error before fit or load */
  get training(): FraudTraining {
    return this.ready().training;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous; Newton's steps take milliseconds
  async fit(data: TrainingData, context: FitContext): Promise<void> {
    const { contexts, labels, isSimulated } = fraudExamples(data.history, { to: data.cut });
    const frauds = labels.reduce((sum, label) => sum + label, 0);
    if (labels.length < fraudTask.minExamples)
      throw tooFewData('Orders to learn fraud from', labels.length, fraudTask.minExamples);
    if (frauds === 0) throw tooFewData('Frauds to learn from', 0, 1);
    const values = transactionFeatures(contexts);
    const model = this.fitResampled(values, Float32Array.from(labels), context);
    this.fitted = { model, training: { isSimulated, examples: labels.length, frauds } };
    context.onProgress(1);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreTransactions(transactions: readonly TransactionContext[]): Promise<Float32Array> {
    const { model } = this.ready();
    return Float32Array.from(linearLogits(model, transactionFeatures(transactions)), sigmoid);
  }

  /** Exact: a linear model's logit is the sum of its parts. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainTransactions(
    transactions: readonly TransactionContext[],
    first: number,
  ): Promise<Contribution[][]> {
    const { weights, means, deviations } = this.ready().model;
    const values = transactionFeatures(transactions);
    return transactions.map((_, index) => {
      const row = values.subarray(index * WIDTH, (index + 1) * WIDTH);
      const parts = row.map(
        (value, column) => (weights[column] * (value - means[column])) / deviations[column],
      );
      return rankContributions(row, parts, first);
    });
  }

  async save(directory: string): Promise<void> {
    const { model, training } = this.ready();
    const saved: SavedLogistic = {
      features: TRANSACTION_FEATURES.map(({ name }) => name),
      means: [...model.means],
      deviations: [...model.deviations],
      weights: [...model.weights],
      bias: model.bias,
      settings: this.settings,
      training,
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
  }

  networks(): readonly ExportableNetwork[] {
    const { model } = this.ready();
    return [
      exportableNetwork({
        name: 'transactions',
        tasks: this.tasks,
        description: 'A row is an order, as of its own time.',
        weights: new WeightSet(new Random(0)), // the line was not trained by steps: its numbers are constants of the graph
        batch: { features: column(WIDTH) },
        predict: ({ features }) => {
          const kernel = tf.tensor2d(Float32Array.from(model.weights), [WIDTH, 1]);
          const products = tf.matMul(standardisedInGraph(features, model), kernel);
          const logit = tf.reshape(tf.add(products, tf.scalar(model.bias)), [-1]);
          return { FRAUD: tf.sigmoid(logit), logit };
        },
        inputs: {
          features: {
            description: 'what is known of the order when it comes in',
            columns: scaledColumns(TRANSACTION_FEATURES, model),
          },
        },
        outputs: { FRAUD: { description: PROBABILITY }, logit: { description: 'logit of FRAUD' } },
      }),
    ];
  }

  /** Takes over a saved model. @throws AppError CONFLICT when it was made with other features */
  async restore(directory: string): Promise<void> {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedLogistic;
    checkFeatures(saved.features);
    const { means, deviations, weights, bias, training } = saved;
    const model = {
      means: Float64Array.from(means),
      deviations: Float64Array.from(deviations),
      weights: Float64Array.from(weights),
      bias,
    };
    this.fitted = { model, training };
  }

  dispose(): void {
    this.fitted = null;
  }

  /** Distances between rows, which SMOTE goes by, are of standardised features. */
  private fitResampled(
    values: Float32Array,
    labels: Float32Array,
    { seed, signal }: FitContext,
  ): LinearModel {
    const { penalty, resampling } = this.settings;
    const options = { width: WIDTH, penalty, signal };
    if (resampling === 'NONE') return fitLogistic(values, labels, options);
    const scales = columnScales(values, WIDTH);
    const features = standardise(values, scales);
    const rows = resampleRows(resampling, { features, labels }, { width: WIDTH, seed });
    const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length;
    const fitted = fitLogistic(rows.features, rows.labels, { ...options, weights: rows.weights });
    // Back to raw values: standardised twice is standardised once by other numbers.
    return {
      ...fitted,
      means: scales.means.map((mean, at) => mean + scales.deviations[at] * fitted.means[at]),
      deviations: scales.deviations.map((deviation, at) => deviation * fitted.deviations[at]),
      bias: fitted.bias + priorShift(rate, rows.taughtRate),
    };
  }

  private ready(): { model: LinearModel; training: FraudTraining } {
    if (this.fitted === null) throw new Error('The fraud model is neither fitted nor loaded.');
    return this.fitted;
  }
}

interface SavedLogistic {
  readonly features: string[];
  readonly means: number[];
  readonly deviations: number[];
  readonly weights: number[];
  readonly bias: number;
  readonly settings: LogisticSettings;
  readonly training: FraudTraining;
}

/** @throws AppError CONFLICT when a model was made with other features than this program computes */
export function checkFeatures(names: readonly string[]): void {
  const own = TRANSACTION_FEATURES.map(({ name }) => name);
  if (names.join() === own.join()) return;
  throw new AppError(
    'CONFLICT',
    'The fraud model was trained with other features than this version computes: train it again.',
  );
}

export const fraudLogistic: ModelType = {
  architecture: 'fraud-logistic-regression',
  family: 'BASELINE',
  create: (_tasks, hyperparameters) =>
    new FraudLogistic({
      penalty: positive(hyperparameters.penalty, 1, 'penalty'),
      resampling: resamplingOf(hyperparameters.resampling, 'FRAUD', 'fraud-logistic-regression', SUPPORTED),
    }),
  async load(directory) {
    const { settings } = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedLogistic;
    const model = new FraudLogistic(settings);
    await model.restore(directory);
    return model;
  },
};

/** @throws AppError BAD_USER_INPUT for what is no positive number */
export function positive(value: unknown, otherwise: number, name: string): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && value > 0 && Number.isFinite(value)) return value;
  throw new AppError('BAD_USER_INPUT', `${name} must be a positive number; it is ${JSON.stringify(value)}.`);
}
