import { churnTask } from './churn.js';
import { type CustomTask, customTaskOf, definitionOf, isBuiltInTask } from './custom-task.js';
import { demandTask } from './demand.js';
import { fraudTask } from './fraud.js';
import { nextBehaviourTask } from './next-behaviour.js';
import { purchaseIntentTask } from './purchase-intent.js';
import { recommendationTask } from './recommendation.js';
import { sessionOutcomeTask } from './session-outcome.js';
import type { BuiltInTask, TaskDefinition, TaskName } from './task.js';

/** Every task of the product by its name. */
export const TASK_DEFINITIONS: Readonly<Record<BuiltInTask, TaskDefinition>> = {
  PURCHASE_INTENT: purchaseIntentTask,
  CHURN: churnTask,
  RECOMMENDATION: recommendationTask,
  FRAUD: fraudTask,
  DEMAND: demandTask,
  NEXT_BEHAVIOUR: nextBehaviourTask,
  SESSION_OUTCOME: sessionOutcomeTask,
};

/**
 * A task's definition.
 *
 * @param customTasks those of the shop that may be meant
 * @throws Error for a custom task that is not among them
 */
export function taskDefinition(task: TaskName, customTasks: readonly CustomTask[] = []): TaskDefinition {
  return isBuiltInTask(task) ? TASK_DEFINITIONS[task] : definitionOf(customTaskOf(task, customTasks));
}
