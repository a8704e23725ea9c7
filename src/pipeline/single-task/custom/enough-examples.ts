import { tooFewData } from '../../../errors.js';
import { type CustomTask, definitionOf } from '../../../tasks/index.js';
import type { CustomExamples } from '../../preprocess/index.js';

/** Examples of the rarer answer that there must be; of a number, users who showed anything. */
const LEAST_OF_EACH = 20;

/** @throws AppError TOO_FEW_DATA with what is there and what it takes */
export function requireEnoughExamples(task: CustomTask, { count, labels }: CustomExamples): void {
  const { minExamples } = definitionOf(task);
  if (count < minExamples)
    throw tooFewData(`Users as of past cuts to learn ${task.name} from`, count, minExamples);
  const some = labels.reduce((sum, label) => sum + (label > 0 ? 1 : 0), 0);
  const rarer = task.atLeast === null ? some : Math.min(some, count - some);
  if (rarer >= LEAST_OF_EACH) return;
  const who = task.atLeast === null ? 'who show what it counts' : 'with yes, and with no';
  throw tooFewData(`Users as of past cuts ${who}, to learn ${task.name} from`, rarer, LEAST_OF_EACH);
}
