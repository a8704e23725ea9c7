import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../../errors.js';
import {
  adamW,
  column,
  compileStep,
  cyclePlan,
  type DenseWeights,
  loadWeights,
  Random,
  saveWeights,
  tf,
  train,
  WeightSet,
  zeros,
} from '../../../nn/index.js';
import { demandTask } from '../../../tasks/index.js';
import {
  DAY_MS,
  type DemandForecaster,
  type DemandForecastValues,
  type DemandSeries,
  type ExportableNetwork,
  type FitContext,
  type Model,
  type ModelType,
  type TrainingData,
} from '../../index.js';
import { DEMAND_FEATURE_COUNT, DEMAND_FEATURES, demandFeatures } from '../../preprocess/index.js';
import { demandNetwork } from '../export/demand-network.js';
import { trainingContext } from '../training-context.js';
import { conformalIntervals, type IntervalReach, OWN_REACH, pastReach } from './conformal-intervals.js';
import {
  type DemandExamples,
  demandExamples,
  type DemandScales,
  demandScales,
  standardiseDemand,
} from './demand-examples.js';
import { DEMAND_DAYS, demandHistory, spreadOverDays } from './demand-history.js';
import { type DemandSettings, demandSettings } from './demand-settings.js';

const NAME = 'demand-regression';
const FILE = 'demand-regression.json';
const WEIGHTS_FILE = 'demand-regression.safetensors';
/** A forecast is at most exp(3), 20 times, over or under the capped level of the last four weeks. */
const LARGEST_LOG_RATIO = 3;
const BATCH = {
  features: column(DEMAND_FEATURE_COUNT),
  reference: column(),
  actual: column(),
  weight: column(),
};

interface Fitted {
  readonly scales: DemandScales;
  readonly weekdays: number[];
  readonly reach: IntervalReach;
  /** The shop's first day, milliseconds: days before it say nothing. */
  readonly startDay: number;
}

/** Demand of all items by one linear model of log-ratios between robust levels, trained on absolute errors of 14-day totals. */
class DemandRegression implements Model, DemandForecaster {
  readonly architecture = NAME;
  readonly learnsInCycles = true;
  readonly family = 'SINGLE';
  readonly tasks = ['DEMAND'] as const;
  readonly demand = this;
  private served: {
    weights: WeightSet;
    line: DenseWeights;
    kernel: Float32Array;
    bias: number;
    fitted: Fitted;
  } | null = null;

  constructor(private readonly settings: DemandSettings) {}

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const history = demandHistory(data);
    const examples = demandExamples(history, this.settings);
    if (examples.count < demandTask.minExamples)
      throw tooFewData('Items and fortnights to learn demand from', examples.count, demandTask.minExamples);
    const scales = demandScales(examples.features);
    standardiseDemand(examples.features, scales);
    const { weights, line } = linearWeights(context.seed);
    try {
      await this.train({ weights, line }, examples, context);
    } catch (error) {
      weights.dispose();
      throw error;
    }
    const fitted = { scales, weekdays: [...history.weekdays], startDay: history.startDay };
    this.serve({ weights, line }, { ...fitted, reach: OWN_REACH });
    this.serve(
      { weights, line },
      {
        ...fitted,
        reach: pastReach(history, (series, days) => this.unitsOf(series, days)),
      },
    );
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async forecast(series: DemandSeries, horizonDays: number): Promise<DemandForecastValues> {
    const units = this.unitsOf(series, horizonDays);
    const { fitted } = this.ready();
    return { units, ...conformalIntervals(units, series, fitted, fitted.reach) };
  }

