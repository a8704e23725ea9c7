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
  dense,
  type DenseWeights,
  idColumn,
  type ModelContext,
  tf,
  zeros,
} from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import {
  DAY_MS,
  type DemandForecaster,
  type DemandForecastValues,
  type DemandSeries,
  type ExportableNetwork,
  type Model,
  type TrainingData,
} from '../../index.js';
import { DEMAND_FEATURE_COUNT, DEMAND_FEATURES, demandFeatures } from '../../preprocess/index.js';
import {
  conformalIntervals,
  DEMAND_DAYS,
  type DemandExamples,
  demandExamples,
  type DemandHistory,
  demandHistory,
  demandNetwork,
  type DemandScales,
  demandScales,
  type IntervalReach,
  OWN_REACH,
  pastReach,
  spreadOverDays,
  standardiseDemand,
} from '../../single-task/index.js';
import type { EntityExamples } from '../joint-rows.js';
import type { MultiTaskNetwork, NetworkInput } from '../multi-task-network.js';
import type { MultiTaskSettings } from '../settings.js';
import type { SharedIds } from '../shared-ids.js';
import { askDemand } from './demand-answers.js';
import {
  type Answer,
  type EntityPart,
  type ExampleOrigins,
  examplesOf,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entity-part.js';

const INPUT = 'item';
const FILE = 'demand.json';
/** A forecast is at most exp(3), 20 times, over or under the capped level of the last four weeks. */
const LARGEST_LOG_RATIO = 3;
/** An item that sold nothing for so many days is expected to sell nothing. */
const SILENT_DAYS = 56;

interface Gathered {
  readonly history: DemandHistory;
  readonly scales: DemandScales;
  readonly examples: DemandExamples;
}

interface Fitted {
  readonly scales: DemandScales;
  readonly weekdays: readonly number[];
  readonly reach: IntervalReach;
  /** The shop's first day, milliseconds: days before it say nothing. */
  readonly startDay: number;
}

/** Items as of past weeks, and what they sold in the fortnight after: a linear part of log-ratios beside the head on the representation. */
export class ItemPart implements EntityPart, DemandForecaster {
  readonly tasks = ['DEMAND'] as const;
  readonly representations = this.tasks;
  readonly input: NetworkInput;
  readonly inputColumns: BatchSpec;
  private network: MultiTaskNetwork | null = null;
  private gathered: Gathered | null = null;
  private fitted: Fitted | null = null;
  private wide: DenseWeights;
  private head: DenseWeights;
  private predictor: CompiledPredictor | null = null;

  constructor(
    private readonly settings: MultiTaskSettings,
    private readonly ids: SharedIds,
  ) {
    this.input = { name: INPUT, width: DEMAND_FEATURE_COUNT + (ids.items?.width ?? 0) };
    this.inputColumns = {
      itemFeatures: column(DEMAND_FEATURE_COUNT),
      ...(ids.items && { demandItem: idColumn() }),
    };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async gather(data: TrainingData): Promise<EntityExamples> {
    const history = demandHistory(data);
    const { origins, leastUnits, demandPasses } = this.settings;
    const examples = demandExamples(history, { origins, leastUnits });
    const { minExamples } = TASK_DEFINITIONS.DEMAND;
    if (examples.count < minExamples)
      throw tooFewData('Items and fortnights to learn demand from', examples.count, minExamples);
    const scales = demandScales(examples.features);
    standardiseDemand(examples.features, scales);
    this.gathered = { history, scales, examples };
    return {
      count: examples.count,
      passes: demandPasses,
      columns: {
        itemFeatures: { spec: column(DEMAND_FEATURE_COUNT), values: examples.features },
        ...(this.ids.items && {
          demandItem: {
            spec: idColumn(),
            values: this.ids.items.vocabulary.indicesOf(examples.itemIds),
          },
        }),
        demandReference: { spec: column(), values: examples.references },
        demandUnits: { spec: column(), values: examples.actual },
        demandWeight: { spec: column(), values: examples.weights },
      },
    };
  }

  adopt(other: ItemPart): void {
    this.gathered = other.gathered;
  }

  origins(): ExampleOrigins {
    const { history, examples } = this.known();
    const times = Float64Array.from(examples.days, (day) => history.startDay + day * DAY_MS);
    return { times, users: null };
  }

  labels(): null {
    return null;
  }

  async ask({ demand }: Model): Promise<Partial<Record<TaskName, Float32Array>>> {
    if (!demand) return {};
    const { history, examples } = this.known();
    return { DEMAND: await askDemand(demand, history, examples, LARGEST_LOG_RATIO) };
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    const { weights, width } = network;
    this.wide = weights.dense('head/DEMAND/wide', DEMAND_FEATURE_COUNT, 1, zeros);
    this.head = weights.dense('head/DEMAND', width, 1, zeros);
  }

  inputs(batch: Batch<BatchSpec>, context: ModelContext): PartInputs {
    return { item: this.encoderInput(inputsOf(this, batch), context) };
  }

  forward({ item }: PartInputs, _batch: Batch<BatchSpec>, context: ModelContext): PartOutputs {
    return this.ofItems(item as Tensorflow.Tensor2D, context);
  }

  /** Weighted mean of |reference × exp(ratio) - units|: its optimum is the median, which is what WAPE asks for. */
  losses({ heads: { ratios } }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const weights = examplesOf(batch.demandWeight);
    const totals = tf.mul(examplesOf(batch.demandReference), tf.exp(ratios));
    const errors = tf.mul(weights, tf.abs(tf.sub(totals, examplesOf(batch.demandUnits))));
    // Places that hold no example weigh nothing.
    const known = tf.maximum(tf.sum(tf.cast(tf.greater(weights, tf.scalar(0)), 'float32')), tf.scalar(1));
    return { DEMAND: tf.div(tf.sum(errors), known) };
  }

  /** An item counts by its usual units, as in the loss. */
  answers({ heads: { ratios } }: PartOutputs, batch: Batch<BatchSpec>): Answer[] {
    const weights: Tensorflow.Tensor1D = tf.mul(
      examplesOf(batch.demandWeight),
      examplesOf(batch.demandReference),
    );
    return [{ kind: 'VALUE', values: ratios, weights, share: 1 }];
  }

  finish(): void {
    const { history, scales } = this.known();
    this.fitted = { scales, weekdays: [...history.weekdays], startDay: history.startDay, reach: OWN_REACH };
    this.fitted = { ...this.fitted, reach: pastReach(history, (...asked) => this.unitsOf(...asked)) };
    this.gathered = null;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async forecast(series: DemandSeries, horizonDays: number): Promise<DemandForecastValues> {
    const units = this.unitsOf(series, horizonDays);
    const { fitted } = this.ready();
    return { units, ...conformalIntervals(units, series, fitted, fitted.reach) };
  }

  async save(directory: string): Promise<void> {
    const { scales, ...others } = this.ready().fitted;
    const saved: SavedItems = {
      features: DEMAND_FEATURES,
      ...others,
      means: [...scales.means],
      deviations: [...scales.deviations],
    };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
  }

  exportable(): ExportableNetwork {
    const { network, fitted } = this.ready();
    return demandNetwork({
      weights: network.weights,
      scales: fitted.scales,
      itemIds: this.ids.items?.vocabulary.ids ?? null,
      ratios: ({ features, item }, context) =>
        this.ofItems(this.encoderInput({ itemFeatures: features, demandItem: item }, context), context).heads
          .ratios,
    });
  }

  /** @throws Error when it was made with other features */
  async restore(directory: string): Promise<void> {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedItems;
    if (saved.features.join() !== DEMAND_FEATURES.join())
      throw new Error('The model was made with other demand features; train it again.');
    // Versions sealed before intervals were calibrated by level have none of their own.
    const { means, deviations, weekdays, reach = OWN_REACH, startDay } = saved;
    const scales = { means: Float32Array.from(means), deviations: Float32Array.from(deviations) };
    this.fitted = { scales, weekdays, reach, startDay };
  }

  dispose(): void {
    this.predictor?.dispose();
    this.predictor = null;
  }

  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { items } = this.ids;
    return items
      ? items.beside(columns.itemFeatures, columns.demandItem, context)
      : (columns.itemFeatures as Tensorflow.Tensor2D);
  }

  /** Logarithms of units over the reference. @param inputs [rows, width of `input`] */
  private ofItems(inputs: Tensorflow.Tensor2D, context: ModelContext): PartOutputs {
    if (!this.network) throw new Error('The model has no weights yet.');
    const [{ values }] = this.network.represent(INPUT, inputs, this.representations, context);
    const features = this.ids.items ? tf.slice2d(inputs, [0, 0], [-1, DEMAND_FEATURE_COUNT]) : inputs;
    const raw = tf.reshape(tf.add(dense(values, this.head), dense(features, this.wide)), [-1]);
    const ratios = tf.clipByValue(raw, -LARGEST_LOG_RATIO, LARGEST_LOG_RATIO);
    return { representations: [values], heads: { ratios } };
  }

  private unitsOf(series: DemandSeries, horizonDays: number): Float32Array {
    const { network, fitted } = this.ready();
    const { units, days, startDay, itemIds } = series;
    if (itemIds.length === 0) return new Float32Array(0);
    this.predictor ??= compilePredict({
      weights: network.weights,
      batch: this.inputColumns,
      predict: (columns, context) => this.ofItems(this.encoderInput(columns, context), context).heads,
    });
    const start = Math.min(days, Math.max(0, Math.round((fitted.startDay - startDay) / DAY_MS)));
    const { features, references } = demandFeatures(series, start, days);
    standardiseDemand(features, fitted.scales);
    const { ratios } = this.predictor.predict({
      itemFeatures: features,
      ...(this.ids.items && { demandItem: this.ids.items.vocabulary.indicesOf(itemIds) }),
    });
    const weekly = references.map((reference, item) => {
      const from = item * days + Math.max(start, days - SILENT_DAYS);
      const isSilent = !units.subarray(from, (item + 1) * days).some((sold) => sold > 0);
      return isSilent ? 0 : (reference * Math.exp(ratios[item]) * 7) / DEMAND_DAYS;
    });
    return spreadOverDays(weekly, startDay + days * DAY_MS, horizonDays, fitted.weekdays);
  }

  private known(): Gathered {
    if (!this.gathered) throw new Error('The examples are not gathered.');
    return this.gathered;
  }

  private ready(): { network: MultiTaskNetwork; fitted: Fitted } {
    if (!this.network || !this.fitted) throw new Error('The model is neither fitted nor loaded.');
    return { network: this.network, fitted: this.fitted };
  }
}

interface SavedItems extends Omit<Fitted, 'scales' | 'reach'> {
  readonly reach?: IntervalReach;
  readonly features: readonly string[];
  readonly means: number[];
  readonly deviations: number[];
}
