import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import {
  adamW,
  column,
  type CompiledPredictor,
  compilePredict,
  compileStep,
  loadWeights,
  saveWeights,
  tf,
  train,
} from '../../../nn/index.js';
import { fraudTask } from '../../../tasks/index.js';
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
import { TRANSACTION_FEATURES, transactionFeatures } from '../../preprocess/index.js';
import { correctLogit, correctParts, type LogitCorrection, NO_CORRECTION } from '../base-rate.js';
import { exportableNetwork } from '../export/exportable-network.js';
import { correctedInGraph, PROBABILITY, scaledColumns, standardisedInGraph } from '../export/in-graph.js';
import { trainingContext } from '../training-context.js';
import { fraudExamples } from './fraud-examples.js';
import { rankContributions } from './fraud-explanations.js';
import { checkFeatures, type FraudTraining } from './fraud-logistic.js';
import { FraudNetwork, type FraudSettings, trainingBatch } from './fraud-network.js';
import { fraudSettings } from './fraud-settings.js';
import { type FraudColumns, teachFraud } from './fraud-teaching.js';
import { integratedGradients, networkLogit } from './integrated-gradients.js';
import { columnScales, sigmoid, standardise } from './logistic-fit.js';

const WIDTH = TRANSACTION_FEATURES.length;
const FILE = 'fraud-dense.json';
const WEIGHTS_FILE = 'fraud-dense.safetensors';
/** Latest share of the orders, by time, that training stops by. */
const VALIDATION_SHARE = 0.2;
const SERVED_BATCH = { features: column(WIDTH) };

/** Everything beside the weights. */
interface Fitted {
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  readonly correction: LogitCorrection;
  readonly training: FraudTraining;
}

/** Fraud by a dense network on the transaction features. Hyper-parameters: see FraudSettings. */
class FraudDense implements Model, FraudScorer {
  readonly architecture = 'fraud-dense';
  readonly family = 'SINGLE';
  readonly tasks = ['FRAUD'] as const;
  readonly fraud = this;
  private served: {
    fitted: Fitted;
    network: FraudNetwork;
    predictor: CompiledPredictor<typeof SERVED_BATCH>;
    numbers: ReturnType<FraudNetwork['numbers']>;
  } | null = null;

  constructor(private readonly settings: FraudSettings) {}

