import type * as Tensorflow from '@tensorflow/tfjs';

import {
  copyBinding,
  type NativeBackend,
  nativeBackend,
  type NativeBinding,
  type OpAttribute,
  type TensorMetadata,
  type TensorValues,
} from './backend.js';
import { attribute, type Attributes, fromOpAttribute, type GraphBuilder } from './graph.js';
import type { Message } from './proto.js';
import { dropTape, engine, refuseRandom, refuseReading, refuseUnseeded, TraceError } from './trace-guard.js';

/** Folding a constant reads its value back, so only small ones are folded here; TensorFlow folds the rest when it loads. */
const FOLDED_ELEMENTS = 4096;
/** What a handle of the binding stands for in the graph. */
type Reference =
  | {
      readonly kind: 'node';
      readonly tensor: string;
      readonly shape: readonly number[];
      readonly dataType: number;
    }
  | {
      readonly kind: 'constant';
      readonly values: TensorValues;
      readonly shape: readonly number[];
      readonly dataType: number;
    };

/**
 * Records what tfjs ops do while they run eagerly on sample tensors, as nodes of a graph: every call of the binding's
 * `executeOp` becomes a node, so that no shape needs to be inferred, and gradients are recorded like everything else.
 */
export class Tracer {
  private readonly references = new Map<number, Reference>();
  /** Data of the weights that were bound. */
  private readonly bound = new Set<object>();
  /** Variables of all models, by their data. */
  private strangers = new Map<object, Tensorflow.Variable>();
  private readonly backend: NativeBackend;
  private readonly binding: NativeBinding;

  constructor(private readonly graph: GraphBuilder) {
    if (!nativeBackend) throw new TraceError('Tracing needs native TensorFlow');
    this.backend = nativeBackend;
    this.binding = nativeBackend.binding;
  }

  /** Says that a tensor (a sample, a weight) stands for a tensor of the graph. */
  bind(sample: Tensorflow.Tensor, tensor: string): void {
    const [id] = this.backend.getInputTensorIds([sample]);
    this.bound.add(sample.dataId);
    const dataType = this.dataTypeOf(sample);
    this.references.set(id, { kind: 'node', tensor, shape: sample.shape, dataType });
  }

  /** Says that a tensor (a frozen weight) is a constant of the graph; written once if `tensor` comes up again. */
  bindConstant(
    sample: Tensorflow.Tensor,
    dataType: number,
    shape: readonly number[],
    values: TensorValues,
  ): void {
    const [id] = this.backend.getInputTensorIds([sample]);
    this.bound.add(sample.dataId);
    this.references.set(id, { kind: 'constant', values, shape, dataType });
  }

  /** The graph's name of a traced tensor. */
  tensorOf(traced: Tensorflow.Tensor): string {
    const [id] = this.backend.getInputTensorIds([traced]);
    return this.use(id, traced);
  }

  /** Runs a function and records it; nested runs are an error. @throws TraceError naming what cannot be traced */
  record<T>(body: () => T): T {
    const { backend, binding } = this;
    if (Object.hasOwn(backend, 'readSync')) throw new TraceError('A trace is running already');
    const proxy = copyBinding(binding);
    proxy.createTensor = (shape, dataType, values) => {
      const id = binding.createTensor(shape, dataType, values);
      this.references.set(id, { kind: 'constant', values: values.slice(), shape: [...shape], dataType });
      return id;
    };
    proxy.executeOp = (name, attributes, inputs, outputs) => this.execute(name, attributes, inputs, outputs);
    const prototype = Object.getPrototypeOf(backend) as NativeBackend;
    backend.binding = proxy;
    backend.readSync = (id) => {
      refuseReading();
      return prototype.readSync.call(backend, id);
    };
    backend.read = (id) => {
      refuseReading();
      return prototype.read.call(backend, id);
    };
    backend.write = (values, shape, dtype) => {
      refuseRandom();
      return prototype.write.call(backend, values, shape, dtype);
    };
    this.strangers = this.unboundVariables();
    backend.getInputTensorIds = (tensors) => {
      for (const tensor of tensors) this.refuseStranger(tensor);
      const ids = prototype.getInputTensorIds.call(backend, tensors);
      tensors.forEach((tensor, at) => this.meet(ids[at], tensor));
      return ids;
    };
    try {
      return body();
    } catch (error) {
      dropTape();
      throw error;
    } finally {
      backend.binding = binding;
      const own = backend as Partial<NativeBackend>;
      delete own.readSync;
      delete own.read;
      delete own.write;
      delete own.getInputTensorIds;
    }
  }

