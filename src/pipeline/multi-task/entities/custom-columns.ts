import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchArrays,
  type BatchSpec,
  column,
  type ModelContext,
} from '../../../nn/index.js';
import { type CustomTask, customTaskName } from '../../../tasks/index.js';
import type { ShopHistory, UserRequest } from '../../index.js';
import { ACTIVITY_FEATURE_COUNT, type CustomExamples, USER_FEATURE_COUNT } from '../../preprocess/index.js';
import type { ActivityScales, PopulationState } from '../../single-task/index.js';
import type { ExampleColumn } from '../joint-rows.js';
import type { SharedIds } from '../shared-ids.js';
import { BesideUser } from './beside-user.js';

/** Columns of a custom task's examples. Several such tasks may lie in one row: each has columns of its own. */
export class CustomColumns {
  readonly user: string;
  readonly activity: string;
  readonly label: string;
  /** 1 where a place holds an example. */
  readonly weight: string;
  /** What the encoder reads. */
  readonly inputs: BatchSpec;
  readonly beside: BesideUser;

  constructor(
    private readonly task: CustomTask,
    ids: SharedIds,
  ) {
    const of = (part: string) => `${customTaskName(task.name)}_${part}`;
    this.user = of('user');
    this.activity = of('activity');
    this.label = of('label');
    this.weight = of('weight');
    this.beside = new BesideUser(ids, of);
    this.inputs = { [this.user]: column(USER_FEATURE_COUNT), ...this.beside.spec };
  }

  /** What the encoder is given. @param columns those of `inputs` */
  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    return this.beside.join(columns[this.user], columns, context);
  }

  ofExamples(
    history: ShopHistory,
    { count, users, cuts, userFeatures, activity, labels }: CustomExamples,
    scales: ActivityScales,
  ): Record<string, ExampleColumn> {
    return {
      [this.user]: { spec: column(USER_FEATURE_COUNT), values: userFeatures },
      ...this.beside.columns(this.beside.ofUsers(history, users, cuts)),
      [this.activity]: { spec: column(ACTIVITY_FEATURE_COUNT), values: scales.apply(activity.slice()) },
      [this.label]: { spec: column(), values: labels },
      [this.weight]: { spec: column(), values: new Float32Array(count).fill(1) },
    };
  }

  /** What the model answers from: the encoder's columns, and `activity`. */
  ofRequest(request: UserRequest, population: PopulationState, scales: ActivityScales): BatchArrays {
    const { history, users, asOf } = request;
    return {
      [this.user]: population.featuresOfAnybody(request),
      ...this.beside.ofUsers(history, users, asOf),
      activity: scales.of(this.task, request),
    };
  }
}
