import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import { TraceError } from './trace-guard.js';
import type { ConstantReference } from './trace-rewrite.js';

/**
 * A number of rows that stands for any. Shapes in a trace are plain numbers; a model is traced with a number of rows that no size in
 * it is a multiple of, and where that number comes up in a constant, the graph computes it from its input.
 */
export interface RowsSymbol {
  readonly rows: number;
  /** Scalar int32 tensor with the true number of rows. */
  readonly tensor: string;
}

/** Large primes: the first that no size of the model is a multiple of is taken. */
const CANDIDATES = [10007, 10009, 10037, 10039, 10061];
const INT = attribute.type(DATA_TYPE.int32);

/** A number of rows that no given size is a multiple of. */
export function chooseSymbol(sizes: readonly number[]): number {
  const chosen = CANDIDATES.find((candidate) => sizes.every((size) => size % candidate !== 0 || size === 0));
  if (chosen === undefined) throw new TraceError('No number of rows is free to stand for any');
  return chosen;
}

/** Adds the scalar number of rows of a placeholder. */
export function rowsOf(graph: GraphBuilder, placeholder: string, dataType: number): string {
  const shape = graph.node('Shape', [placeholder], { T: attribute.type(dataType), out_type: INT });
  const inputs = [shape, graph.integers([0]), graph.integers([1]), graph.integers([1])];
  return graph.node('StridedSlice', inputs, { T: INT, Index: INT, shrink_axis_mask: attribute.integer(1) });
}

/** The constant in terms of the number of rows, or null where it does not come up in it. */
export function symbolicConstant(
  graph: GraphBuilder,
  symbol: RowsSymbol,
  constant: ConstantReference,
): string | null {
  const { shape, values, dataType } = constant;
  const isMultiple = (size: number) => size !== 0 && size % symbol.rows === 0;
  if (shape.some(isMultiple)) {
    const [first] = values;
    if (!values.every((value) => value === first)) {
      throw new TraceError(
        `The model holds a constant of [${shape.join(', ')}] values, one for each row: it can't be had for any number of rows`,
      );
    }
    const size = sizes(graph, symbol, shape);
    const value = graph.constant(dataType, [], values.slice(0, 1));
    return graph.node('Fill', [size, value], { T: attribute.type(dataType), index_type: INT });
  }
  if (dataType !== DATA_TYPE.int32 || !Array.from(values).some(isMultiple)) return null;
  const numbers = sizes(graph, symbol, Array.from(values));
  if (shape.length === 1) return numbers;
  return graph.node('Reshape', [numbers, graph.integers(shape)], { T: INT, Tshape: INT });
}

/** A vector of sizes, in which multiples of the symbol are computed. */
function sizes(graph: GraphBuilder, symbol: RowsSymbol, numbers: readonly number[]): string {
  const parts = numbers.map((number) => {
    const scalar = (value: number) => graph.constant(DATA_TYPE.int32, [], Int32Array.of(value));
    if (number === 0 || number % symbol.rows !== 0) return scalar(number);
    const factor = number / symbol.rows;
    return factor === 1 ? symbol.tensor : graph.node('Mul', [symbol.tensor, scalar(factor)], { T: INT });
  });
  return graph.node('Pack', parts, {
    N: attribute.integer(parts.length),
    T: INT,
    axis: attribute.integer(0),
  });
}
