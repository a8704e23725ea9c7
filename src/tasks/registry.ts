import { churnTask } from './churn.js';
import { demandTask } from './demand.js';
import { fraudTask } from './fraud.js';
import { nextBehaviourTask } from './next-behaviour.js';
import { purchaseIntentTask } from './purchase-intent.js';
import { recommendationTask } from './recommendation.js';
import { sessionOutcomeTask } from './session-outcome.js';
import type { TaskDefinition, TaskName } from './task.js';

/** Every task by its name. */
export const TASK_DEFINITIONS: Readonly<Record<TaskName, TaskDefinition>> = {
  PURCHASE_INTENT: purchaseIntentTask,
  CHURN: churnTask,
  RECOMMENDATION: recommendationTask,
  FRAUD: fraudTask,
  DEMAND: demandTask,
  NEXT_BEHAVIOUR: nextBehaviourTask,
  SESSION_OUTCOME: sessionOutcomeTask,
};
