import type { OpAttribute, TensorMetadata, TensorValues } from './backend.js';

/** What a handle of the binding stands for in the graph. */
export type Reference = NodeReference | ConstantReference;

export interface ConstantReference {
  readonly kind: 'constant';
  readonly values: TensorValues;
  readonly shape: readonly number[];
  readonly dataType: number;
}

export interface NodeReference {
  readonly kind: 'node';
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly dataType: number;
  /** What the tensor has yet to be multiplied by; see `deferScale`. */
  readonly scale: number;
}

/** An op as it is written into the graph. */
export interface RewrittenOp {
  readonly name: string;
  /** Which of the op's inputs it takes, in order. */
  readonly inputs: readonly number[];
  readonly attributes: readonly OpAttribute[];
}

/** From this many elements on, a multiplication by one number is put off until fewer are left: 2^17, half a megabyte. */
const DEFERRED_ELEMENTS = 131_072;
const FLOAT = 1;
/** Ops whose output is multiplied when one of these inputs is. */
const LINEAR_INPUTS: Readonly<Record<string, readonly number[]>> = {
  Neg: [0],
  Reshape: [0],
  Transpose: [0],
  Slice: [0],
  Sum: [0],
  ReluGrad: [0],
  BatchMatMulV2: [0, 1],
  Mul: [0, 1],
};

export function countElements(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}

function isSameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, at) => size === b[at]);
}

/** The one number that a constant consists of, or null. */
function uniformValue(reference: Reference | undefined): number | null {
  if (reference?.kind !== 'constant' || reference.dataType !== FLOAT) return null;
  const [first] = reference.values;
  return reference.values.every((value) => value === first) ? first : null;
}

const UNIFORM_OPS: Readonly<Record<string, (a: number, b: number) => number>> = {
  Mul: (a, b) => a * b,
  RealDiv: (a, b) => a / b,
  Div: (a, b) => a / b,
  Add: (a, b) => a + b,
  AddV2: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Neg: (a) => -a,
};

/** The value of an op on constants that each consist of one number, without TensorFlow; null where that is not known here. */
export function foldUniform(
  name: string,
  inputs: readonly (Reference | undefined)[],
  output: { readonly shape: readonly number[]; readonly dataType: number },
): ConstantReference | null {
  const [first, second] = inputs;
  const { shape, dataType } = output;
  if (first?.kind !== 'constant' || dataType !== FLOAT || first.dataType !== FLOAT) return null;
  if (name === 'Reshape' || name === 'ExpandDims' || name === 'Cast') {
    return { kind: 'constant', values: first.values, shape, dataType };
  }
  const compute = UNIFORM_OPS[name];
  const a = uniformValue(first);
  const b = second ? uniformValue(second) : 0;
  if (!compute || a === null || b === null) return null;
  const values = new Float32Array(countElements(shape)).fill(compute(a, b));
  return { kind: 'constant', values, shape, dataType };
}

function attributeOf(attributes: readonly OpAttribute[], name: string): unknown {
  return attributes.find((item) => item.name === name)?.value;
}

/** The input that an op hands through unchanged, as tfjs's gradients are full of them. */
export function sameAsInput(
  name: string,
  inputs: readonly (Reference | undefined)[],
  [result]: readonly TensorMetadata[],
): Reference | undefined {
  const [first, second] = inputs;
  if (!first) return undefined;
  if (name === 'Identity') return first;
  if (name === 'Cast') return first.dataType === result.dtype ? first : undefined;
  if (name === 'Reshape') return isSameShape(first.shape, result.shape) ? first : undefined;
  if (name === 'Sum')
    return isSameShape(first.shape, result.shape) && second?.shape[0] === 0 ? first : undefined;
  if (name === 'Mul' && second) return deferScale(first, second, result) ?? deferScale(second, first, result);
  return undefined;
}

/**
 * A product with one number, without computing it: the gradient of a mean multiplies tensors as large as the batch's logits by
 * 1 / rows, and what follows is linear down to the small gradients of the weights, where the product costs little.
 */
function deferScale(factor: Reference, other: Reference, result: TensorMetadata): Reference | undefined {
  const number = uniformValue(other);
  if (number === null || !isSameShape(factor.shape, result.shape)) return undefined;
  if (number === 1) return factor;
  if (factor.kind === 'constant') return undefined;
  if (factor.scale === 1 && countElements(result.shape) < DEFERRED_ELEMENTS) return undefined;
  return { ...factor, scale: factor.scale * number };
}

/** The scale of an op's output when its inputs' scales are left out, or null when they can't be. */
export function carriedScale(name: string, inputs: readonly (Reference | undefined)[]): number | null {
  const scales = inputs.map((input) => (input?.kind === 'node' ? input.scale : 1));
  if (scales.every((scale) => scale === 1)) return 1;
  if (name === 'Add' || name === 'AddV2' || name === 'Sub' || name === 'AddN') {
    return scales.every((scale) => scale === scales[0]) ? scales[0] : null;
  }
  const linear = LINEAR_INPUTS[name];
  if (!linear || scales.some((scale, at) => scale !== 1 && !linear.includes(at))) return null;
  return scales.reduce((product, scale) => product * scale, 1);
}

/** Replaces ops by ones that TensorFlow computes faster, or fuses with others when it loads the graph. */
export function rewriteOp(
  name: string,
  attributes: readonly OpAttribute[],
  inputs: readonly (Reference | undefined)[],
): RewrittenOp {
  const [first, second] = inputs;
  const asIs = { name, attributes, inputs: inputs.map((_, at) => at) };
  if (!first || !second) return asIs;
  const type = attributes.filter((item) => item.name === 'T');
  if (name === 'BatchMatMulV2' && first.shape.length === 2 && second.shape.length === 2) {
    const renamed = attributes.map((item) => {
      if (item.name === 'adj_x') return { ...item, name: 'transpose_a' };
      return item.name === 'adj_y' ? { ...item, name: 'transpose_b' } : item;
    });
    return { name: 'MatMul', attributes: renamed, inputs: [0, 1] };
  }
  if ((name === 'Add' || name === 'AddV2') && first.dataType === FLOAT) {
    // [rows, …, width] + [width], as in a dense layer: TensorFlow then makes one op of product, bias and activation.
    if (isBias(first, second)) return { name: 'BiasAdd', attributes: type, inputs: [0, 1] };
    if (isBias(second, first)) return { name: 'BiasAdd', attributes: type, inputs: [1, 0] };
  }
  if (name === 'Sum' && first.dataType === FLOAT && attributeOf(attributes, 'keep_dims') === false) {
    const leading = first.shape.length - 1;
    const isOverRows = second.kind === 'constant' && second.values.length === leading && leading > 0;
    if (isOverRows && second.values.every((axis, at) => axis === at)) {
      return { name: 'BiasAddGrad', attributes: type, inputs: [0] };
    }
  }
  return asIs;
}

function isBias(values: Reference, bias: Reference): boolean {
  return values.shape.length >= 2 && bias.shape.length === 1 && bias.shape[0] === values.shape.at(-1);
}
