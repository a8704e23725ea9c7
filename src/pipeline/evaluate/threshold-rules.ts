import { z } from 'zod';

import { AppError } from '../../errors.js';
import { TASK_DEFINITIONS, type TaskName, type ThresholdRule } from '../../tasks/index.js';

const ruleSchema = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('F1') }),
  z.strictObject({ by: z.literal('PRECISION'), target: z.number().gt(0).max(1) }),
  z.strictObject({
    by: z.literal('COST'),
    costOfMiss: z.number().gt(0).max(1e12),
    costOfFalseAlarm: z.number().gt(0).max(1e12),
  }),
]);

/**
 * The rule that a task's threshold is chosen by: the run's own where it gives one, such as
 * `{ FRAUD: { by: 'COST', costOfMiss: 80, costOfFalseAlarm: 3 }, CHURN: { by: 'PRECISION', target: 0.7 } }`, otherwise the task's.
 *
 * @param given rules by task, as a caller wrote them
 * @returns     null for a task that decides nothing
 * @throws AppError BAD_USER_INPUT that names what was expected and what came, also for a task that takes no threshold
 */
export function thresholdRule(task: TaskName, given?: unknown): ThresholdRule | null {
  const own = TASK_DEFINITIONS[task].threshold ?? null;
  if (given === undefined || given === null) return own;
  if (typeof given !== 'object' || Array.isArray(given)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `threshold: expected a rule by task, such as {"${task}": {"by": "F1"}}; got ${JSON.stringify(given)}.`,
    );
  }
  const asked = (given as Partial<Record<TaskName, unknown>>)[task];
  if (asked === undefined || asked === null) return own;
  if (own === null)
    throw new AppError('BAD_USER_INPUT', `threshold: ${task} is no yes/no task; it takes no threshold.`);
  const parsed = ruleSchema.safeParse(asked);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    (issue) => `threshold.${[task, ...issue.path].join('.')}: ${issue.message}`,
  );
  throw new AppError(
    'BAD_USER_INPUT',
    `${problems.join('; ')}. Expected {"by": "F1"}, {"by": "PRECISION", "target": 0.8} or {"by": "COST", "costOfMiss": 20, ` +
      `"costOfFalseAlarm": 1}; got ${JSON.stringify(asked)}.`,
  );
}
