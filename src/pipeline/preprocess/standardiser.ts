const CLIP = 4;
const LEAST_SCALE = 1e-6;

/** Brings columns to mean 0 and deviation 1, and cuts off what lies beyond four deviations. Fitted on training data alone. */
export class Standardiser {
  constructor(
    /** [columns] */
    readonly means: Float64Array,
    /** [columns] */
    readonly deviations: Float64Array,
  ) {}

  /** Standardises rows in place. @param values [rows × columns] row by row */
  apply(values: Float32Array): Float32Array {
    const width = this.means.length;
    for (let at = 0; at < values.length; at++) {
      const column = at % width;
      const scaled = (values[at] - this.means[column]) / this.deviations[column];
      values[at] = Math.min(CLIP, Math.max(-CLIP, scaled));
    }
    return values;
  }
}

/** Fits on rows. @param values [rows × width] row by row */
export function standardiserOf(values: Float32Array, width: number): Standardiser {
  const rows = Math.max(1, values.length / width);
  const means = new Float64Array(width);
  const deviations = new Float64Array(width);
  for (let at = 0; at < values.length; at++) means[at % width] += values[at] / rows;
  for (let at = 0; at < values.length; at++)
    deviations[at % width] += (values[at] - means[at % width]) ** 2 / rows;
  for (let column = 0; column < width; column++)
    deviations[column] = Math.sqrt(deviations[column]) + LEAST_SCALE;
  return new Standardiser(means, deviations);
}
