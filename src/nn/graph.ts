import type { OpAttribute, TensorValues } from './backend.js';
import { Message } from './proto.js';

/** TensorFlow's numbers of the types that are used here (types.proto). */
export const DATA_TYPE = { float32: 1, int32: 3, int64: 9, bool: 10 } as const;

/** tfjs's names of the types that can be fed. */
export type DataType = 'float32' | 'int32' | 'bool';

/** Producer version of the graphs that are written; TensorFlow 2.9 and later read it. */
const GRAPH_VERSION = 1087;
const SERVE_TAG = 'serve';
/** Constants up to this many elements are written once, however often they come up. */
const SHARED_CONSTANT_ELEMENTS = 64;

/** The numbers of a constant. */
export interface ConstantTensor {
  readonly dataType: number;
  readonly shape: readonly number[];
  readonly values: TensorValues;
}

/** What an attribute was made from. */
type AttributeValue = number | boolean | string | readonly number[] | ConstantTensor;

/** An attribute of a node, as it is written; and what it was made from, for those who translate the graph. */
export class Attribute extends Message {
  constructor(readonly value: AttributeValue) {
    super();
  }
}

/** Values of attributes (attr_value.proto). */
export const attribute = {
  type: (dataType: number) => new Attribute(dataType).integer(6, dataType),
  integer: (value: number) => new Attribute(value).integer(3, value),
  integers: (values: readonly number[]) => {
    const list = new Message();
    for (const value of values) list.integer(3, value);
    return new Attribute(values).message(1, list);
  },
  float: (value: number) => new Attribute(value).float(4, value),
  boolean: (value: boolean) => new Attribute(value).integer(5, value ? 1 : 0),
  text: (value: string) => new Attribute(value).text(2, value),
  shape: (shape: readonly number[]) => new Attribute(shape).message(7, shapeMessage(shape)),
  tensor: (dataType: number, shape: readonly number[], values: TensorValues) =>
    new Attribute({ dataType, shape, values }).message(
      8,
      new Message()
        .integer(1, dataType)
        .message(2, shapeMessage(shape))
        .bytes(4, new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice()),
    ),
};

export type Attributes = Readonly<Record<string, Attribute>>;

/** A node as it was added. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

function nodeMessage({ name, op, inputs, attributes }: GraphNode): Message {
  const message = new Message().text(1, name).text(2, op);
  // The format wants waiting inputs last.
  for (const input of inputs) if (!input.startsWith('^')) message.text(3, input);
  for (const input of inputs) if (input.startsWith('^')) message.text(3, input);
  for (const [key, value] of Object.entries(attributes)) message.entry(5, key, value);
  return message;
}

function shapeMessage(shape: readonly number[]): Message {
  const message = new Message();
  for (const size of shape) message.message(2, new Message().integer(1, size));
  return message;
}

/** An input or output of an exported model: the tensor's name in the graph, its type and its shape (-1 = any). */
export interface SignatureTensor {
  readonly tensor: string;
  readonly dataType: number;
  readonly shape: readonly number[];
}

/** What a reader of a SavedModel calls. */
export interface Signature {
  readonly inputs: Readonly<Record<string, SignatureTensor>>;
  readonly outputs: Readonly<Record<string, SignatureTensor>>;
}

/**
 * A TensorFlow graph under construction. Tensors are named by the node that makes them (`Node`, or `Node:1` for its second
 * output); `^Node` as an input waits for the node without using what it makes.
 */
