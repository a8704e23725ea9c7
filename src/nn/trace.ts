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
import {
  type Attribute,
  attribute,
  type Attributes,
  DATA_TYPE,
  fromOpAttribute,
  type GraphBuilder,
} from './graph.js';
import { dropTape, engine, refuseRandom, refuseReading, refuseUnseeded, TraceError } from './trace-guard.js';
import {
  carriedScale,
  countElements,
  foldUniform,
  type Reference,
  rewriteOp,
  sameAsInput,
} from './trace-rewrite.js';
import { type RowsSymbol, symbolicConstant } from './trace-rows.js';
import { inferOutput, type InferredOutput } from './trace-shapes.js';

/** Folding a constant reads its value back, so only small ones are folded here; TensorFlow folds the rest when it loads. */
const FOLDED_ELEMENTS = 4096;

/**
 * Records what tfjs ops do on sample tensors, as nodes of a graph: every call of the binding's `executeOp` becomes a node, so that
 * gradients are recorded like everything else. Ops of known shape are only recorded; others run, on zeros, to show theirs.
 */
export class Tracer {
  private readonly references = new Map<number, Reference>();
  /** Data of the weights that were bound. */
  private readonly bound = new Set<object>();
  /** Variables of all models, by their data. */
  private standIns = 0;
  private strangers = new Map<object, Tensorflow.Variable>();
  private readonly backend: NativeBackend;
  private readonly binding: NativeBinding;

  /** @param symbol stands for a number of rows that is known only when the graph runs; left out, all shapes are fixed */
  constructor(
    private readonly graph: GraphBuilder,
    private readonly symbol: RowsSymbol | null = null,
  ) {
    if (!nativeBackend) throw new TraceError('Tracing needs native TensorFlow');
    this.backend = nativeBackend;
    this.binding = nativeBackend.binding;
  }

  /** Says that a tensor (a sample, a weight) stands for a tensor of the graph. */
  bind(sample: Tensorflow.Tensor, tensor: string): void {
    const [id] = this.backend.getInputTensorIds([sample]);
    this.bound.add(sample.dataId);
    const dataType = this.dataTypeOf(sample);
    this.references.set(id, { kind: 'node', tensor, shape: sample.shape, dataType, scale: 1 });
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
    this.meet(id, traced);
    return this.use(id);
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
    proxy.deleteTensor = (id) => {
      if (id >= 0) binding.deleteTensor(id);
    };
    proxy.tensorDataSync = (id) => {
      if (id >= 0) return binding.tensorDataSync(id);
      const reference = this.references.get(id)!;
      if (reference.kind === 'constant') return reference.values;
      return zerosOf(reference.dataType, countElements(reference.shape));
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
  private use(id: number): string {
    const reference = this.references.get(id);
    if (!reference) throw new TraceError(`Tensor ${id} came from outside of the trace`);
    if (reference.kind === 'constant') {
      const { dataType, shape, values } = reference;
      const symbolic = this.symbol && symbolicConstant(this.graph, this.symbol, reference);
      return symbolic ?? this.graph.constant(dataType, shape, values);
    }
    if (reference.scale === 1) return reference.tensor;
    const tensor = this.graph.float('Mul', reference.tensor, this.graph.scalar(reference.scale));
    this.references.set(id, { ...reference, tensor, scale: 1 });
    return tensor;
  }

  private execute(
    name: string,
    opAttributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    refuseUnseeded(name);
    const known = inputs.map((id) => this.references.get(id));
    const isConstant = known.every((reference) => reference?.kind === 'constant');
    const inferred = inferOutput(name, opAttributes, known);
    const folded = inferred && isConstant ? foldUniform(name, known, inferred) : null;
    const isStandIn = inferred && (folded ?? !isConstant);
    const results = isStandIn
      ? [this.standIn(inferred)]
      : this.runForReal(name, opAttributes, inputs, outputs);
    const alias = folded ?? sameAsInput(name, known, results);
    if (alias) {
      this.references.set(results[0].id, alias);
      return results;
    }
    const elements = results.reduce((sum, { shape }) => sum + countElements(shape), 0);
    if (elements <= FOLDED_ELEMENTS && isConstant) {
      for (const { id, shape, dtype } of results) {
        const values = this.binding.tensorDataSync(id);
        this.references.set(id, { kind: 'constant', values, shape, dataType: dtype });
      }
      return results;
    }
    const carried = carriedScale(name, known);
    const rewritten = rewriteOp(name, opAttributes, known);
    const node = this.graph.node(
      rewritten.name,
      rewritten.inputs.map((at) => this.input(inputs[at], carried !== null)),
      this.attributesOf(rewritten.name, rewritten.attributes, known),
    );
    results.forEach(({ id, shape, dtype }, at) => {
      const tensor = at === 0 ? node : `${node}:${at}`;
      this.references.set(id, { kind: 'node', tensor, shape, dataType: dtype, scale: carried ?? 1 });
    });
    return results;
  }

  /** A handle without a tensor behind it. */
  private standIn({ shape, dataType }: InferredOutput): TensorMetadata {
    this.standIns--;
    return { id: this.standIns, shape, dtype: dataType };
  }

  /** Runs an op whose output's shape is not known; stand-ins go in as zeros, since only shapes matter. */
  private runForReal(
    name: string,
    opAttributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    const made: number[] = [];
    const real = inputs.map((id) => {
      if (id >= 0) return id;
      const reference = this.references.get(id)!;
      const { shape, dataType } = reference;
      const values =
        reference.kind === 'constant' ? reference.values : zerosOf(dataType, countElements(shape));
      made.push(this.binding.createTensor(shape, dataType, values));
      return made[made.length - 1];
    });
    try {
      return this.binding.executeOp(name, opAttributes, real, outputs);
    } finally {
      for (const id of made) this.binding.deleteTensor(id);
    }
  }

  /** An op's input; where the op's output carries the scale on, the input goes in without. */
  private input(id: number, isCarried: boolean): string {
    const reference = this.references.get(id);
    return isCarried && reference?.kind === 'node' ? reference.tensor : this.use(id);
  }

  private attributesOf(
    name: string,
    opAttributes: readonly OpAttribute[],
    inputs: readonly (Reference | undefined)[],
  ): Attributes {
    const attributes: Record<string, Attribute> = {};
    for (const item of opAttributes) attributes[item.name] = fromOpAttribute(item, this.binding);
    // Eager mode infers this one; a graph does not.
    if (name === 'ExpandDims' && inputs[0]) attributes.T ??= attribute.type(inputs[0].dataType);
    return attributes;
  }
}

function zerosOf(dataType: number, length: number): TensorValues {
  if (dataType === DATA_TYPE.float32) return new Float32Array(length);
  return dataType === DATA_TYPE.int32 ? new Int32Array(length) : new Uint8Array(length);
}
