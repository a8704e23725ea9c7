import { Field, Float, ID, InputType } from 'type-graphql';

import { AppError } from '../../errors.js';
import type { Thresholds } from '../../jobs/index.js';
import { thresholdRule } from '../../pipeline/evaluate/index.js';
import { isBuiltInTask } from '../../tasks/index.js';
import { type ApiTask, TaskEnum } from '../types/enums.enum.js';
import { type ThresholdBy, ThresholdByEnum } from '../types/evaluation.enum.js';
import { CUSTOM_TASK, taskOf } from '../types/task-fields.js';
import { given } from './checks.js';

@InputType({ description: 'The rule by which the threshold of a yes/no task is chosen on validation.' })
export class ThresholdInput {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask?: string | null;

  @Field(() => ThresholdByEnum, { description: 'What the threshold is chosen by.' })
  by: ThresholdBy;

  @Field(() => Float, {
    nullable: true,
    description: 'PRECISION: the precision to reach, above 0, at most 1.',
  })
  target?: number | null;

  @Field(() => Float, { nullable: true, description: 'COST: what a miss costs.' })
  costOfMiss?: number | null;

  @Field(() => Float, { nullable: true, description: 'COST: what a false alarm costs.' })
  costOfFalseAlarm?: number | null;
}

/** Rules by task. @throws AppError BAD_USER_INPUT for a rule that is none, or two for a task */
export function toThresholds(inputs: readonly ThresholdInput[] | null | undefined): Thresholds | undefined {
  if (!inputs) return undefined;
  const rules: Record<string, unknown> = {};
  for (const input of inputs) {
    const { task: named, customTask, ...rule } = given<ThresholdInput>(input) as ThresholdInput;
    const task = taskOf({ task: named, customTask });
    if (task in rules)
      throw new AppError('BAD_USER_INPUT', `thresholds: ${task} has two rules; expected one.`);
    rules[task] = rule;
    // What a custom task takes is known where its definition is.
    if (isBuiltInTask(task)) thresholdRule(task, rules);
  }
  return rules as Thresholds;
}
