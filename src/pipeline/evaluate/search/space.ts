/** Spaces of hyper-parameters: what may be tried, and where a value lies in it. */
import { z } from 'zod';

import { AppError } from '../../../errors.js';
import type { Random } from '../../../nn/random.js';

export const PARAMETER_TYPES = ['INT', 'FLOAT', 'LOG', 'CHOICE'] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** A hyper-parameter: whole numbers, numbers, numbers by their logarithm (all ends included), or one of several values. */
export type Parameter =
  | {
      readonly name: string;
      readonly type: 'INT' | 'FLOAT' | 'LOG';
      readonly low: number;
      readonly high: number;
      readonly default?: number;
    }
  | {
      readonly name: string;
      readonly type: 'CHOICE';
      readonly values: readonly unknown[];
      readonly default?: unknown;
    };

/** How much of a training's length a trial may be given, such as epochs. */
export interface Budget {
  readonly parameter: string;
  readonly least: number;
  readonly most: number;
}

export interface SearchSpace {
  readonly parameters: readonly Parameter[];
  /** Null for models whose training has no length of its own. */
  readonly budget: Budget | null;
}

export type Point = Readonly<Record<string, unknown>>;

const MOST_VALUES = 100;
const name = z.string().min(1).max(100);
const end = z.number().min(-1e12).max(1e12);
const ranged = (type: 'INT' | 'FLOAT' | 'LOG') =>
  z.strictObject({
    name,
    type: z.literal(type),
    low: type === 'INT' ? end.int() : type === 'LOG' ? end.gt(0) : end,
    high: type === 'INT' ? end.int() : end,
    default: end.optional(),
  });
const schema = z
  .array(
    z.discriminatedUnion('type', [
      ranged('INT'),
      ranged('FLOAT'),
      ranged('LOG'),
      z.strictObject({
        name,
        type: z.literal('CHOICE'),
        values: z.array(z.unknown()).min(1).max(MOST_VALUES),
        default: z.unknown().optional(),
      }),
    ]),
  )
  .min(1)
  .max(32);

/** @throws AppError BAD_USER_INPUT that names the parameter, what was expected and what came */
export function parseParameters(given: unknown): Parameter[] {
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new AppError(
      'BAD_USER_INPUT',
      `space: ${problems.join('; ')}. Expected parameters such as {"name": "dropout", "type": "FLOAT", "low": 0, "high": 0.5} or ` +
        `{"name": "batchSize", "type": "CHOICE", "values": [64, 256]}.`,
    );
  }
  const parameters = parsed.data as Parameter[];
  const names = parameters.map((parameter) => parameter.name);
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice !== undefined) throw new AppError('BAD_USER_INPUT', `space: ${twice} is named twice.`);
  for (const parameter of parameters) {
    if (parameter.type !== 'CHOICE' && !(parameter.low < parameter.high))
      throw new AppError(
        'BAD_USER_INPUT',
        `space.${parameter.name}: expected low below high, got ${parameter.low} and ${parameter.high}.`,
      );
  }
  return parameters;
}

/** Lists of values by name, the short way to write a space. @throws AppError BAD_USER_INPUT */
export function choicesOf(lists: Readonly<Record<string, unknown>>): Parameter[] {
  return parseParameters(
    Object.entries(lists).map(([own, values]) => ({ name: own, type: 'CHOICE', values })),
  );
}

/**
 * Where a value lies, 0 to 1, so that equal steps are equally likely; for a choice its index.
 *
 * @returns NaN for a value that the parameter does not have
 */
export function toUnit(parameter: Parameter, value: unknown): number {
  if (parameter.type === 'CHOICE') {
    const text = JSON.stringify(value);
    const at = parameter.values.findIndex((candidate) => JSON.stringify(candidate) === text);
    return at < 0 ? Number.NaN : at;
  }
  const { low, high, type } = parameter;
  if (typeof value !== 'number' || value < low || value > high) return Number.NaN;
  // A whole number stands for the middle of its own stretch of the line.
  if (type === 'INT') return (value - low + 0.5) / (high - low + 1);
  if (type === 'LOG') return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}

/** The value at a place in [0, 1], or at an index for a choice; always one that the parameter allows. */
export function fromUnit(parameter: Parameter, unit: number): unknown {
  if (parameter.type === 'CHOICE')
    return parameter.values[Math.min(parameter.values.length - 1, Math.max(0, Math.floor(unit)))];
  const { low, high, type } = parameter;
  const at = Math.min(1, Math.max(0, unit));
  if (type === 'INT') return Math.min(high, low + Math.floor(at * (high - low + 1)));
  const value = type === 'LOG' ? low * Math.pow(high / low, at) : low + at * (high - low);
  return Math.min(high, Math.max(low, value));
}

/** A point drawn evenly (Bergstra and Bengio, JMLR 2012): evenly by the logarithm where the type says so. */
export function drawPoint(parameters: readonly Parameter[], random: Random): Point {
  return Object.fromEntries(
    parameters.map((parameter) => {
      const unit = parameter.type === 'CHOICE' ? random.integer(parameter.values.length) : random.uniform();
      return [parameter.name, fromUnit(parameter, unit)];
    }),
  );
}

/** The defaults of all parameters; null where one has none. */
export function defaultPoint(parameters: readonly Parameter[]): Point | null {
  if (parameters.some((parameter) => parameter.default === undefined)) return null;
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default]));
}