export class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  private readonly constants = new Map<string, string>();
  private counter = 0;

  get size(): number {
    return this.nodes.length;
  }

  /** Adds a node; returns its name. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, name?: string): string {
    const unique = name ?? `${op}_${this.counter++}`;
    this.nodes.push({ name: unique, op, inputs, attributes });
    return unique;
  }

  /** Adds a constant, or finds the equal one that is there. */
  constant(dataType: number, shape: readonly number[], values: TensorValues): string {
    const isShared = values.length <= SHARED_CONSTANT_ELEMENTS;
    const key = isShared ? `${dataType}/${shape.join()}/${values.join()}/${sign(values)}` : '';
    const known = isShared ? this.constants.get(key) : undefined;
    if (known !== undefined) return known;
    const name = this.node('Const', [], {
      dtype: attribute.type(dataType),
      value: attribute.tensor(dataType, shape, values),
    });
    if (isShared) this.constants.set(key, name);
    return name;
  }

  scalar(value: number): string {
    return this.constant(DATA_TYPE.float32, [], Float32Array.of(value));
  }

  integers(values: readonly number[]): string {
    return this.constant(DATA_TYPE.int32, [values.length], Int32Array.from(values));
  }

  placeholder(name: string, dataType: number, shape: readonly number[]): string {
    return this.node(
      'Placeholder',
      [],
      { dtype: attribute.type(dataType), shape: attribute.shape(shape) },
      name,
    );
  }

  /** A variable's handle: what ops that read and change it take. */
  variable(name: string, shape: readonly number[], dataType: number = DATA_TYPE.float32): string {
    return this.node(
      'VarHandleOp',
      [],
      {
        dtype: attribute.type(dataType),
        shape: attribute.shape(shape),
        shared_name: attribute.text(name),
      },
      name,
    );
  }

  read(handle: string, waitFor: readonly string[] = []): string {
    return this.node('ReadVariableOp', [handle, ...waitFor.map((name) => `^${name}`)], {
      dtype: attribute.type(DATA_TYPE.float32),
    });
  }

  /** Sets a variable; returns the node to wait for. */
  assign(
    handle: string,
    value: string,
    waitFor: readonly string[] = [],
    dataType: number = DATA_TYPE.float32,
  ): string {
    return this.node('AssignVariableOp', [handle, value, ...waitFor.map((name) => `^${name}`)], {
      dtype: attribute.type(dataType),
    });
  }

  /** An op on float32 tensors that has the one attribute `T`. */
  float(op: string, ...inputs: string[]): string {
    return this.node(op, inputs, { T: attribute.type(DATA_TYPE.float32) });
  }

  /** The bytes of saved_model.pb: one graph, tagged to be served. */
  encodeSavedModel(signatures: Readonly<Record<string, Signature>> = {}): Uint8Array {
    const graph = new Message();
    for (const node of this.nodes) graph.message(1, nodeMessage(node));
    graph.message(4, new Message().integer(1, GRAPH_VERSION));
    const metaGraph = new Message().message(1, new Message().text(4, SERVE_TAG)).message(2, graph);
    for (const [name, signature] of Object.entries(signatures)) {
      metaGraph.entry(5, name, signatureMessage(signature));
    }
    return new Message().integer(1, 1).message(2, metaGraph).encode();
  }
}

/** Tells -0 from 0, which `join` does not. */
function sign(values: TensorValues): string {
  return values.length === 1 && Object.is(values[0], -0) ? '-' : '';
}

function signatureMessage(signature: Signature): Message {
  const message = new Message();
  const info = (tensor: SignatureTensor) =>
    new Message().text(1, tensor.tensor).integer(2, tensor.dataType).message(3, shapeMessage(tensor.shape));
  for (const [name, tensor] of Object.entries(signature.inputs)) message.entry(1, name, info(tensor));
  for (const [name, tensor] of Object.entries(signature.outputs)) message.entry(2, name, info(tensor));
  return message.text(3, 'tensorflow/serving/predict');
}

/** Turns an attribute as tfjs-node's kernels write it into the graph's. */
export function fromOpAttribute(source: OpAttribute, types: AttributeTypes): Attribute {
  const { type, value } = source;
  switch (type) {
    case types.TF_ATTR_STRING:
      return attribute.text(String(value));
    case types.TF_ATTR_INT:
      return Array.isArray(value) ? attribute.integers(value.map(Number)) : attribute.integer(Number(value));
    case types.TF_ATTR_FLOAT:
      return attribute.float(Number(value));
    case types.TF_ATTR_BOOL:
      return attribute.boolean(Boolean(value));
    case types.TF_ATTR_TYPE:
      return attribute.type(Number(value));
    case types.TF_ATTR_SHAPE:
      return attribute.shape(value as number[]);
    default:
      throw new Error(`Attribute ${source.name} has a type that graph mode does not know: ${type}`);
  }
}

/** The binding's numbers for the types of attributes. */
export interface AttributeTypes {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}
