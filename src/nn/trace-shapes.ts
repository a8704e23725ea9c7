import type { OpAttribute } from './backend.js';
import type { Reference } from './trace-rewrite.js';

/** Shape and type of an op's single output. */
export interface InferredOutput {
  readonly shape: number[];
  readonly dataType: number;
}

type Inputs = readonly Reference[];
type Infer = (inputs: Inputs, attribute: (name: string) => unknown) => InferredOutput | null;

const BOOL = 10;

const likeFirst: Infer = ([first]) => ({ shape: [...first.shape], dataType: first.dataType });
const elementwise: Infer = ([first, second]) => {
  const shape = broadcast(first.shape, second.shape);
  return shape && { shape, dataType: first.dataType };
};
const comparison: Infer = ([first, second]) => {
  const shape = broadcast(first.shape, second.shape);
  return shape && { shape, dataType: BOOL };
};

/** Shape of an elementwise op, or null where it would be an error (which TensorFlow then reports). */
function broadcast(a: readonly number[], b: readonly number[]): number[] | null {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let at = 0; at < rank; at++) {
    const first = a[at - rank + a.length] ?? 1;
    const second = b[at - rank + b.length] ?? 1;
    if (first !== second && first !== 1 && second !== 1) return null;
    shape.push(first === 1 ? second : first);
  }
  return shape;
}

/** The numbers of a constant input, or null. */
function numbersOf(reference: Reference | undefined): number[] | null {
  return reference?.kind === 'constant' ? Array.from(reference.values) : null;
}

const reduction: Infer = ([values, axes], attribute) => {
  const numbers = numbersOf(axes);
  if (!numbers) return null;
  const reduced = new Set(numbers.map((axis) => (axis < 0 ? axis + values.shape.length : axis)));
  const isKept = attribute('keep_dims') === true;
  const shape = values.shape.flatMap((size, at) => (reduced.has(at) ? (isKept ? [1] : []) : [size]));
  return { shape, dataType: values.dataType };
};

const product: Infer = ([a, b], attribute) => {
  const rank = a.shape.length;
  if (rank < 2 || b.shape.length < 2) return null;
  const isFlippedA = attribute('adj_x') === true;
  const isFlippedB = attribute('adj_y') === true;
  const [rowsA, columnsA] = isFlippedA ? [a.shape[rank - 1], a.shape[rank - 2]] : a.shape.slice(-2);
  const [rowsB, columnsB] = isFlippedB
    ? [b.shape[b.shape.length - 1], b.shape[b.shape.length - 2]]
    : b.shape.slice(-2);
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  if (columnsA !== rowsB || !batch) return null;
  return { shape: [...batch, rowsA, columnsB], dataType: a.dataType };
};

const reshape: Infer = ([values, shape]) => {
  const numbers = numbersOf(shape);
  return numbers?.every((size) => size >= 0) ? { shape: numbers, dataType: values.dataType } : null;
};

const slice: Infer = ([values, , size]) => {
  const numbers = numbersOf(size);
  return numbers?.every((length) => length >= 0) ? { shape: numbers, dataType: values.dataType } : null;
};

const transpose: Infer = ([values, permutation]) => {
  const order = numbersOf(permutation);
  return order && { shape: order.map((axis) => values.shape[axis]), dataType: values.dataType };
};

const concat: Infer = (inputs) => {
  const values = inputs.slice(0, -1);
  const axis = numbersOf(inputs[inputs.length - 1])?.[0];
  if (axis === undefined) return null;
  const [{ shape: first, dataType }] = values;
  const at = axis < 0 ? axis + first.length : axis;
  const total = values.reduce((sum, { shape }) => sum + shape[at], 0);
  return { shape: first.map((size, dimension) => (dimension === at ? total : size)), dataType };
};

const expandDims: Infer = ([values, dimension]) => {
  const axis = numbersOf(dimension)?.[0];
  if (axis === undefined) return null;
  const shape = [...values.shape];
  shape.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, 1);
  return { shape, dataType: values.dataType };
};

const filled: Infer = ([shape, value]) => {
  const numbers = numbersOf(shape);
  return numbers && { shape: numbers, dataType: value.dataType };
};

const random: Infer = ([shape], attribute) => {
  const numbers = numbersOf(shape);
  return numbers && { shape: numbers, dataType: Number(attribute('dtype')) };
};

const gatherNd: Infer = ([values, places]) => {
  const depth = places.shape[places.shape.length - 1];
  return { shape: [...places.shape.slice(0, -1), ...values.shape.slice(depth)], dataType: values.dataType };
};

const pack: Infer = (inputs, attribute) => {
  const shape = [...inputs[0].shape];
  const axis = Number(attribute('axis') ?? 0);
  shape.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, inputs.length);
  return { shape, dataType: inputs[0].dataType };
};

const cast: Infer = ([values], attribute) => ({
  shape: [...values.shape],
  dataType: Number(attribute('DstT')),
});

function forAll(names: string, infer: Infer): [string, Infer][] {
  return names.split(' ').map((name) => [name, infer]);
}

const UNARY =
  'Abs Elu Erf Exp Expm1 Floor Log Log1p Neg OnesLike Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Softmax LogSoftmax ' +
  'Softplus Sqrt Square Tanh ZerosLike LeakyRelu Identity TensorScatterSub ReluGrad Cos Sin LogicalNot';
const SHAPES = new Map<string, Infer>([
  ...forAll(UNARY, likeFirst),
  ...forAll(
    'Add AddV2 Sub Mul Div RealDiv DivNoNan Maximum Minimum Pow SquaredDifference FloorDiv Mod',
    elementwise,
  ),
  ...forAll('Equal NotEqual Greater GreaterEqual Less LessEqual LogicalAnd LogicalOr', comparison),
  ...forAll('Sum Mean Max Min Prod', reduction),
  ...forAll('StatelessRandomUniform StatelessRandomNormal StatelessRandomUniformInt', random),
  ['BatchMatMulV2', product],
  ['Reshape', reshape],
  ['Slice', slice],
  ['Transpose', transpose],
  ['ConcatV2', concat],
  ['ExpandDims', expandDims],
  ['Fill', filled],
  ['GatherNd', gatherNd],
  ['Pack', pack],
  ['Cast', cast],
]);

/**
 * What an op gives, where it is one of the common ones whose shapes are known here. Tracing then need not run it: the first run of
 * each kind of op costs TensorFlow about a millisecond, and a batch's products their time.
 */
export function inferOutput(
  name: string,
  attributes: readonly OpAttribute[],
  inputs: readonly (Reference | undefined)[],
): InferredOutput | null {
  const infer = SHAPES.get(name);
  if (!infer || inputs.some((input) => !input)) return null;
  return infer(inputs as Inputs, (key) => attributes.find((item) => item.name === key)?.value);
}
