/** A linear model on standardised inputs: logit = bias + Σ weight · (value − mean) / deviation. */
export interface LinearModel {
  readonly means: Float64Array;
  /** 1 where an input does not vary. */
  readonly deviations: Float64Array;
  readonly weights: Float64Array;
  readonly bias: number;
}

/** Mean and deviation of each column. @param values [rows × width], row by row */
export function columnScales(
  values: Float32Array,
  width: number,
): { means: Float64Array; deviations: Float64Array } {
  const rows = values.length / width;
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (let at = 0; at < values.length; at++) means[at % width] += values[at] / rows;
  for (let at = 0; at < values.length; at++)
    deviations[at % width] += (values[at] - means[at % width]) ** 2 / rows;
  for (let column = 0; column < width; column++) {
    deviations[column] = deviations[column] > 1e-12 ? Math.sqrt(deviations[column]) : 1;
  }
  return { means, deviations };
}

/** Rows scaled to mean 0 and deviation 1. */
export function standardise(
  values: Float32Array,
  scales: { readonly means: Float64Array; readonly deviations: Float64Array },
): Float32Array {
  const width = scales.means.length;
  return values.map((value, at) => (value - scales.means[at % width]) / scales.deviations[at % width]);
}

/**
 * Fits a logistic regression by Newton's method (iteratively reweighted least squares) in float64; the penalised likelihood has one
 * maximum, so that the result depends on no seed.
 *
 * @param values  [rows × width], row by row
 * @param labels  [rows] 0 or 1
 * @param options.penalty      L2 on the standardised weights
 * @param options.weights  [rows] how much each counts; once when left out
 * @throws Error when the fit does not come to rest
 */
export function fitLogistic(
  values: Float32Array,
  labels: ArrayLike<number>,
  options: { width: number; penalty: number; weights?: Float32Array; signal?: AbortSignal },
): LinearModel {
  const { width, penalty, weights, signal } = options;
  const scales = columnScales(values, width);
  const rows = standardise(values, scales);
  const size = width + 1;
  const beta = new Float64Array(size); // the bias comes last
  for (let step = 0; step < 50; step++) {
    signal?.throwIfAborted();
    const gradient = new Float64Array(size);
    const hessian = new Float64Array(size * size);
    for (let row = 0; row < labels.length; row++) {
      addRow(
        rows.subarray(row * width, (row + 1) * width),
        labels[row],
        beta,
        weights ? weights[row] : 1,
        gradient,
        hessian,
      );
    }
    for (let at = 0; at < width; at++) {
      gradient[at] -= penalty * beta[at];
      hessian[at * size + at] += penalty;
    }
    const change = solve(hessian, gradient);
    let largest = 0;
    for (let at = 0; at < size; at++) {
      beta[at] += change[at];
      largest = Math.max(largest, Math.abs(change[at]));
    }
    if (!Number.isFinite(largest)) break;
    if (largest < 1e-8) {
      return { ...scales, weights: beta.slice(0, width), bias: beta[width] };
    }
  }
  throw new Error('The logistic regression did not come to rest within 50 steps.');
}

/** Logits of rows of raw values. */
export function linearLogits(model: LinearModel, values: Float32Array): Float64Array {
  const width = model.weights.length;
  const logits = new Float64Array(values.length / width).fill(model.bias);
  for (let at = 0; at < values.length; at++) {
    const column = at % width;
    logits[(at - column) / width] +=
      (model.weights[column] * (values[at] - model.means[column])) / model.deviations[column];
  }
  return logits;
}

export function sigmoid(logit: number): number {
  return logit >= 0 ? 1 / (1 + Math.exp(-logit)) : Math.exp(logit) / (1 + Math.exp(logit));
}

function addRow(
  row: Float32Array,
  label: number,
  beta: Float64Array,
  weight: number,
  gradient: Float64Array,
  hessian: Float64Array,
): void {
  const width = row.length;
  const size = width + 1;
  let logit = beta[width];
  for (let at = 0; at < width; at++) logit += beta[at] * row[at];
  const probability = sigmoid(logit);
  const residual = weight * (label - probability);
  const curvature = weight * Math.max(probability * (1 - probability), 1e-10);
  for (let a = 0; a < size; a++) {
    const x = a === width ? 1 : row[a];
    gradient[a] += residual * x;
    for (let b = 0; b <= a; b++) {
      const product = curvature * x * (b === width ? 1 : row[b]);
      hessian[a * size + b] += product;
      if (a !== b) hessian[b * size + a] += product;
    }
  }
}

/** Solves a symmetric positive definite system by Cholesky's decomposition. */
function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length;
  const lower = new Float64Array(size * size);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column];
      for (let at = 0; at < column; at++) sum -= lower[row * size + at] * lower[column * size + at];
      lower[row * size + column] =
        row === column ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[column * size + column];
    }
  }
  const solution = Float64Array.from(right);
  for (let row = 0; row < size; row++) {
    for (let at = 0; at < row; at++) solution[row] -= lower[row * size + at] * solution[at];
    solution[row] /= lower[row * size + row];
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let at = row + 1; at < size; at++) solution[row] -= lower[at * size + row] * solution[at];
    solution[row] /= lower[row * size + row];
  }
  return solution;
}
