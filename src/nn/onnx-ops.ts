import { type ConstantTensor, DATA_TYPE, type GraphNode } from './graph.js';
import { ONNX_INT64, ONNX_TYPE, type OnnxGraph } from './onnx-graph.js';
import { TraceError } from './trace-guard.js';

type Attribute = (name: string) => unknown;
type Translate = (onnx: OnnxGraph, inputs: readonly string[], attribute: Attribute) => string | string[];

const ONNX_INT32 = ONNX_TYPE[DATA_TYPE.int32];
const ONNX_FLOAT = ONNX_TYPE[DATA_TYPE.float32];

/** Ops that are the same under another name. */
const RENAMED: Readonly<Record<string, string>> = {
  Abs: 'Abs',
  Add: 'Add',
  AddN: 'Sum',
  AddV2: 'Add',
  BiasAdd: 'Add',
  Ceil: 'Ceil',
  Div: 'Div',
  Elu: 'Elu',
  Equal: 'Equal',
  Erf: 'Erf',
  Exp: 'Exp',
  Floor: 'Floor',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Identity: 'Identity',
  IsNan: 'IsNaN',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
  Log: 'Log',
  LogicalAnd: 'And',
  LogicalNot: 'Not',
  LogicalOr: 'Or',
  LogSoftmax: 'LogSoftmax',
  Maximum: 'Max',
  Minimum: 'Min',
  Mul: 'Mul',
  Neg: 'Neg',
  Pow: 'Pow',
  RealDiv: 'Div',
  Reciprocal: 'Reciprocal',
  Relu: 'Relu',
  Round: 'Round',
  Select: 'Where',
  SelectV2: 'Where',
  Selu: 'Selu',
  Sigmoid: 'Sigmoid',
  Sign: 'Sign',
  Softmax: 'Softmax',
  Softplus: 'Softplus',
  Sqrt: 'Sqrt',
  Sub: 'Sub',
  Tanh: 'Tanh',
};

const REDUCTIONS: Readonly<Record<string, string>> = {
  Max: 'ReduceMax',
  Mean: 'ReduceMean',
  Min: 'ReduceMin',
  Prod: 'ReduceProd',
  Sum: 'ReduceSum',
};

/** The numbers of an input that has to be a constant. */
function numbers(onnx: OnnxGraph, name: string, what: string): number[] {
  const found = onnx.numbersOf(name);
  if (!found) throw new TraceError(`ONNX wants ${what} as constants`);
  return found;
}

const transposed = (onnx: OnnxGraph, tensor: string, isFlipped: unknown) =>
  isFlipped === true ? onnx.one('Einsum', [tensor], { equation: { text: '...ij->...ji' } }) : tensor;

const flags = (value: unknown) => (value === true ? 1 : 0);

/** x's shape, filled with a number of x's type. */
function filledLike(onnx: OnnxGraph, x: string, value: number): string {
  const typed = onnx.one('CastLike', [onnx.scalar(value), x]);
  return onnx.one('Expand', [typed, onnx.one('Shape', [x])]);
}

