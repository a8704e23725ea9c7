import { AppError } from '../../../errors.js';
import { resamplingOf } from '../base-rate.js';
import type { FraudSettings } from './fraud-network.js';

const DEFAULTS: FraudSettings = {
  hiddenUnits: [64, 64],
  dropout: 0.2,
  learningRate: 1e-3,
  weightDecay: 0.01,
  batchSize: 256,
  epochs: 40,
  patience: 5,
  resampling: 'NONE',
  focalGamma: 2,
};

/** Settings from a run's hyper-parameters. @throws AppError BAD_USER_INPUT for a value out of range */
export function fraudSettings(given: Readonly<Record<string, unknown>>): FraudSettings {
  return {
    hiddenUnits: hiddenUnits(given.hiddenUnits),
    dropout: number(given, 'dropout', { min: 0, max: 0.9 }),
    learningRate: number(given, 'learningRate', { min: 1e-7, max: 1 }),
    weightDecay: number(given, 'weightDecay', { min: 0, max: 1 }),
    batchSize: integer(given, 'batchSize', { min: 1, max: 65_536 }),
    epochs: integer(given, 'epochs', { min: 1, max: 1_000 }),
    patience: integer(given, 'patience', { min: 1, max: 1_000 }),
    resampling: resamplingOf(given.resampling, 'FRAUD', 'fraud-dense'),
    focalGamma: number(given, 'focalGamma', { min: 0, max: 10 }),
  };
}

type NumberName = Exclude<keyof FraudSettings, 'hiddenUnits' | 'resampling'>;

function number(
  given: Readonly<Record<string, unknown>>,
  name: NumberName,
  { min, max }: { min: number; max: number },
): number {
  const value = given[name] ?? DEFAULTS[name];
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new AppError(
    'BAD_USER_INPUT',
    `${name} must be a number from ${min} to ${max}; it is ${JSON.stringify(value)}.`,
  );
}

function integer(
  given: Readonly<Record<string, unknown>>,
  name: NumberName,
  range: { min: number; max: number },
): number {
  const value = number(given, name, range);
  if (Number.isInteger(value)) return value;
  throw new AppError('BAD_USER_INPUT', `${name} must be a whole number; it is ${value}.`);
}

function hiddenUnits(value: unknown): readonly number[] {
  if (value === undefined) return DEFAULTS.hiddenUnits;
  const isFine =
    Array.isArray(value) &&
    value.length <= 8 &&
    value.every((units) => Number.isInteger(units) && Number(units) >= 1 && Number(units) <= 4096);
  if (isFine) return value as number[];
  throw new AppError(
    'BAD_USER_INPUT',
    `hiddenUnits must be up to 8 whole numbers from 1 to 4096; it is ${JSON.stringify(value)}.`,
  );
}
