import type * as Tensorflow from '@tensorflow/tfjs';
import { z } from 'zod';

import { dense, type Initialiser, tf } from '../../nn/index.js';
import type { Architecture } from './architecture.js';
import { LAYERS_ABOVE_ENCODER } from './settings.js';

interface CrossStitchSettings {
  readonly ownShare: number;
}

/** Each task's own share on the diagonal, the rest spread evenly over the other tasks. */
const stitches =
  (ownShare: number): Initialiser =>
  (values, [tasks]) => {
    for (let at = 0; at < values.length; at++) {
      const isOwn = at % tasks === Math.floor(at / tasks);
      values[at] = tasks === 1 ? 1 : isOwn ? ownShare : (1 - ownShare) / (tasks - 1);
    }
  };

/**
 * Cross-stitch networks (Misra et al., CVPR 2016): every task has layers of its own, and after each layer every task reads a learnt linear
 * combination of what all tasks have there.
 */
export const crossStitch: Architecture<CrossStitchSettings> = {
  name: 'cross-stitch',
  ownSettings: { hiddenUnits: LAYERS_ABOVE_ENCODER, ownShare: z.number().min(0).max(1) },
  defaults: { ownShare: 0.9, hiddenUnits: [64, 32] },
  userQuestion: 'SURVIVAL',
  hasOneRepresentation: false,
  build(weights, { inputWidth, tasks, settings }) {
    const { hiddenUnits, dropout, ownShare } = settings;
    const sizes = [inputWidth, ...hiddenUnits.slice(1)];
    const levels = sizes.slice(1).map((units, at) => ({
      layers: tasks.map((task) => weights.dense(`${task}/layer-${at + 1}`, sizes[at], units)),
      stitch: weights.weight(`stitch-${at + 1}`, [tasks.length, tasks.length], stitches(ownShare), {
        // Shrinking it would shrink what all tasks read.
        isDecayed: false,
      }) as Tensorflow.Tensor2D,
    }));
    const last = levels[levels.length - 1];
    const strengths = () => tf.abs(last.stitch);
    return {
      width: sizes[sizes.length - 1],
      sources: () => tasks.map((task) => `layers of ${task}`),
      forward: (inputs, asked, { random }) => {
        const [rows] = inputs.shape;
        let columns: Tensorflow.Tensor2D[] = tasks.map(() => inputs);
        for (const { layers, stitch } of levels) {
          const own = columns.map((below, at) => random.dropout(dense(below, layers[at], 'relu'), dropout));
          const width = own[0].shape[1];
          const flat = tf.reshape<Tensorflow.Rank.R2>(tf.stack(own), [tasks.length, rows * width]);
          const mixed = tf.reshape(tf.matMul(stitch, flat), [tasks.length, rows, width]);
          columns = tasks.map((_, at) =>
            tf.reshape(tf.slice(mixed, [at, 0, 0], [1, rows, width]), [rows, width]),
          );
        }
        const shares = tf.div(strengths(), tf.sum(strengths(), 1, true)); // [tasks, tasks]
        const everyRow = tf.ones<Tensorflow.Rank.R2>([rows, 1]);
        return asked.map((task) => {
          const at = tasks.indexOf(task);
          const gates: Tensorflow.Tensor2D = tf.matMul(
            everyRow,
            tf.slice(shares as Tensorflow.Tensor2D, [at, 0], [1, tasks.length]),
          );
          return { values: columns[at], gates };
        });
      },
    };
  },
};