  async save(directory: string): Promise<void> {
    const { weights, fitted } = this.ready();
    const saved: SavedRegression = {
      features: DEMAND_FEATURES,
      settings: this.settings,
      weekdays: fitted.weekdays,
      reach: fitted.reach,
      startDay: fitted.startDay,
      means: [...fitted.scales.means],
      deviations: [...fitted.scales.deviations],
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    await saveWeights(join(directory, WEIGHTS_FILE), weights);
  }

  networks(): readonly ExportableNetwork[] {
    const { weights, line, fitted } = this.ready();
    const ratios = (features: Tensorflow.Tensor) => clippedRatios(features, line);
    const { scales } = fitted;
    return [demandNetwork({ weights, scales, itemIds: null, ratios: ({ features }) => ratios(features) })];
  }

  /** Takes over a saved model. @throws Error when it was made with other features */
  async restore(directory: string, saved: SavedRegression): Promise<void> {
    if (saved.features.join() !== DEMAND_FEATURES.join())
      throw new Error('The forecaster was saved with other features than this version has; train it again.');
    const made = linearWeights(0);
    await loadWeights(join(directory, WEIGHTS_FILE), made.weights);
    // Versions sealed before intervals were calibrated by level have none of their own.
    const { weekdays, reach = OWN_REACH, startDay } = saved;
    const scales = { means: Float32Array.from(saved.means), deviations: Float32Array.from(saved.deviations) };
    this.serve(made, { weekdays, reach, startDay, scales });
  }

  dispose(): void {
    this.served?.weights.dispose();
    this.served = null;
  }

  private unitsOf(series: DemandSeries, horizonDays: number): Float32Array {
    const { kernel, bias, fitted } = this.ready();
    const { units, days, startDay } = series;
    const start = Math.min(days, Math.max(0, Math.round((fitted.startDay - startDay) / DAY_MS)));
    const { features, references } = demandFeatures(series, start, days);
    standardiseDemand(features, fitted.scales);
    const weekly = references.map((reference, item) => {
      // Nothing sold in eight weeks: nothing is expected.
      const from = item * days + Math.max(start, days - 56);
      if (!units.subarray(from, (item + 1) * days).some((sold) => sold > 0)) return 0;
      let ratio = bias;
      for (let at = 0; at < DEMAND_FEATURE_COUNT; at++)
        ratio += features[item * DEMAND_FEATURE_COUNT + at] * kernel[at];
      const clipped = Math.max(-LARGEST_LOG_RATIO, Math.min(LARGEST_LOG_RATIO, ratio));
      return (reference * Math.exp(clipped) * 7) / DEMAND_DAYS;
    });
    return spreadOverDays(weekly, startDay + days * DAY_MS, horizonDays, fitted.weekdays);
  }

  private async train(
    { weights, line }: ReturnType<typeof linearWeights>,
    examples: DemandExamples,
    context: FitContext,
  ): Promise<void> {
    const { settings } = this;
    const { epochs, schedule, averageAfter } = cyclePlan({
      ...settings,
      steps: Math.ceil(examples.count / settings.batchSize),
      snapshot: context.snapshot,
    });
    const step = compileStep({
      weights,
      batch: BATCH,
      loss: (batch) => absoluteError(batch, line),
      optimizer: adamW(schedule, { weightDecay: settings.weightDecay }),
      clipNorm: 5,
      seed: context.seed,
    });
    try {
      await train({
        step,
        columns: {
          features: examples.features,
          reference: examples.references,
          actual: examples.actual,
          weight: examples.weights,
        },
        batchSize: settings.batchSize,
        epochs,
        averageAfter,
        ...trainingContext(context, { model: NAME, task: 'DEMAND' }),
      });
    } finally {
      step.dispose();
    }
  }

  private serve({ weights, line }: ReturnType<typeof linearWeights>, fitted: Fitted): void {
    if (this.served !== null && this.served.weights !== weights) this.dispose();
    const values = weights.export();
    this.served = {
      weights,
      line,
      kernel: values['line/kernel'].values,
      bias: values['line/bias'].values[0],
      fitted,
    };
  }

  private ready() {
    if (this.served === null) throw new Error('The forecaster is neither fitted nor loaded.');
    return this.served;
  }
}

interface SavedRegression extends Omit<Fitted, 'scales' | 'reach'> {
  readonly reach?: IntervalReach;
  readonly features: readonly string[];
  readonly settings: DemandSettings;
  readonly means: number[];
  readonly deviations: number[];
}

function linearWeights(seed: number): { weights: WeightSet; line: DenseWeights } {
  const weights = new WeightSet(new Random(seed).fork('demand'));
  return { weights, line: weights.dense('line', DEMAND_FEATURE_COUNT, 1, zeros) };
}

/** Logarithms of units over the reference: [rows]. */
function clippedRatios(features: Tensorflow.Tensor, line: DenseWeights): Tensorflow.Tensor1D {
  const ratios = tf.add(tf.matMul(features as Tensorflow.Tensor2D, line.kernel), line.bias);
  return tf.clipByValue(tf.reshape(ratios, [-1]), -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO);
}

/** Weighted mean of |reference × exp(ratio) - actual|: its optimum is the median, which is what WAPE asks for. */
function absoluteError(
  batch: { [name in keyof typeof BATCH]: Tensorflow.Tensor },
  line: DenseWeights,
): Tensorflow.Scalar {
  const totals = tf.mul(batch.reference, tf.exp(clippedRatios(batch.features, line)));
  return tf.mean<Tensorflow.Scalar>(tf.mul(batch.weight, tf.abs(tf.sub(totals, batch.actual))));
}

export const demandRegression: ModelType = {
  architecture: NAME,
  family: 'SINGLE',
  create: (_tasks, hyperparameters) => new DemandRegression(demandSettings(hyperparameters)),
  async load(directory) {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedRegression;
    const model = new DemandRegression(saved.settings);
    await model.restore(directory, saved);
    return model;
  },
};
