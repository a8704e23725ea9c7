import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import { definedMetrics, type SegmentDimension, undefinedMetrics } from '../../pipeline/evaluate/index.js';
import type { CurveKind, CurvePoint, EvaluationRow, Split } from '../../store/index.js';
import { DateTimeScalar } from '../scalars.js';
import { type ApiTask, SplitEnum, TaskEnum } from './enums.enum.js';
import { SegmentDimensionEnum } from './evaluation.enum.js';
import { CUSTOM_TASK, taskFields } from './task-fields.js';

@ObjectType({ description: 'A measured value with its 95 % interval.', simpleResolvers: true })
export class Metric {
  @Field(() => String, { description: 'Name, such as AUC, LOG_LOSS, NDCG@10 or WAPE.' })
  name: string;

  @Field(() => Float, { description: 'The value on all examples of the split.' })
  value: number;

  @Field(() => Float, { description: 'Lower end of the 95 % interval (bootstrap).' })
  low: number;

  @Field(() => Float, { description: 'Upper end of the 95 % interval (bootstrap).' })
  high: number;
}

@ObjectType({ description: 'A metric that the examples cannot give.', simpleResolvers: true })
export class UndefinedMetric {
  @Field(() => String, { description: 'Name, such as AUC.' })
  name: string;

  @Field(() => String, { description: 'Why, such as that all examples are of one class.' })
  reason: string;
}

@ObjectType({ description: 'Counts of right and wrong answers at a threshold.', simpleResolvers: true })
export class ConfusionMatrix {
  @Field(() => [String], { description: 'Names of the classes, in the order of rows and columns.' })
  labels: string[];

  @Field(() => [[Int]], { description: 'Examples: row = actual class, column = predicted class.' })
  counts: number[][];

  @Field(() => Float, { description: 'Probability from which on the answer is yes.' })
  threshold: number;
}

@ObjectType({ description: 'A point of a curve.', simpleResolvers: true })
export class Point {
  @Field(() => Float, { description: 'Horizontal; what it is depends on the curve.' })
  x: number;

  @Field(() => Float, { description: 'Vertical; what it is depends on the curve.' })
  y: number;
}

@ObjectType({ description: 'Figures of a part of the examples.', simpleResolvers: true })
export class EvaluationSegment {
  @Field(() => SegmentDimensionEnum, { description: 'What the parts are told apart by.' })
  dimension: SegmentDimension;

  @Field(() => String, { description: 'The part, such as RETURNING, TAIL, GB or HIGH.' })
  name: string;

  @Field(() => Int, { description: 'Number of examples in it (for ITEMS: of targets).' })
  examples: number;

  @Field(() => [Metric], { description: 'Its figures.' })
  metrics: Metric[];
}

@ObjectType({ description: 'How good a model is at one task on one split.', simpleResolvers: true })
export class Evaluation {
  @Field(() => ID, { description: 'Id of the evaluation.' })
  id: string;

  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => SplitEnum, { description: 'The examples that were measured on.' })
  split: Split;

  @Field(() => String, { description: 'Way of learning: BASELINE, SINGLE, MULTI or ENSEMBLE.' })
  family: string;

  @Field(() => String, { description: 'The kind of model within the family.' })
  architecture: string;

  @Field(() => Boolean, { description: 'Whether the model version serves this task with this very model.' })
  isServed: boolean;

  @Field(() => String, { description: 'The protocol in words: cut, label window, how ranked.' })
  protocol: string;

  @Field(() => Int, { description: 'Number of examples.' })
  examples: number;

  @Field(() => Float, { description: 'Mean loss.' })
  loss: number;

  @Field(() => [Metric], { description: 'Every metric of the task that the examples give.' })
  metrics: Metric[];

  @Field(() => [UndefinedMetric], {
    description: 'Metrics of the task that the examples cannot give, and why; mostly none.',
  })
  undefinedMetrics: UndefinedMetric[];

  @Field(() => ConfusionMatrix, { nullable: true, description: 'For yes/no tasks.' })
  confusionMatrix: ConfusionMatrix | null;

  @Field(() => [EvaluationSegment], {
    description:
      'New and returning users, head and tail items, countries and payment methods, levels of demand.',
  })
  segments: EvaluationSegment[];

  @Field(() => Int, { nullable: true, description: 'Seed that the model was fitted from.' })
  seed: number | null;

  @Field(() => Int, { nullable: true, description: 'Fold of a cross-validation, from 1.' })
  fold: number | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'The model has learnt from what lies before, in a cross-validation or search.',
  })
  cut: Date | null;

  curves: Partial<Record<CurveKind, CurvePoint[]>>;
}

export function toEvaluation(row: EvaluationRow): Evaluation {
  const { segments = [], seed = null, fold = null, cut = null } = row;
  return {
    ...row,
    ...taskFields(row.task),
    metrics: definedMetrics(row.metrics),
    undefinedMetrics: undefinedMetrics(row),
    segments: (segments as EvaluationSegment[]).map((segment) => ({
      ...segment,
      metrics: definedMetrics(segment.metrics),
    })),
    seed,
    fold,
    cut,
  };
}
