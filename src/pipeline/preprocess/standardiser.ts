/** Beyond so many deviations values are cut off. */
export const STANDARD_CLIP = 4;
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
    for (let at = 0; at < values.length; at++) values[at] = this.scaled(values[at], at % width);
    return values;
  }

  /** One standardised value. */
  scaled(value: number, column: number): number {
    const scaled = (value - this.means[column]) / this.deviations[column];
    return Math.min(STANDARD_CLIP, Math.max(-STANDARD_CLIP, scaled));
  }
}

/** Fits on rows. @param values [rows × width] row by row */
export function standardiserOf(values: Float32Array, width: number): Standardiser {
  const fit = new StandardiserFit(values.length / width, width);
  fit.addMeans(values);
  fit.addDeviations(values);
  return fit.finish();
}

/** Fits on rows that come in parts: first all parts for the means, then all again for the deviations, each time in the same order. */
export class StandardiserFit {
  private readonly rows: number;
  private readonly means: Float64Array;
  private readonly deviations: Float64Array;

  /** @param rows of all parts together */
  constructor(
    rows: number,
    private readonly width: number,
  ) {
    this.rows = Math.max(1, rows);
    this.means = new Float64Array(width);
    this.deviations = new Float64Array(width);
  }

  /** @param values [rows of the part × width] */
  addMeans(values: Float32Array): void {
    const { means, rows, width } = this;
    for (let at = 0; at < values.length; at++) means[at % width] += values[at] / rows;
  }

  addDeviations(values: Float32Array): void {
    const { means, deviations, rows, width } = this;
    for (let at = 0; at < values.length; at++)
      deviations[at % width] += (values[at] - means[at % width]) ** 2 / rows;
  }

  finish(): Standardiser {
    const deviations = this.deviations.map((sum) => Math.sqrt(sum) + LEAST_SCALE);
    return new Standardiser(this.means, deviations);
  }
}
