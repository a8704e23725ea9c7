import type * as Tensorflow from '@tensorflow/tfjs';

import { dense, type DenseWeights, glorotUniform, tf, type WeightSet } from '../../nn/index.js';
import type { Architecture, Representation } from './architecture.js';
import { Expert, mix } from './experts.js';
import { FUNNEL_STAGES } from './funnel.js';
import { LAYERS_ABOVE_ENCODER } from './settings.js';

/** Weighs what the stage before hands on against the stage's own layers, row by row, by attention of the two on themselves. */
class InformationTransfer {
  private readonly handedOn: DenseWeights;
  private readonly value: DenseWeights;
  private readonly key: DenseWeights;
  private readonly query: DenseWeights;

  constructor(
    weights: WeightSet,
    name: string,
    private readonly width: number,
  ) {
    this.handedOn = weights.dense(`${name}/handed-on`, width, width);
    this.value = weights.dense(`${name}/value`, width, width, glorotUniform);
    this.key = weights.dense(`${name}/key`, width, width, glorotUniform);
    this.query = weights.dense(`${name}/query`, width, width, glorotUniform);
  }

  /** @param before, own [rows, width] */
  forward(before: Tensorflow.Tensor2D, own: Tensorflow.Tensor2D): Representation {
    const sources = [dense(before, this.handedOn, 'relu'), own];
    const scores = sources.map((source) =>
      tf.sum(tf.mul(dense(source, this.key), dense(source, this.query)), 1, true),
    );
    const scaled = tf.mul(
      tf.concat(scores as Tensorflow.Tensor2D[], 1),
      tf.scalar(1 / Math.sqrt(this.width)),
    );
    const gates = tf.softmax(scaled as Tensorflow.Tensor2D);
    return {
      values: mix(
        gates,
        sources.map((source) => dense(source, this.value)),
      ),
      gates,
    };
  }
}

/**
 * Adaptive information transfer along the funnel (Xi et al., KDD 2021): each stage has layers of its own, and takes from the stage before it as
 * much as attention finds useful. A stage held likelier than the one before it costs `calibration`. Tasks off the funnel have their own layers.
 */
export const aitm: Architecture = {
  name: 'aitm',
  ownSettings: { hiddenUnits: LAYERS_ABOVE_ENCODER },
  defaults: { calibration: 0.6, hiddenUnits: [64, 32] },
  userQuestion: 'FUNNEL',
  hasOneRepresentation: false,
  build(weights, { inputWidth, tasks, settings }) {
    const units = settings.hiddenUnits.slice(1);
    const width = units[units.length - 1];
    const own = new Map(
      tasks.map((task) => [task, new Expert(weights, task, inputWidth, units, settings.dropout)]),
    );
    const chain = FUNNEL_STAGES.filter((stage) => tasks.includes(stage));
    const transfers = chain.slice(1).map((stage) => new InformationTransfer(weights, stage, width));
    const isHanded = (task: string) => chain.slice(1).some((stage) => stage === task);
    return {
      width,
      sources: (task) => (isHanded(task) ? ['stage before', 'own layers'] : []),
      forward: (inputs, asked, context) => {
        const found = new Map<string, Representation>();
        const last = Math.max(...asked.map((task) => chain.findIndex((stage) => stage === task)));
        chain.slice(0, last + 1).forEach((stage, at) => {
          const values = own.get(stage)!.forward(inputs, context);
          const before = at > 0 ? found.get(chain[at - 1]) : undefined;
          found.set(stage, before ? transfers[at - 1].forward(before.values, values) : { values });
        });
        return asked.map((task) => found.get(task) ?? { values: own.get(task)!.forward(inputs, context) });
      },
    };
  },
};