  private dataTypeOf(tensor: Tensorflow.Tensor): number {
    return { float32: 1, int32: 3, bool: 10 }[tensor.dtype as 'float32' | 'int32' | 'bool'] ?? 0;
  }

  private unboundVariables(): Map<object, Tensorflow.Variable> {
    const all = Object.values(engine().state.registeredVariables);
    return new Map(
      all.filter(({ dataId }) => !this.bound.has(dataId)).map((variable) => [variable.dataId, variable]),
    );
  }

  private refuseStranger(tensor: Tensorflow.Tensor): void {
    const variable = this.strangers.get(tensor.dataId);
    if (!variable) return;
    throw new TraceError(
      `The model uses the variable "${variable.name}" [${variable.shape.join(', ')}], which is not among the weights ` +
        'given to compile. Make it with the same WeightSet.',
    );
  }

  /** Tensors from outside become constants. */
  private meet(id: number, tensor: Tensorflow.Tensor): void {
    if (this.references.has(id)) return;
    const values = this.binding.tensorDataSync(id);
    this.references.set(id, {
      kind: 'constant',
      values,
      shape: tensor.shape,
      dataType: this.dataTypeOf(tensor),
    });
  }

  /** The graph's tensor behind a handle; a constant is written when it is first used. */
  private use(id: number, tensor?: Tensorflow.Tensor): string {
    if (tensor) this.meet(id, tensor);
    const reference = this.references.get(id);
    if (!reference) throw new TraceError(`Tensor ${id} came from outside of the trace`);
    if (reference.kind === 'node') return reference.tensor;
    return this.graph.constant(reference.dataType, reference.shape, reference.values);
  }

  private execute(
    name: string,
    opAttributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    refuseUnseeded(name);
    const results = this.binding.executeOp(name, opAttributes, inputs, outputs);
    const known = inputs.map((id) => this.references.get(id));
    const alias = sameAsInput(name, known, results);
    if (alias) {
      this.references.set(results[0].id, alias);
      return results;
    }
    const isConstant = known.every((reference) => reference?.kind === 'constant');
    const elements = results.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    if (isConstant && elements <= FOLDED_ELEMENTS) {
      for (const { id, shape, dtype } of results) {
        this.references.set(id, {
          kind: 'constant',
          values: this.binding.tensorDataSync(id),
          shape,
          dataType: dtype,
        });
      }
      return results;
    }
    const node = this.graph.node(
      name,
      inputs.map((id) => this.use(id)),
      this.attributesOf(name, opAttributes, known),
    );
    results.forEach(({ id, shape, dtype }, at) => {
      const tensor = at === 0 ? node : `${node}:${at}`;
      this.references.set(id, { kind: 'node', tensor, shape, dataType: dtype });
    });
    return results;
  }

  private attributesOf(
    name: string,
    opAttributes: readonly OpAttribute[],
    inputs: readonly (Reference | undefined)[],
  ): Attributes {
    const attributes: Record<string, Message> = {};
    for (const item of opAttributes) attributes[item.name] = fromOpAttribute(item, this.binding);
    // Eager mode infers this one; a graph does not.
    if (name === 'ExpandDims' && inputs[0]) attributes.T ??= attribute.type(inputs[0].dataType);
    return attributes;
  }
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, at) => size === b[at]);
}

/** The input that an op hands through unchanged, as tfjs's gradients are full of them. */
function sameAsInput(
  name: string,
  inputs: readonly (Reference | undefined)[],
  results: readonly TensorMetadata[],
): Reference | undefined {
  const [first, second] = inputs;
  const [result] = results;
  if (!first) return undefined;
  if (name === 'Identity') return first;
  if (name === 'Cast') return first.dataType === result.dtype ? first : undefined;
  if (name === 'Reshape') return isSameShape(first.shape, result.shape) ? first : undefined;
  if (name === 'Sum')
    return isSameShape(first.shape, result.shape) && second?.shape[0] === 0 ? first : undefined;
  if (name === 'Mul' && second) {
    if (isOne(second) && isSameShape(first.shape, result.shape)) return first;
    if (isOne(first) && isSameShape(second.shape, result.shape)) return second;
  }
  return undefined;
}

function isOne(reference: Reference): boolean {
  return (
    reference.kind === 'constant' &&
    reference.dataType === 1 &&
    reference.values.every((value) => value === 1)
  );
}
