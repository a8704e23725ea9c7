import { type ConstantTensor, DATA_TYPE, type SignatureTensor } from './graph.js';
import { Message } from './proto.js';

/** ONNX's numbers of types (onnx.proto), by TensorFlow's. */
export const ONNX_TYPE: Readonly<Record<number, number>> = {
  [DATA_TYPE.float32]: 1,
  [DATA_TYPE.int32]: 6,
  [DATA_TYPE.int64]: 7,
  [DATA_TYPE.bool]: 9,
};
export const ONNX_INT64 = 7;

const IR_VERSION = 8;
/** From 18 on, all reductions take their axes as an input. ONNX Runtime 1.14 and later read it. */
const OPSET = 18;

/** Attributes of ONNX nodes: integers, unless written as `{ float }` or `{ text }`. */
export type OnnxAttributes = Readonly<
  Record<string, number | readonly number[] | { readonly float: number } | { readonly text: string }>
>;

/** An ONNX graph under construction. */
export class OnnxGraph {
  private readonly nodes: Message[] = [];
  private readonly initializers = new Map<string, Message>();
  private readonly used = new Set<string>();
  private readonly known = new Map<string, ConstantTensor>();
  private counter = 0;

  /** Adds a node; returns its outputs' names. */
  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}, outputs = 1): string[] {
    const base = `${op}_${this.counter++}`;
    const names = Array.from({ length: outputs }, (_, at) => (at === 0 ? base : `${base}:${at}`));
    const message = new Message();
    for (const input of inputs) {
      message.text(1, input);
      this.used.add(input);
    }
    for (const output of names) message.text(2, output);
    message.text(3, base).text(4, op);
    for (const [name, value] of Object.entries(attributes)) message.message(5, attributeMessage(name, value));
    this.nodes.push(message);
    return names;
  }

  /** Adds a node with one output. */
  one(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}): string {
    return this.node(op, inputs, attributes)[0];
  }

  constant(tensor: ConstantTensor, name = `constant_${this.counter++}`): string {
    const { dataType, shape, values } = tensor;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
    this.initializers.set(name, tensorMessage(name, ONNX_TYPE[dataType], shape, bytes));
    this.known.set(name, tensor);
    return name;
  }

  scalar(value: number): string {
    return this.constant({ dataType: DATA_TYPE.float32, shape: [], values: Float32Array.of(value) });
  }

  /** A vector of int64, as shapes and axes are in ONNX. */
  longs(values: readonly number[]): string {
    const name = `longs_${this.counter++}`;
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.initializers.set(name, tensorMessage(name, ONNX_INT64, [values.length], bytes));
    return name;
  }

  /** The numbers of a constant, or null for what is computed. */
  numbersOf(name: string): number[] | null {
    const tensor = this.known.get(name);
    return tensor ? Array.from(tensor.values) : null;
  }

  /** The vector as int64. */
  toLongs(name: string): string {
    const numbers = this.numbersOf(name);
    if (numbers) return this.longs(numbers);
    return this.one('Cast', [this.one('Reshape', [name, this.longs([-1])])], { to: ONNX_INT64 });
  }

  encode(inputs: Readonly<Record<string, SignatureTensor>>, outputs: OnnxOutputs): Uint8Array {
    const graph = new Message();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, 'model');
    for (const [name, initializer] of this.initializers)
      if (this.used.has(name)) graph.message(5, initializer);
    for (const [name, tensor] of Object.entries(inputs)) graph.message(11, valueMessage(name, tensor));
    for (const [name, { tensor }] of Object.entries(outputs)) graph.message(12, valueMessage(name, tensor));
    return new Message()
      .integer(1, IR_VERSION)
      .text(2, 'tandem')
      .message(7, graph)
      .message(8, new Message().text(1, '').integer(2, OPSET))
      .encode();
  }

  /** Names an output. */
  output(name: string, from: string): void {
    this.used.add(from);
    const message = new Message().text(1, from).text(2, name).text(3, `output_${name}`).text(4, 'Identity');
    this.nodes.push(message);
  }
}

type OnnxOutputs = Readonly<Record<string, { readonly tensor: SignatureTensor }>>;

function attributeMessage(name: string, value: OnnxAttributes[string]): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  if ('text' in value) return message.text(4, value.text).integer(20, 3);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

function tensorMessage(name: string, type: number, shape: readonly number[], bytes: Uint8Array): Message {
  const message = new Message();
  for (const size of shape) message.integer(1, size);
  return message.integer(2, type).text(8, name).bytes(9, bytes);
}

/** A typed input or output; -1 stands for any number of rows. */
function valueMessage(name: string, { dataType, shape }: SignatureTensor): Message {
  const sizes = new Message();
  for (const size of shape) {
    sizes.message(1, size < 0 ? new Message().text(2, 'rows') : new Message().integer(1, size));
  }
  const tensor = new Message().integer(1, ONNX_TYPE[dataType]).message(2, sizes);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