  /** @throws Error before fit or load */
  get training(): FraudTraining {
    return this.ready().fitted.training;
  }

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    const { contexts, labels, isSimulated } = fraudExamples(data.history, { to: data.cut });
    const frauds = labels.reduce((sum, label) => sum + label, 0);
    const split = Math.floor(labels.length * (1 - VALIDATION_SHARE));
    if (labels.length < fraudTask.minExamples)
      throw tooFewData('Orders to learn fraud from', labels.length, fraudTask.minExamples);
    const fraudsInTraining = labels.subarray(0, split).reduce((sum, label) => sum + label, 0);
    const fewest = Math.min(fraudsInTraining, frauds - fraudsInTraining);
    if (fewest === 0) throw tooFewData('Frauds in both the training and the validation part', fewest, 1);
    const raw = transactionFeatures(contexts);
    const scales = columnScales(raw.subarray(0, split * WIDTH), WIDTH);
    const features = standardise(raw, scales);
    const { resampling: method, focalGamma } = this.settings;
    const { seed } = context;
    const teaching = teachFraud(features, labels, { width: WIDTH, split, method, focalGamma, seed });
    const { correction } = teaching;
    const network = new FraudNetwork(WIDTH, this.settings, context.seed);
    try {
      network.startAt(teaching.taughtRate);
      await this.trainNetwork(network, teaching.train, teaching.validation, context);
    } catch (error) {
      network.dispose();
      throw error;
    }
    const training = { isSimulated, examples: labels.length, frauds };
    this.serve(network, { ...scales, correction, training });
  }

  async scoreTransactions(transactions: readonly TransactionContext[]): Promise<Float32Array> {
    if (transactions.length === 0) return new Float32Array(0);
    const { fitted, predictor } = this.ready();
    const features = standardise(transactionFeatures(transactions), fitted);
    const { logit } = await Promise.resolve(predictor.predict({ features }));
    return logit.map((value) => sigmoid(correctLogit(value, fitted.correction)));
  }

  /** Integrated gradients from the average order, in logits of the calibrated probability. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainTransactions(
    transactions: readonly TransactionContext[],
    first: number,
  ): Promise<Contribution[][]> {
    const { fitted, numbers } = this.ready();
    const start = networkLogit(numbers.deep, new Float32Array(WIDTH)) + numbers.wide.bias[0];
    const corrected = (logit: number) => correctLogit(logit, fitted.correction);
    const raw = transactionFeatures(transactions);
    const features = standardise(raw, fitted);
    return transactions.map((_, index) => {
      const [from, to] = [index * WIDTH, (index + 1) * WIDTH];
      const row = features.subarray(from, to);
      // The linear part's share is exact; the network's is integrated.
      const parts = integratedGradients(numbers.deep, row).map(
        (part, column) => part + numbers.wide.kernel[column] * row[column],
      );
      return rankContributions(raw.subarray(from, to), correctParts(parts, { start, corrected }), first);
    });
  }

  async save(directory: string): Promise<void> {
    const { fitted, network } = this.ready();
    const saved: SavedDense = {
      features: TRANSACTION_FEATURES.map(({ name }) => name),
      settings: this.settings,
      means: [...fitted.means],
      deviations: [...fitted.deviations],
      correction: fitted.correction,
      training: fitted.training,
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
  }

  networks(): readonly ExportableNetwork[] {
    const { fitted, network } = this.ready();
    return [
      exportableNetwork({
        name: 'transactions',
        tasks: this.tasks,
        description: 'A row is an order, as of its own time.',
        weights: network.weights,
        batch: SERVED_BATCH,
        predict: ({ features }, context) => {
          const raw = tf.reshape(network.logits(standardisedInGraph(features, fitted), context), [-1, 1]);
          const logit = tf.reshape(correctedInGraph(raw, [fitted.correction]), [-1]);
          return { FRAUD: tf.sigmoid(logit), logit };
        },
        inputs: {
          features: {
            description: 'what is known of the order when it comes in',
            columns: scaledColumns(TRANSACTION_FEATURES, fitted),
          },
        },
        outputs: { FRAUD: { description: PROBABILITY }, logit: { description: 'logit of FRAUD' } },
      }),
    ];
  }

  /** Takes over a saved model. @throws AppError CONFLICT when it was made with other features */
  async restore(directory: string, saved: SavedDense): Promise<void> {
    checkFeatures(saved.features);
    const network = new FraudNetwork(WIDTH, this.settings, 0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    const { means, deviations, correction = NO_CORRECTION, training } = saved;
    this.serve(network, {
      means: Float64Array.from(means),
      deviations: Float64Array.from(deviations),
      correction,
      training,
    });
  }

  dispose(): void {
    this.served?.predictor.dispose();
    this.served?.network.dispose();
    this.served = null;
  }

  private async trainNetwork(
    network: FraudNetwork,
    columns: FraudColumns,
    validation: FraudColumns,
    context: FitContext,
  ): Promise<void> {
    const { settings } = this;
    const step = compileStep({
      weights: network.weights,
      batch: trainingBatch(WIDTH),
      loss: (batch, model) => network.loss(batch, model),
      optimizer: adamW(settings.learningRate, { weightDecay: settings.weightDecay }),
      clipNorm: 5,
      seed: context.seed,
    });
    const name = 'fraud-dense';
    try {
      await train({
        step,
        columns: { ...columns },
        validation: { ...validation },
        batchSize: settings.batchSize,
        epochs: settings.epochs,
        earlyStopping: { patience: settings.patience },
        ...trainingContext(context, { model: name, task: 'FRAUD' }),
      });
    } finally {
      step.dispose();
    }
  }

  private serve(network: FraudNetwork, fitted: Fitted): void {
    this.dispose();
    this.served = { fitted, network, predictor: compileLogits(network), numbers: network.numbers() };
  }

  private ready() {
    if (this.served === null) throw new Error('The fraud model is neither fitted nor loaded.');
    return this.served;
  }
}

interface SavedDense {
  readonly features: string[];
  readonly settings: FraudSettings;
  readonly means: number[];
  readonly deviations: number[];
  /** Missing where a model was saved before it had one. */
  readonly correction?: LogitCorrection;
  readonly training: FraudTraining;
}

function compileLogits(network: FraudNetwork): CompiledPredictor<typeof SERVED_BATCH> {
  return compilePredict({
    weights: network.weights,
    batch: SERVED_BATCH,
    predict: (batch, context) => ({ logit: tf.reshape(network.logits(batch.features, context), [-1]) }),
  });
}

export const fraudDense: ModelType = {
  architecture: 'fraud-dense',
  family: 'SINGLE',
  create: (_tasks, hyperparameters) => new FraudDense(fraudSettings(hyperparameters)),
  async load(directory) {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedDense;
    const model = new FraudDense(saved.settings);
    await model.restore(directory, saved);
    return model;
  },
};
