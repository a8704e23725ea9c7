/** Examples of a yes/no task drawn by their class, after some were held back: those stay as they are. */
import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from '../../nn/index.js';
import type { ResamplingMethod } from '../../tasks/index.js';
import { drawRows } from '../preprocess/index.js';
import {
  correctLogit,
  type LogitCorrection,
  NO_CORRECTION,
  priorShift,
  sigmoid,
} from '../single-task/index.js';
import type { EntityExamples, ExampleColumn } from './joint-rows.js';

/** How an entity's examples are drawn. */
export interface Drawing {
  readonly method: ResamplingMethod;
  /** Name of the column with the label, 0 or 1. */
  readonly label: string;
  /** Name of the column with what each example counts in the loss; 0 where its label is not known. */
  readonly weight: string;
  /** Names of the columns that SMOTE goes between; in all others a new example is like the one that it starts from. */
  readonly features: readonly string[];
}

/** How a yes/no head's examples are drawn by their label, and how its logits come back to the rate that the labels have. */
export class LabelDraw {
  correction: LogitCorrection = NO_CORRECTION;

  /** @param method by the settings; undefined = as they are */
  constructor(
    private readonly method: ResamplingMethod | undefined,
    private readonly columns: Omit<Drawing, 'method'>,
  ) {}

  /** Null where examples are taken as they are. */
  get drawing(): Drawing | null {
    const { method = 'NONE', columns } = this;
    return method === 'NONE' ? null : { method, ...columns };
  }

  /** Of a logit as the head gives it. */
  readonly probability = (logit: number): number => sigmoid(correctLogit(logit, this.correction));

  /** @param logits [rows] as the head gives them */
  corrected(logits: Tensorflow.Tensor): Tensorflow.Tensor1D {
    return tf.add(logits, tf.scalar(this.correction.shift));
  }
}

export interface DrawnExamples {
  readonly examples: EntityExamples;
  readonly chosen: Int32Array;
  /** What brings logits back to the rate of the labels. */
  readonly shift: number;
}

/** @param chosen the examples that are learnt from */
export function resampleExamples(
  examples: EntityExamples,
  chosen: Int32Array,
  { method, label, weight, features }: Drawing,
  seed: number,
): DrawnExamples {
  const { columns } = examples;
  const isKnown = (row: number) => columns[weight].values[row] > 0;
  const known = [...chosen].filter(isKnown);
  const labels = Float32Array.from(known, (row) => columns[label].values[row]);
  const rows = { features: besideEachOther(columns, features, known), labels };
  const width = features.reduce((sum, name) => sum + widthOf(columns[name]), 0);
  const { rows: drawn, made, weights, taughtRate } = drawRows(method, rows, { width, seed });
  const labelRate = labels.reduce((sum, one) => sum + one, 0) / Math.max(1, labels.length);
  const from = made?.from.map((at) => known[at]) ?? [];
  const added = Int32Array.from(from, (_, at) => examples.count + at);
  const extended = extend(examples, from);
  if (made) writeFeatures(extended, features, examples.count, made.features);
  if (weights[0] !== weights[1]) {
    const own = extended.columns[weight].values;
    for (const row of known) own[row] *= weights[columns[label].values[row] > 0 ? 1 : 0];
  }
  return {
    examples: extended,
    chosen: Int32Array.from([
      ...drawn.map((at) => known[at]),
      ...added,
      ...[...chosen].filter((row) => !isKnown(row)),
    ]),
    shift: priorShift(labelRate, taughtRate),
  };
}

const widthOf = ({ spec }: ExampleColumn): number => spec.shape.reduce((a, b) => a * b, 1);

/** Columns side by side, of some rows. */
function besideEachOther(
  columns: EntityExamples['columns'],
  names: readonly string[],
  rows: readonly number[],
): Float32Array {
  const width = names.reduce((sum, name) => sum + widthOf(columns[name]), 0);
  const values = new Float32Array(rows.length * width);
  let offset = 0;
  for (const name of names) {
    const own = widthOf(columns[name]);
    rows.forEach((row, at) =>
      values.set(columns[name].values.subarray(row * own, (row + 1) * own), at * width + offset),
    );
    offset += own;
  }
  return values;
}

/** The examples, and behind them copies of some; nothing is shared with what came in. */
function extend(examples: EntityExamples, copied: readonly number[]): EntityExamples {
  const columns = Object.entries(examples.columns).map(([name, { spec, values }]) => {
    const width = widthOf({ spec, values });
    const length = (examples.count + copied.length) * width;
    const all = values instanceof Int32Array ? new Int32Array(length) : new Float32Array(length);
    all.set(values);
    copied.forEach((row, at) =>
      all.set(values.subarray(row * width, (row + 1) * width), (examples.count + at) * width),
    );
    return [name, { spec, values: all }];
  });
  return {
    ...examples,
    count: examples.count + copied.length,
    columns: Object.fromEntries(columns) as EntityExamples['columns'],
  };
}

/** Writes features of new examples over those that were copied. @param made [new examples × width of all the columns] */
function writeFeatures(
  { columns, count }: EntityExamples,
  names: readonly string[],
  first: number,
  made: Float32Array,
): void {
  const width = made.length / (count - first);
  let offset = 0;
  for (const name of names) {
    const own = widthOf(columns[name]);
    for (let at = 0; first + at < count; at++)
      columns[name].values.set(
        made.subarray(at * width + offset, at * width + offset + own),
        (first + at) * own,
      );
    offset += own;
  }
}
