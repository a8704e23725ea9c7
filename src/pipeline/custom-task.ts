/** Checks the definition of a task that a shop wants of its own. */
import { z } from 'zod';

import { AppError } from '../errors.js';
import { COUNTED_UNITS, type CustomTask } from '../tasks/index.js';
import { BEHAVIOUR_TYPES } from './history.js';

const DEFAULT_ACTIVE_DAYS = 90;
const MOST_DAYS = 365;

export const thresholdRuleSchema = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('F1') }),
  z.strictObject({ by: z.literal('PRECISION'), target: z.number().gt(0).max(1) }),
  z.strictObject({
    by: z.literal('COST'),
    costOfMiss: z.number().gt(0).max(1e12),
    costOfFalseAlarm: z.number().gt(0).max(1e12),
  }),
]);

/** A definition that is whole. */
export const customTaskSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{1,39}$/, 'expected 2 to 40 of A-Z, 0-9 and _, a letter first, such as VIEWS_SOON')
    .refine((name) => !name.startsWith('CUSTOM_'), 'CUSTOM_ is put before it anyway'),
  title: z.string().trim().min(1).max(80),
  description: z.string().trim().min(1).max(500),
  behaviours: z.array(z.enum(BEHAVIOUR_TYPES)).min(1).max(BEHAVIOUR_TYPES.length),
  counts: z.enum(COUNTED_UNITS),
  category: z.string().min(1).max(200).nullable(),
  windowDays: z.number().int().min(1).max(MOST_DAYS),
  atLeast: z.number().int().min(1).max(1_000_000).nullable(),
  threshold: thresholdRuleSchema,
  activeDays: z
    .number()
    .int()
    .min(1)
    .max(10 * MOST_DAYS),
});

/** What a caller has to say of a task; the rest has defaults. */
export type CustomTaskRequest = Pick<CustomTask, 'name' | 'behaviours' | 'windowDays'> & Partial<CustomTask>;

/**
 * A definition from what a caller said: of its name letters become capitals and hyphens underscores.
 *
 * @throws AppError BAD_USER_INPUT that names what is wrong, what came and what was expected
 */
export function customTask(request: CustomTaskRequest): CustomTask {
  const whole = { ...request, name: request.name.trim().toUpperCase().replaceAll('-', '_') };
  const said = customTaskSchema.partial({ title: true, description: true }).safeParse({
    counts: 'BEHAVIOURS',
    category: null,
    atLeast: null,
    threshold: { by: 'F1' },
    activeDays: DEFAULT_ACTIVE_DAYS,
    ...Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)),
  });
  if (!said.success) {
    const problems = said.error.issues.map(
      ({ path, message }) =>
        `${path.join('.') || 'task'}: ${message}; got ${JSON.stringify(valueAt(whole, path))}`,
    );
    throw new AppError('BAD_USER_INPUT', `${problems.join('; ')}.`);
  }
  const task = { ...said.data, behaviours: [...new Set(said.data.behaviours)] };
  return { ...task, title: task.title ?? titleOf(task.name), description: task.description ?? inWords(task) };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inside, key) => (inside as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

const titleOf = (name: string): string => {
  const words = name.toLowerCase().replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

function inWords(task: Omit<CustomTask, 'title' | 'description'>): string {
  const { behaviours, counts, category, windowDays, atLeast } = task;
  const of = counts === 'ITEMS' ? 'different items in' : 'behaviours of the type';
  const what = `${of} ${behaviours.join(' or ')}${category === null ? '' : ` in the category ${category}`}`;
  const when = `within ${windowDays} ${windowDays === 1 ? 'day' : 'days'}`;
  return atLeast === null
    ? `How many ${what} a user shows ${when}.`
    : `Probability that a user shows at least ${atLeast} ${what} ${when}.`;
}
