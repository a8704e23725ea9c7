import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchArrays,
  type BatchSpec,
  column,
  idColumn,
  type ModelContext,
} from '../../../nn/index.js';
import { type CustomTask, customTaskName } from '../../../tasks/index.js';
import type { ShopHistory, UserRequest } from '../../index.js';
import { ACTIVITY_FEATURE_COUNT, type CustomExamples, USER_FEATURE_COUNT } from '../../preprocess/index.js';
import type { ActivityScales, PopulationState } from '../../single-task/index.js';
import type { ExampleColumn } from '../joint-rows.js';
import { countriesOf, countryMeaning, type SharedIds } from '../shared-ids.js';

/** Columns of a custom task's examples. Several such tasks may lie in one row: each has columns of its own. */
export class CustomColumns {
  readonly user: string;
  readonly country: string;
  readonly activity: string;
  readonly label: string;
  /** 1 where a place holds an example. */
  readonly weight: string;
  /** What the encoder reads. */
  readonly inputs: BatchSpec;

  constructor(
    private readonly task: CustomTask,
    private readonly ids: SharedIds,
  ) {
    const of = (part: string) => `${customTaskName(task.name)}_${part}`;
    this.user = of('user');
    this.country = of('country');
    this.activity = of('activity');
    this.label = of('label');
    this.weight = of('weight');
    this.inputs = { [this.user]: column(USER_FEATURE_COUNT), ...this.others };
  }

  /** What the encoder reads beside the user's features. */
  get others(): BatchSpec {
    return this.ids.countries ? { [this.country]: idColumn() } : {};
  }

  /** What those are, for an exported network. */
  get meanings() {
    const { countries } = this.ids;
    return countries ? { [this.country]: countryMeaning(countries) } : {};
  }

  /** What the encoder is given. @param columns those of `inputs` */
  encoderInput(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { countries } = this.ids;
    const features = columns[this.user];
    return countries
      ? countries.beside(features, columns[this.country], context)
      : (features as Tensorflow.Tensor2D);
  }

  ofExamples(
    history: ShopHistory,
    { count, users, userFeatures, activity, labels }: CustomExamples,
    scales: ActivityScales,
  ): Record<string, ExampleColumn> {
    return {
      [this.user]: { spec: column(USER_FEATURE_COUNT), values: userFeatures },
      ...this.countryColumn(history, users),
      [this.activity]: { spec: column(ACTIVITY_FEATURE_COUNT), values: scales.apply(activity.slice()) },
      [this.label]: { spec: column(), values: labels },
      [this.weight]: { spec: column(), values: new Float32Array(count).fill(1) },
    };
  }

  /** What the model answers from: the encoder's columns, and `activity`. */
  ofRequest(request: UserRequest, population: PopulationState, scales: ActivityScales): BatchArrays {
    const { countries } = this.ids;
    const { history, users } = request;
    return {
      [this.user]: population.featuresOfAnybody(request),
      ...(countries && { [this.country]: countriesOf(countries, history, users) }),
      activity: scales.of(this.task, request),
    };
  }

  private countryColumn(history: ShopHistory, users: Int32Array): Record<string, ExampleColumn> {
    const { countries } = this.ids;
    if (!countries) return {};
    return { [this.country]: { spec: idColumn(), values: countriesOf(countries, history, users) } };
  }
}
