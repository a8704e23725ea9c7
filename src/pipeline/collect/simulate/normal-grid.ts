/** Equally spaced points that stand for a standard normal and everything within it: sums over them integrate smooth functions. */
const REACH = 4;
const POINTS = 61;

/** [points] ascending */
export const GRID = Float64Array.from(
  { length: POINTS },
  (_, at) => -REACH + (2 * REACH * at) / (POINTS - 1),
);

/** Weights of a normal on the grid: [points], adding up to 1. A normal narrower than the spacing becomes the nearest points. */
export function normalWeights(mean: number, variance: number): Float64Array {
  const centre = Math.min(REACH, Math.max(-REACH, mean));
  const spread = Math.max(Math.sqrt(variance), REACH / (POINTS - 1));
  const weights = GRID.map((point) => Math.exp(-0.5 * ((point - centre) / spread) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
