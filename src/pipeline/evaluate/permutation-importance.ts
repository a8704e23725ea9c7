import { Random } from '../../nn/random.js';

/** Columns that are shuffled together: features that say the same would stand in for each other alone. */
export interface FeatureGroup {
  readonly name: string;
  readonly columns: readonly number[];
}

export interface PermutationOptions {
  /** [rows × width], row by row; left as it is. */
  readonly features: Float32Array;
  readonly width: number;
  readonly groups: readonly FeatureGroup[];
  /** Scores of all rows at once: [rows × width] → [rows]. The array is used again: what it holds is to be read before the next call. */
  readonly predict: (features: Float32Array) => ArrayLike<number> | Promise<ArrayLike<number>>;
  /** How good scores are; more is better. */
  readonly quality: (scores: ArrayLike<number>) => number;
  readonly seed: number;
  /** Shuffles of each group; default 5. */
  readonly repeats?: number;
}

export interface PermutationImportance {
  readonly name: string;
  /** How much quality is lost when the group tells nothing: mean over the repeats. Below 0: the model does better without. */
  readonly importance: number;
  /** Standard deviation over the repeats; 0 for one. */
  readonly spread: number;
}

/** How much a model's quality on `features` rests on each group, the most important first. */
export interface PermutationReport {
  readonly quality: number;
  readonly groups: PermutationImportance[];
}

const REPEATS = 5;

/**
 * Importance of features to a model as a whole: the quality that is lost when a feature's values are shuffled over the rows (Breiman, 2001; for any
 * model: Fisher, Rudin and Dominici, JMLR 2019). Use rows that the model was not fitted on.
 *
 * @throws RangeError for a width that does not divide the features, a group without columns or with one that is not there, or fewer than one
 * repeat
 */
export async function permutationImportance(options: PermutationOptions): Promise<PermutationReport> {
  const { features, width, groups, predict, quality, seed, repeats = REPEATS } = options;
  check(options, repeats);
  const rows = features.length / width;
  const random = new Random(seed).fork('permutation-importance');
  const whole = quality(await predict(features.slice()));
  const shuffled = features.slice();
  const importances: PermutationImportance[] = [];
  for (const { name, columns } of groups) {
    const own = random.fork(name);
    const losses: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const order = own.permutation(rows);
      for (let row = 0; row < rows; row++)
        for (const column of columns) shuffled[row * width + column] = features[order[row] * width + column];
      losses.push(whole - quality(await predict(shuffled)));
    }
    for (let row = 0; row < rows; row++)
      for (const column of columns) shuffled[row * width + column] = features[row * width + column];
    importances.push({ name, ...meanAndSpread(losses) });
  }
  return { quality: whole, groups: importances.sort((a, b) => b.importance - a.importance) };
}

function check({ features, width, groups }: PermutationOptions, repeats: number): void {
  if (!(Number.isInteger(width) && width > 0 && features.length % width === 0))
    throw new RangeError(
      `Expected rows of a whole width; got ${features.length} values and a width of ${width}.`,
    );
  if (!(Number.isInteger(repeats) && repeats >= 1))
    throw new RangeError(`Expected at least one repeat; got ${repeats}.`);
  for (const { name, columns } of groups) {
    const wrong = columns.find((column) => !(Number.isInteger(column) && column >= 0 && column < width));
    if (wrong !== undefined)
      throw new RangeError(`Group ${name}: expected columns from 0 to ${width - 1}; got ${wrong}.`);
    if (columns.length === 0) throw new RangeError(`Group ${name} has no columns.`);
  }
}

function meanAndSpread(losses: readonly number[]): { importance: number; spread: number } {
  const importance = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const squares = losses.reduce((sum, loss) => sum + (loss - importance) ** 2, 0);
  return { importance, spread: losses.length > 1 ? Math.sqrt(squares / (losses.length - 1)) : 0 };
}