const OTHERS: Readonly<Record<string, Translate>> = {
  Const: (onnx, _, attribute) => onnx.constant(attribute('value') as ConstantTensor),
  MatMul: (onnx, inputs, attribute) =>
    onnx.one('Gemm', inputs, {
      transA: flags(attribute('transpose_a')),
      transB: flags(attribute('transpose_b')),
    }),
  BatchMatMulV2: (onnx, [a, b], attribute) =>
    onnx.one('MatMul', [transposed(onnx, a, attribute('adj_x')), transposed(onnx, b, attribute('adj_y'))]),
  Rsqrt: (onnx, [x]) => onnx.one('Reciprocal', [onnx.one('Sqrt', [x])]),
  Square: (onnx, [x]) => onnx.one('Mul', [x, x]),
  SquaredDifference: (onnx, inputs) => {
    const difference = onnx.one('Sub', inputs);
    return onnx.one('Mul', [difference, difference]);
  },
  Log1p: (onnx, [x]) => onnx.one('Log', [onnx.one('Add', [x, onnx.scalar(1)])]),
  Expm1: (onnx, [x]) => onnx.one('Sub', [onnx.one('Exp', [x]), onnx.scalar(1)]),
  Relu6: (onnx, [x]) => onnx.one('Clip', [x, onnx.scalar(0), onnx.scalar(6)]),
  LeakyRelu: (onnx, [x], attribute) =>
    onnx.one('LeakyRelu', [x], { alpha: { float: Number(attribute('alpha') ?? 0.2) } }),
  ClipByValue: (onnx, inputs) => onnx.one('Clip', inputs),
  DivNoNan: (onnx, [a, b]) => {
    const zero = onnx.scalar(0);
    return onnx.one('Where', [onnx.one('Equal', [b, zero]), zero, onnx.one('Div', [a, b])]);
  },
  NotEqual: (onnx, inputs) => onnx.one('Not', [onnx.one('Equal', inputs)]),
  ZerosLike: (onnx, [x]) => filledLike(onnx, x, 0),
  OnesLike: (onnx, [x]) => filledLike(onnx, x, 1),
  Cast: (onnx, [x], attribute) => onnx.one('Cast', [x], { to: ONNX_TYPE[Number(attribute('DstT'))] }),
  Reshape: (onnx, [x, shape]) => onnx.one('Reshape', [x, onnx.toLongs(shape)], { allowzero: 1 }),
  Shape: (onnx, [x]) => onnx.one('Cast', [onnx.one('Shape', [x])], { to: ONNX_INT32 }),
  Fill: (onnx, [size, value]) => onnx.one('Expand', [value, onnx.toLongs(size)]),
  Tile: (onnx, [x, repeats]) => onnx.one('Tile', [x, onnx.toLongs(repeats)]),
  ExpandDims: (onnx, [x, axis]) => onnx.one('Unsqueeze', [x, onnx.toLongs(axis)]),
  Transpose: (onnx, [x, permutation]) =>
    onnx.one('Transpose', [x], { perm: numbers(onnx, permutation, 'permutations') }),
  ConcatV2: (onnx, inputs) =>
    onnx.one('Concat', inputs.slice(0, -1), { axis: numbers(onnx, inputs.at(-1)!, 'axes')[0] }),
  Pack: (onnx, inputs, attribute) => {
    const axis = Number(attribute('axis') ?? 0);
    const axes = onnx.longs([axis]);
    return onnx.one(
      'Concat',
      inputs.map((input) => onnx.one('Unsqueeze', [input, axes])),
      { axis },
    );
  },
  Unpack: (onnx, [x], attribute) => {
    const axis = Number(attribute('axis') ?? 0);
    const count = Number(attribute('num'));
    const parts = onnx.node('Split', [x], { axis, num_outputs: count }, count);
    return parts.map((part) => onnx.one('Squeeze', [part, onnx.longs([axis])]));
  },
  Slice: (onnx, [x, begin, size]) => {
    const sizes = onnx.numbersOf(size);
    const begins = onnx.numbersOf(begin);
    // ONNX takes ends; what lies behind the end of an axis is its end.
    const starts = onnx.toLongs(begin);
    if (sizes && begins) {
      const ends = sizes.map((length, at) => (length < 0 ? 2 ** 31 - 1 : begins[at] + length));
      return onnx.one('Slice', [x, starts, onnx.longs(ends)]);
    }
    return onnx.one('Slice', [x, starts, onnx.one('Add', [starts, onnx.toLongs(size)])]);
  },
  StridedSlice: (onnx, [x, begin, end, strides], attribute) => {
    const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask'];
    if (masks.some((name) => Number(attribute(name) ?? 0) !== 0)) {
      throw new TraceError('ONNX has no strided slice with masks');
    }
    const starts = numbers(onnx, begin, 'slices');
    const cut = onnx.one('Slice', [
      x,
      onnx.longs(starts),
      onnx.toLongs(end),
      onnx.longs([...starts.keys()]),
      onnx.toLongs(strides),
    ]);
    const shrunk = Number(attribute('shrink_axis_mask') ?? 0);
    const axes = [...starts.keys()].filter((axis) => (shrunk >> axis) & 1);
    return axes.length > 0 ? onnx.one('Squeeze', [cut, onnx.longs(axes)]) : cut;
  },
  GatherV2: (onnx, [x, ids, axis], attribute) => {
    const [at] = numbers(onnx, axis, 'axes');
    const batched = Number(attribute('batch_dims') ?? 0);
    if (batched === 0) return onnx.one('Gather', [x, ids], { axis: at });
    // Both are matrices, a row of places for each row of values: that is what ONNX gathers element by element.
    if (batched === 1 && at === 1) return onnx.one('GatherElements', [x, ids], { axis: 1 });
    throw new TraceError('ONNX has no gather by more than one leading axis');
  },
  GatherNd: (onnx, [x, places]) => onnx.one('GatherND', [x, onnx.one('Cast', [places], { to: ONNX_INT64 })]),
  OneHot: (onnx, [ids, depth, on, off], attribute) => {
    const vector = onnx.longs([1]);
    const values = [off, on].map((value) => onnx.one('Reshape', [value, vector]));
    const axis = Number(attribute('axis') ?? -1);
    // ONNX Runtime has it for floats alone.
    const floats = onnx.one('Cast', [onnx.one('Concat', values, { axis: 0 })], { to: ONNX_FLOAT });
    return onnx.one('CastLike', [onnx.one('OneHot', [ids, depth, floats], { axis }), on]);
  },
  ArgMax: (onnx, [x, axis]) => {
    const found = onnx.one('ArgMax', [x], { axis: numbers(onnx, axis, 'axes')[0], keepdims: 0 });
    return onnx.one('Cast', [found], { to: ONNX_INT32 });
  },
};

/**
 * Adds what a TensorFlow node does.
 *
 * @param inputs the ONNX names of the node's inputs
 * @returns the ONNX names of its outputs
 * @throws TraceError naming an op that has no translation
 */
export function translateOp(onnx: OnnxGraph, node: GraphNode, inputs: readonly string[]): string[] {
  const attribute: Attribute = (name) => node.attributes[name]?.value;
  const renamed = RENAMED[node.op];
  if (renamed) return [onnx.one(renamed, inputs)];
  const reduction = REDUCTIONS[node.op];
  if (reduction) {
    const attributes = { keepdims: flags(attribute('keep_dims')), noop_with_empty_axes: 1 };
    return [onnx.one(reduction, [inputs[0], onnx.toLongs(inputs[1])], attributes)];
  }
  const translate = OTHERS[node.op];
  if (!translate) throw new TraceError(`The model uses ${node.op}, which is not translated to ONNX`);
  const outputs = translate(onnx, inputs, attribute);
  return Array.isArray(outputs) ? outputs : [outputs];
}
