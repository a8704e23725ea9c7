import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  column,
  dense,
  type DenseWeights,
  type ModelContext,
  sigmoidCrossEntropies,
  tf,
} from '../../../nn/index.js';
import type { ShopHistory } from '../../index.js';
import type { UserExamples } from '../../preprocess/index.js';
import { hazardTarget, type UserTask } from '../../single-task/index.js';
import type { ExampleColumn } from '../joint-rows.js';
import type { MultiTaskNetwork } from '../multi-task-network.js';
import { examplesOf, type PartOutputs } from './entity-part.js';
import type { UserHead } from './user-head.js';

const INTERVALS = hazardTarget.outputs;
/** Examples at even odds that a rate is shrunk by. */
const RATE_PRIOR = 2;

/** Tasks that read one curve: all user tasks where they have one representation, otherwise each its own. */
interface Curve {
  readonly name: string;
  readonly tasks: readonly UserTask[];
}

/** The hazards of the next purchase, interval by interval; intent and churn follow from the survival curve. */
export class SurvivalHead implements UserHead {
  readonly representations: readonly string[];
  private readonly curves: readonly Curve[];
  private network: MultiTaskNetwork | null = null;
  private hazards: readonly DenseWeights[] = [];
  /** Where the outputs start, so that no step goes into finding their rates (Lin et al., ICCV 2017, section 3.3). */
  private startLogits: Float32Array = new Float32Array(INTERVALS);

  constructor(
    private readonly tasks: readonly UserTask[],
    private readonly options: { hasOneCurve: boolean; isSquared: boolean },
  ) {
    this.curves = options.hasOneCurve
      ? [{ name: 'SURVIVAL', tasks }]
      : tasks.map((task) => ({ name: task, tasks: [task] }));
    this.representations = this.curves.map(({ name }) => name);
  }

  targets(_history: ShopHistory, _cut: number, examples: UserExamples): Record<string, ExampleColumn> {
    const { labels, masks } = hazardTarget.targets(examples);
    this.startLogits = rateLogits(labels, masks, INTERVALS);
    const spec = column(INTERVALS);
    return { userLabels: { spec, values: labels }, userMasks: { spec, values: masks } };
  }

  build(network: MultiTaskNetwork): void {
    this.network = network;
    const { weights, width } = network;
    this.hazards = this.curves.map(({ name }) => ({
      kernel: weights.weight(`head/${name}/kernel`, [width, INTERVALS]) as DenseWeights['kernel'],
      bias: weights.weight(`head/${name}/bias`, [INTERVALS], (values) =>
        values.set(this.startLogits),
      ) as DenseWeights['bias'],
    }));
  }

  forward(features: Tensorflow.Tensor, context: ModelContext): PartOutputs {
    if (!this.network) throw new Error('The head has no weights yet.');
    const given = this.network.represent('user', features, this.representations, context);
    return {
      representations: given.map(({ values }) => values),
      heads: Object.fromEntries(
        this.representations.map((name, at) => [name, dense(given[at].values, this.hazards[at])]),
      ),
    };
  }

  losses({ heads }: PartOutputs, batch: Batch<BatchSpec>): Record<string, Tensorflow.Scalar> {
    const labels = examplesOf(batch.userLabels);
    const masks = examplesOf(batch.userMasks);
    // Places that hold no example have no interval at all.
    const known = tf.maximum(tf.sum(tf.max(masks, 1)), tf.scalar(1));
    return Object.fromEntries(
      this.curves.flatMap(({ name, tasks }) => {
        const losses = this.options.isSquared
          ? tf.square(tf.sub(labels, tf.sigmoid(heads[name])))
          : sigmoidCrossEntropies(labels, heads[name]);
        const byInterval = tf.div(tf.sum(tf.mul(losses, masks), 0), known);
        return tasks.map((task) => {
          const { outputs } = hazardTarget.deciding(task);
          return [task, tf.sum<Tensorflow.Scalar>(tf.slice(byInterval, [0], [outputs]))];
        });
      }),
    );
  }

  outputOf(task: UserTask): string {
    return this.curveOf(task).name;
  }

  private curveOf(task: UserTask): Curve {
    const curve = this.curves.find(({ tasks }) => tasks.includes(task));
    if (!curve) throw new Error(`The model learns ${this.tasks.join(', ')}, not ${task}.`);
    return curve;
  }
}

/** Logit of each output's rate among the labels that are known. @param labels, masks [examples × outputs] */
export function rateLogits(labels: Float32Array, masks: Float32Array, outputs: number): Float32Array {
  const yes = new Float64Array(outputs).fill(RATE_PRIOR / 2);
  const known = new Float64Array(outputs).fill(RATE_PRIOR);
  labels.forEach((label, at) => {
    yes[at % outputs] += label * masks[at];
    known[at % outputs] += masks[at];
  });
  return Float32Array.from(yes, (count, at) => Math.log(count / (known[at] - count)));
}
