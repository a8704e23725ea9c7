import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type {
  DemandForecaster,
  DemandForecastValues,
  DemandSeries,
  FitContext,
  Model,
  ModelType,
  TrainingData,
} from '../../index.js';
import { DEMAND_DAYS, demandHistory, sellingItems, seriesBefore, unitsFrom } from './demand-history.js';
import { type ErrorQuantiles, errorQuantiles, intervals } from './forecast-intervals.js';

const FILE = 'demand-baseline.json';

/** Units a day for the next days: [items × horizonDays]. */
type Rule = (series: DemandSeries, horizonDays: number) => Float32Array;

/** A forecast by a fixed rule; only its intervals are learned, from its errors over the last two weeks. */
class RuleForecaster implements Model, DemandForecaster {
  readonly family = 'BASELINE';
  readonly tasks = ['DEMAND'] as const;
  readonly demand = this;
  private quantiles: ErrorQuantiles | null = null;

  constructor(
    readonly architecture: string,
    private readonly rule: Rule,
  ) {}

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async fit(data: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const history = demandHistory(data);
    const day = history.days - DEMAND_DAYS;
    const items = sellingItems(history, day, 1);
    const forecast = this.rule(seriesBefore(history, items, day), DEMAND_DAYS);
    this.quantiles = errorQuantiles(unitsFrom(history, items, day, DEMAND_DAYS), forecast);
    context.onProgress(1);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async forecast(series: DemandSeries, horizonDays: number): Promise<DemandForecastValues> {
    const units = this.rule(series, horizonDays);
    return { units, ...intervals(units, this.ready()) };
  }

  async save(directory: string): Promise<void> {
    await writeFile(join(directory, FILE), JSON.stringify(this.ready()));
  }

  async restore(directory: string): Promise<void> {
    this.quantiles = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as ErrorQuantiles;
  }

  dispose(): void {
    this.quantiles = null;
  }

  private ready(): ErrorQuantiles {
    if (this.quantiles === null) throw new Error('The forecaster is neither fitted nor loaded.');
    return this.quantiles;
  }
}

function ruleForecaster(architecture: string, rule: Rule): ModelType {
  return {
    architecture,
    family: 'BASELINE',
    create: () => new RuleForecaster(architecture, rule),
    async load(directory) {
      const model = new RuleForecaster(architecture, rule);
      await model.restore(directory);
      return model;
    },
  };
}

function eachDay(
  series: DemandSeries,
  horizonDays: number,
  unitsOf: (past: Float32Array, day: number) => number,
): Float32Array {
  const { units, days, itemIds } = series;
  const forecast = new Float32Array(itemIds.length * horizonDays);
  for (let item = 0; item < itemIds.length; item++) {
    const past = units.subarray(item * days, (item + 1) * days);
    for (let day = 0; day < horizonDays; day++) forecast[item * horizonDays + day] = unitsOf(past, day);
  }
  return forecast;
}

/** The same weekday of last week. */
export const seasonalNaive = ruleForecaster('seasonal-naive', (series, horizonDays) =>
  eachDay(series, horizonDays, (past, day) => past[past.length - 7 + (day % 7)] ?? 0),
);

/** The mean day of the last 28. */
export const mean28 = ruleForecaster('mean-28', (series, horizonDays) =>
  eachDay(series, horizonDays, (past) => {
    const recent = past.subarray(-28);
    return recent.length === 0 ? 0 : recent.reduce((sum, units) => sum + units, 0) / recent.length;
  }),
);
