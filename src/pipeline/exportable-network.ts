/** A trained network as others run it: what goes in, what comes out, and how it is written. */
import type { TaskName } from '../tasks/index.js';

/** An input or output of an exportable network: a tensor of [rows, ...shape]. */
export interface NetworkTensor {
  readonly name: string;
  readonly dtype: 'float32' | 'int32';
  /** Of one row; [] = one number. */
  readonly shape: readonly number[];
  /** What it holds, in which unit. */
  readonly description: string;
  /** What the numbers of a row are, in order; where the training knows them, with mean and deviation. */
  readonly columns?: readonly NetworkColumn[];
  /** What ids stand for, by their index; every other name has the index after the last. */
  readonly vocabulary?: readonly string[];
}

/** One number of an input's row. */
export interface NetworkColumn {
  readonly name: string;
  readonly description?: string;
  /** Over the rows of training; the network scales by them itself. */
  readonly mean?: number;
  readonly deviation?: number;
  /** What the number stands for where it is an index into names; every other name has the index after the last. */
  readonly vocabulary?: readonly string[];
}

export const NETWORK_FORMATS = ['SAVED_MODEL', 'ONNX'] as const;
/** TensorFlow's directory, or ONNX's file. */
export type NetworkFormat = (typeof NETWORK_FORMATS)[number];

/** Rows by input or output. */
export type NetworkRows = Readonly<Record<string, Float32Array | Int32Array>>;

/**
 * A trained network, to be used without the product. Features go in as the product computes them: what scales them is part of the
 * network, as is what makes probabilities of its logits.
 */
export interface ExportableNetwork {
  /** Unique within the model; a relative path such as 'users' or 'member-1/users'. */
  readonly name: string;
  readonly tasks: readonly TaskName[];
  /** What a row is, and what the outputs say about it. */
  readonly description: string;
  readonly inputs: readonly NetworkTensor[];
  readonly outputs: readonly NetworkTensor[];
  /** Where it is a member of an ensemble: which one, and how the members' answers become one. */
  readonly memberOf?: {
    readonly ensemble: string;
    /** From 1. */
    readonly member: number;
    readonly architecture: string;
    readonly combination: object;
  };
  /** By the product's own runtime. @param rows of all inputs. @returns of all outputs */
  predict(rows: NetworkRows): Readonly<Record<string, Float32Array>>;
  /** Writes it to a directory (SAVED_MODEL) or a file (ONNX). @throws Error beyond 2 GB */
  write(format: NetworkFormat, path: string): Promise<void>;
}
