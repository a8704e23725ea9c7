import { Field, Float, ID, Int, ObjectType } from 'type-graphql';

import type { EnsembleReport as SavedReport } from '../../pipeline/deploy/index.js';
import type { CalibrationMethod, EnsembleMethod, Pruning } from '../../pipeline/index.js';
import type { TaskName } from '../../tasks/index.js';
import { DateTimeScalar } from '../scalars.js';
import {
  type ApiTask,
  CalibrationMethodEnum,
  EnsembleMethodEnum,
  PruningEnum,
  TaskEnum,
} from './enums.enum.js';
import { CUSTOM_TASK, taskFields } from './task-fields.js';

@ObjectType({ description: 'A figure with its 95 % interval.', simpleResolvers: true })
export class EnsembleFigure {
  @Field(() => Float, { description: 'The value.' })
  value: number;

  @Field(() => Float, { description: 'Lower end.' })
  low: number;

  @Field(() => Float, { description: 'Upper end.' })
  high: number;
}

@ObjectType({ description: 'A model that an ensemble was offered.', simpleResolvers: true })
export class EnsembleMember {
  @Field(() => ID, { description: 'The version that it comes from.' })
  modelVersionId: string;

  @Field(() => String, { description: 'The kind of model.' })
  architecture: string;

  @Field(() => String, { description: 'Way of learning.' })
  family: string;

  @Field(() => Boolean, { description: 'Whether it is part of the ensemble that serves.' })
  isKept: boolean;

  @Field(() => Float, {
    nullable: true,
    description: 'Its weight; null in a hard vote and where it is left out.',
  })
  weight: number | null;
}

@ObjectType({ description: 'What a stacking learnt from.', simpleResolvers: true })
export class OutOfFoldPredictions {
  @Field(() => String, {
    description:
      'TIME: members fitted again before earlier cuts. EXAMPLES: folds over the examples of the validation split.',
  })
  by: 'TIME' | 'EXAMPLES';

  @Field(() => [DateTimeScalar], { description: 'The earlier cuts, the latest first.' })
  cuts: Date[];

  @Field(() => String, { nullable: true, description: 'Why there are no more cuts.' })
  reason: string | null;
}

@ObjectType({ description: 'Calibration error before and after calibrating.', simpleResolvers: true })
export class EnsembleCalibration {
  @Field(() => CalibrationMethodEnum, { description: 'The method.' })
  method: CalibrationMethod;

  @Field(() => Float, { nullable: true, description: 'What logits are divided by.' })
  temperature: number | null;

  @Field(() => Float, { nullable: true, description: 'Expected calibration error on validation, before.' })
  validationBefore: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The same after, by calibrations that were fitted without the examples in question.',
  })
  validationAfter: number | null;

  @Field(() => Float, { nullable: true, description: 'Expected calibration error on test, before.' })
  testBefore: number | null;

  @Field(() => Float, { nullable: true, description: 'The same after.' })
  testAfter: number | null;
}

@ObjectType({
  description: 'Some members as an ensemble: how good, how fast, how large.',
  simpleResolvers: true,
})
export class EnsembleSubset {
  @Field(() => String, {
    description: 'MEMBER (one alone), SUBSET, ALL, or STUDENT: the one model distilled.',
  })
  kind: 'MEMBER' | 'SUBSET' | 'ALL' | 'STUDENT';

  @Field(() => [Int], { description: 'Places in the list of members; none for a student.' })
  members: number[];

  @Field(() => Boolean, { description: 'Whether it is what the version serves.' })
  isChosen: boolean;

  @Field(() => EnsembleFigure, {
    nullable: true,
    description: 'The deciding figure on validation; null where the examples do not give it.',
  })
  validation: EnsembleFigure | null;

  @Field(() => EnsembleFigure, {
    nullable: true,
    description: 'The same on test, which nothing was chosen on; null where the examples do not give it.',
  })
  test: EnsembleFigure | null;

  @Field(() => Float, {
    nullable: true,
    description:
      'Half of the answers to one user, item, transaction or session took at most so many milliseconds.',
  })
  p50Ms: number | null;

  @Field(() => Float, { nullable: true, description: '99 of 100 answers took at most so many milliseconds.' })
  p99Ms: number | null;

  @Field(() => Float, { description: 'Size of its files.' })
  bytes: number;
}

@ObjectType({
  description: "How one task's ensemble was made, and what each part of it brings and costs.",
  simpleResolvers: true,
})
export class EnsembleReport {
  @Field(() => TaskEnum, { description: 'The task.' })
  task: ApiTask;

  @Field(() => ID, { nullable: true, description: CUSTOM_TASK })
  customTask: string | null;

  @Field(() => EnsembleMethodEnum, { description: 'How members are combined.' })
  method: EnsembleMethod;

  @Field(() => PruningEnum, { description: 'How members were left out.' })
  prune: Pruning;

  @Field(() => String, { description: 'The deciding figure.' })
  metric: string;

  @Field(() => Boolean, { description: 'Whether less of it is better.' })
  isLessBetter: boolean;

  @Field(() => [EnsembleMember], { description: 'The models that were offered.' })
  members: EnsembleMember[];

  @Field(() => OutOfFoldPredictions, { nullable: true, description: 'What STACKING learnt from.' })
  outOfFold: OutOfFoldPredictions | null;

  @Field(() => EnsembleCalibration, { nullable: true, description: 'Calibration; null where there is none.' })
  calibration: EnsembleCalibration | null;

  @Field(() => ID, { nullable: true, description: 'The version of the distilled model.' })
  studentVersionId: string | null;

  @Field(() => [EnsembleSubset], { description: 'Accuracy against latency.' })
  subsets: EnsembleSubset[];
}

/** The reports of a version's manifest; none but for versions of ensemble runs. */
export function ensembleReportsOf(manifest: object): EnsembleReport[] {
  const { ensembles = {} } = manifest as { ensembles?: Partial<Record<TaskName, SavedReport>> };
  return (Object.entries(ensembles) as [TaskName, SavedReport][]).map(([task, report]) => ({
    ...report,
    ...taskFields(task),
    outOfFold: report.outOfFold && {
      ...report.outOfFold,
      cuts: report.outOfFold.cuts.map((cut) => new Date(cut)),
    },
  }));
}
