import { AppError } from '../../errors.js';
import { type CustomTask, taskDefinition, type TaskName, type ThresholdRule } from '../../tasks/index.js';
import { thresholdRuleSchema } from '../index.js';

/**
 * The rule that a task's threshold is chosen by: the run's own where it gives one, such as
 * `{ FRAUD: { by: 'COST', costOfMiss: 80, costOfFalseAlarm: 3 }, CHURN: { by: 'PRECISION', target: 0.7 } }`, otherwise the task's.
 *
 * @param given rules by task, as a caller wrote them
 * @param customTasks definitions of the shop's own tasks that may be meant
 * @returns     null for a task that decides nothing
 * @throws AppError BAD_USER_INPUT that names what was expected and what came, also for a task that takes no threshold
 */
export function thresholdRule(
  task: TaskName,
  given?: unknown,
  customTasks: readonly CustomTask[] = [],
): ThresholdRule | null {
  const own = taskDefinition(task, customTasks).threshold ?? null;
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
  const parsed = thresholdRuleSchema.safeParse(asked);
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
