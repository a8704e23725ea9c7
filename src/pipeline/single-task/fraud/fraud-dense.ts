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
  type FitContext,
  type FraudScorer,
  type Model,
  type ModelType,
  type TrainingData,
  type TransactionContext,
} from '../../index.js';
import { TRANSACTION_FEATURES, transactionFeatures } from '../../preprocess/index.js';
import { namedCheckpoint } from '../named-checkpoint.js';
import { fraudExamples } from './fraud-examples.js';
import { rankContributions } from './fraud-explanations.js';
import { checkFeatures, type FraudTraining } from './fraud-logistic.js';
import { FraudNetwork, type FraudSettings, trainingBatch } from './fraud-network.js';
import { fraudSettings } from './fraud-settings.js';
import { integratedGradients } from './integrated-gradients.js';
import { columnScales, fitLogistic, linearLogits, sigmoid, standardise } from './logistic-fit.js';

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
  /** probability = sigmoid(slope × logit + shift): takes back what class weights or focal loss do to the probabilities. */
  readonly slope: number;
  readonly shift: number;
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
    const weights = this.exampleWeights(labels, fraudsInTraining / split);
    const part = (from: number, to: number) => ({
      features: features.slice(from * WIDTH, to * WIDTH),
      label: Float32Array.from(labels.subarray(from, to)),
      weight: weights.slice(from, to),
    });
    const network = new FraudNetwork(WIDTH, this.settings, context.seed);
    try {
      await this.trainNetwork(network, part(0, split), part(split, labels.length), context);
    } catch (error) {
      network.dispose();
      throw error;
    }
    const calibration = this.calibrate(network, part(split, labels.length));
    this.serve(network, {
      ...scales,
      ...calibration,
      training: { isSimulated, examples: labels.length, frauds },
    });
  }

  async scoreTransactions(transactions: readonly TransactionContext[]): Promise<Float32Array> {
    if (transactions.length === 0) return new Float32Array(0);
    const { fitted, predictor } = this.ready();
    const features = standardise(transactionFeatures(transactions), fitted);
    const { logit } = await Promise.resolve(predictor.predict({ features }));
    return logit.map((value) => sigmoid(fitted.slope * value + fitted.shift));
  }

  /** Integrated gradients from the average order, in logits of the calibrated probability. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainTransactions(
    transactions: readonly TransactionContext[],
    first: number,
  ): Promise<Contribution[][]> {
    const { fitted, numbers } = this.ready();
    const raw = transactionFeatures(transactions);
    const features = standardise(raw, fitted);
    return transactions.map((_, index) => {
      const [from, to] = [index * WIDTH, (index + 1) * WIDTH];
      const row = features.subarray(from, to);
      // The linear part's share is exact; the network's is integrated.
      const parts = integratedGradients(numbers.deep, row).map(
        (part, column) => fitted.slope * (part + numbers.wide.kernel[column] * row[column]),
      );
      return rankContributions(raw.subarray(from, to), parts, first);
    });
  }

  async save(directory: string): Promise<void> {
    const { fitted, network } = this.ready();
    const saved: SavedDense = {
      features: TRANSACTION_FEATURES.map(({ name }) => name),
      settings: this.settings,
      means: [...fitted.means],
      deviations: [...fitted.deviations],
      slope: fitted.slope,
      shift: fitted.shift,
      training: fitted.training,
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
  }

  /** Takes over a saved model. @throws AppError CONFLICT when it was made with other features */
  async restore(directory: string, saved: SavedDense): Promise<void> {
    checkFeatures(saved.features);
    const network = new FraudNetwork(WIDTH, this.settings, 0);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    const { means, deviations, slope, shift, training } = saved;
    this.serve(network, {
      means: Float64Array.from(means),
      deviations: Float64Array.from(deviations),
      slope,
      shift,
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
    columns: Part,
    validation: Part,
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
        columns,
        validation,
        batchSize: settings.batchSize,
        epochs: settings.epochs,
        seed: context.seed,
        earlyStopping: { patience: settings.patience },
        onEpoch: ({ epoch, train: trained, validation: validated }) =>
          context.onEpoch({
            model: name,
            epoch,
            task: 'FRAUD',
            trainLoss: trained.total,
            validationLoss: validated?.total ?? null,
          }),
        onProgress: context.onProgress,
        signal: context.signal,
        checkpoint: namedCheckpoint(context, name),
      });
    } finally {
      step.dispose();
    }
  }

  private exampleWeights(labels: Uint8Array, rate: number): Float32Array {
    const fraudWeight = this.settings.imbalance === 'CLASS_WEIGHTS' ? (1 - rate) / rate : 1;
    return Float32Array.from(labels, (label) => (label === 1 ? fraudWeight : 1));
  }

  /** Platt's scaling (1999) on the validation part; without weights and focal loss the probabilities are right as they are. */
  private calibrate(network: FraudNetwork, part: Part): { slope: number; shift: number } {
    if (this.settings.imbalance === 'NONE') return { slope: 1, shift: 0 };
    const predictor = compileLogits(network);
    const { logit } = predictor.predict({ features: part.features });
    predictor.dispose();
    const line = fitLogistic(logit, Uint8Array.from(part.label), { width: 1, penalty: 1e-6, fraudWeight: 1 });
    const [shift] = linearLogits(line, Float32Array.of(0));
    return { slope: line.weights[0] / line.deviations[0], shift };
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

interface Part {
  readonly features: Float32Array;
  readonly label: Float32Array;
  readonly weight: Float32Array;
}

interface SavedDense {
  readonly features: string[];
  readonly settings: FraudSettings;
  readonly means: number[];
  readonly deviations: number[];
  readonly slope: number;
  readonly shift: number;
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
