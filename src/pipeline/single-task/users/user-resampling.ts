/** Resampling of a user network's training rows, and what brings its logits back to the rate of the labels. */
import { AppError } from '../../../errors.js';
import { RESAMPLING_METHODS, type ResamplingMethod, type TaskName } from '../../../tasks/index.js';
import { resampleRows, USER_FEATURE_COUNT } from '../../preprocess/index.js';
import { type LogitCorrection, priorShift, resamplingOf } from '../base-rate.js';
import type { UserColumns } from './user-network.js';

export interface TaughtColumns {
  readonly train: UserColumns;
  /** The rows as they were, their classes weighed as training weighs them, so that the losses compare. */
  readonly validation: UserColumns | null;
  /** One an output. */
  readonly corrections: readonly LogitCorrection[];
}

/** Where tasks share their outputs a row has no one label to draw it by. */
const FOR_SHARED_OUTPUTS: readonly ResamplingMethod[] = ['NONE', 'CLASS_WEIGHTS', 'FOCAL_LOSS'];

/**
 * The one method of a model's tasks.
 *
 * @throws AppError BAD_USER_INPUT where tasks that share outputs ask for different ones, or for one that draws rows by their label
 */
export function userResampling(
  resampling: unknown,
  { tasks, architecture, outputs }: { tasks: readonly TaskName[]; architecture: string; outputs: number },
): ResamplingMethod {
  const supported = outputs === 1 ? RESAMPLING_METHODS : FOR_SHARED_OUTPUTS;
  const asked = new Set(tasks.map((task) => resamplingOf(resampling, task, architecture, supported)));
  asked.delete('NONE');
  const [method = 'NONE', ...others] = asked;
  if (others.length === 0) return method;
  throw new AppError(
    'BAD_USER_INPUT',
    `resampling: ${architecture} learns ${tasks.join(' and ')} with the same outputs; expected one method for them, got ${[...asked].join(' and ')}.`,
  );
}

/** Resamples the training rows. @param masks of the columns are 0 or 1 */
export function teachUserColumns(
  train: UserColumns,
  validation: UserColumns | null,
  options: { method: ResamplingMethod; focalGamma: number; outputs: number; seed: number; width?: number },
): TaughtColumns {
  const { method, outputs, seed, width = USER_FEATURE_COUNT } = options;
  const focalGamma = method === 'FOCAL_LOSS' ? options.focalGamma : 0;
  const rates = labelRates(train, outputs);
  if (method === 'NONE' || method === 'FOCAL_LOSS') {
    return { train, validation, corrections: rates.map(() => ({ shift: 0, focalGamma })) };
  }
  const isEven = rates.map((rate) => rate > 0 && rate < 1);
  const taught = rates.map((rate, at) => (isEven[at] ? 0.5 : rate));
  const corrections = rates.map((rate, at) => ({ shift: priorShift(rate, taught[at]), focalGamma }));
  const weighed = validation && weighClasses(validation, rates, taught);
  if (method === 'CLASS_WEIGHTS') {
    return { train: weighClasses(train, rates, taught), validation: weighed, corrections };
  }
  const { features, labels, weights } = resampleRows(method, train, { width, seed });
  return { train: { features, labels, masks: weights }, validation: weighed, corrections };
}

/** Share of yes among the known labels of each output. */
function labelRates({ labels, masks }: UserColumns, outputs: number): number[] {
  const yes = new Float64Array(outputs);
  const known = new Float64Array(outputs);
  labels.forEach((label, at) => {
    yes[at % outputs] += label * masks[at];
    known[at % outputs] += masks[at];
  });
  return Array.from(yes, (count, at) => (known[at] > 0 ? count / known[at] : 0));
}

function weighClasses(
  columns: UserColumns,
  rates: readonly number[],
  taught: readonly number[],
): UserColumns {
  const outputs = rates.length;
  const masks = columns.masks.map((mask, at) => {
    const [rate, aim] = [rates[at % outputs], taught[at % outputs]];
    if (rate === aim) return mask;
    return mask * (columns.labels[at] > 0 ? aim / rate : (1 - aim) / (1 - rate));
  });
  return { ...columns, masks };
}
