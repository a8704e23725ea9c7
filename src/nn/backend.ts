/**
 * Loads TensorFlow once a process: the native library when its addon is there, else tfjs's JavaScript kernels, which compute
 * the same and are some hundred times slower. `TANDEM_TENSORFLOW=javascript` asks for the latter.
 */
import { createRequire } from 'node:module';
import util from 'node:util';

import type * as Tensorflow from '@tensorflow/tfjs';

/** Arrays that tensors are made of. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

/** What an op of the binding gives back: a handle with the shape and type of what it holds. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** An attribute of an op, as tfjs-node's kernels write it. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The functions of tfjs-node's addon that graph mode uses. */
export interface NativeBinding {
  readonly TF_Version: string;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  createTensor(shape: readonly number[], dtype: number, values: TensorValues): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): TensorValues;
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(
    id: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[];
  getNumOfTensors(): number;
}

/** tfjs-node's backend, as far as it is used here. */
export interface NativeBackend {
  binding: NativeBinding;
  getInputTensorIds(tensors: readonly Tensorflow.Tensor[]): number[];
  executeMultipleOutputs(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Tensorflow.Tensor[],
    outputs: number,
  ): Tensorflow.Tensor[];
  write(values: unknown, shape: number[], dtype: string): object;
  readSync(id: object): TensorValues;
  read(id: object): Promise<TensorValues>;
}

interface LoadedTensorflow {
  readonly tf: typeof Tensorflow;
  readonly native: NativeBackend | null;
}

const require = createRequire(import.meta.url);

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 took away. */
function keepOldUtil(): void {
  const old = util as unknown as { isNullOrUndefined?: (value: unknown) => boolean };
  old.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

/**
 * The addon makes its arrays in Node's own realm; under jest the code runs in another, where `instanceof Float32Array` then
 * fails. The same bytes are shown through this realm's classes.
 */
function keepToThisRealm(backend: NativeBackend): void {
  const native = backend.binding;
  const probe = native.createTensor([1], 1, new Float32Array(1));
  const isForeign = !(native.tensorDataSync(probe) instanceof Float32Array);
  native.deleteTensor(probe);
  if (!isForeign) return;
  const classes = new Map<
    string,
    new (buffer: ArrayBufferLike, offset: number, length: number) => TensorValues
  >([
    ['Float32Array', Float32Array],
    ['Int32Array', Int32Array],
    ['Uint8Array', Uint8Array],
  ]);
  backend.binding = copyBinding(native);
  backend.binding.tensorDataSync = (id) => {
    const values = native.tensorDataSync(id);
    const Own = classes.get(values.constructor.name);
    return Own ? new Own(values.buffer, values.byteOffset, values.length) : values;
  };
}

/** A plain object with the binding's functions: its own properties are read-only, so assigning to a child of it fails silently. */
export function copyBinding(binding: NativeBinding): NativeBinding {
  const copy: Record<string, unknown> = {};
  for (const name of Object.getOwnPropertyNames(binding)) {
    copy[name] = (binding as unknown as Record<string, unknown>)[name];
  }
  return copy as unknown as NativeBinding;
}

/**
 * Runs one op: with the first one TensorFlow makes its devices and threads, for some 10 ms that belong to loading it, not to the first step or
 * prediction.
 */
function startDevices({ binding }: NativeBackend): void {
  const one = binding.createTensor([], 1, new Float32Array(1));
  const type = { name: 'T', type: binding.TF_ATTR_TYPE, value: 1 };
  const [result] = binding.executeOp('Neg', [type], [one], 1);
  for (const id of [one, result.id]) binding.deleteTensor(id);
}

function loadNative(): LoadedTensorflow {
  keepOldUtil();
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
  const tf = require('@tensorflow/tfjs-node') as typeof Tensorflow;
  const native = tf.backend() as unknown as NativeBackend;
  keepToThisRealm(native);
  startDevices(native);
  return { tf, native };
}

function loadJavaScript(): LoadedTensorflow {
  const tf = require('@tensorflow/tfjs') as typeof Tensorflow;
  tf.enableProdMode(); // else the backend prints an advertisement
  void tf.setBackend('cpu'); // takes effect at once: this backend needs no waiting
  return { tf, native: null };
}

function load(): LoadedTensorflow {
  if (process.env.TANDEM_TENSORFLOW === 'javascript') return loadJavaScript();
  try {
    return loadNative();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    process.emitWarning(
      `Native TensorFlow is not there (${reason}). Models train and predict in JavaScript, some hundred times slower. ` +
        '"npm run setup" installs it.',
      { code: 'TANDEM_NO_NATIVE_TENSORFLOW' },
    );
    return loadJavaScript();
  }
}

const loaded = load();

/** tfjs, on the native backend where there is one. */
export const tf = loaded.tf;

/** The native backend, or null where models run in JavaScript. */
export const nativeBackend = loaded.native;

/** Whether graph mode is available. */
export const isNative = loaded.native !== null;
