import type * as Tensorflow from '@tensorflow/tfjs';

import { type Batch, type BatchSpec, column, idColumn, tf } from '../../../nn/index.js';
import type { NetworkColumn } from '../../index.js';
import { TABULAR_CLIP, type TabularEncoding } from '../../preprocess/index.js';
import type { TensorMeaning } from './exportable-network.js';

type NumberColumn = Extract<TabularEncoding[number], { kind: 'NUMBER' }>;
type CategoryColumn = Extract<TabularEncoding[number], { kind: 'CATEGORY' }>;

const numbersOf = (encoding: TabularEncoding) =>
  encoding.filter((known): known is NumberColumn => known.kind === 'NUMBER');
const categoriesOf = (encoding: TabularEncoding) =>
  encoding.filter((known): known is CategoryColumn => known.kind === 'CATEGORY');

/** A table's numbers side by side, and each of its categories as an index. */
export function tabularBatch(encoding: TabularEncoding): BatchSpec {
  const categories = categoriesOf(encoding).map(({ name }) => [name, idColumn()] as const);
  return { numbers: column(numbersOf(encoding).length), ...Object.fromEntries(categories) };
}

export function tabularMeanings(encoding: TabularEncoding): Record<string, TensorMeaning> {
  const columns = numbersOf(encoding).map(({ name }): NetworkColumn => ({ name }));
  const categories = categoriesOf(encoding).map(
    ({ name, vocabulary }) => [name, { description: `category ${name}`, vocabulary }] as const,
  );
  return {
    numbers: { description: 'numbers in their own units; NaN = not known', columns },
    ...Object.fromEntries(categories),
  };
}

/** The encoder's rows. @param columns of `tabularBatch`. @returns [rows, width of the encoder] */
export function encodedInGraph(columns: Batch<BatchSpec>, encoding: TabularEncoding): Tensorflow.Tensor2D {
  let numbers = 0;
  const parts = encoding.flatMap((known) => {
    if (known.kind === 'CATEGORY') {
      return [
        tf.cast(tf.oneHot(tf.cast(columns[known.name], 'int32'), known.vocabulary.length + 1), 'float32'),
      ];
    }
    const values = tf.slice(columns.numbers as Tensorflow.Tensor2D, [0, numbers++], [-1, 1]);
    return encodedNumber(values, known);
  });
  return tf.concat(parts as Tensorflow.Tensor2D[], 1);
}

/** [rows, 1] → the standardised logarithm, whether it is missing, and its place between the edges. */
function encodedNumber(
  values: Tensorflow.Tensor2D,
  { mean, deviation, edges }: NumberColumn,
): Tensorflow.Tensor[] {
  const isMissing = tf.isNaN(values);
  const missing = tf.cast(isMissing, 'float32');
  const there = tf.sub(tf.scalar(1), missing);
  const known = tf.where(isMissing, tf.zerosLike(values), values);
  const logarithm = tf.mul(tf.sign(known), tf.log1p(tf.abs(known)));
  const scaled = tf.div(tf.sub(logarithm, tf.scalar(mean)), tf.scalar(deviation));
  const clipped = tf.mul(tf.clipByValue(scaled, -TABULAR_CLIP, TABULAR_CLIP), there);
  if (edges.length < 2) return [clipped, missing];
  const low = tf.tensor2d(edges.slice(0, -1), [1, edges.length - 1]);
  const widths = tf.tensor2d(
    edges.slice(1).map((high, at) => high - edges[at]),
    [1, edges.length - 1],
  );
  const places = tf.mul(tf.clipByValue(tf.div(tf.sub(known, low), widths), 0, 1), there);
  return [clipped, missing, places];
}
