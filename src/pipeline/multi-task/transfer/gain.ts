import { Random } from '../../../nn/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type { UnitStatistic } from '../../evaluate/index.js';

export type TransferVerdict = 'HELPS' | 'HARMS' | 'UNDECIDED';

/** What learning with others brought one task, against the same net with that task alone. */
export interface TransferGain {
  readonly task: TaskName;
  /** All tasks that were learnt together, this one among them. */
  readonly together: readonly TaskName[];
  readonly metric: string;
  /** Mean over seeds of the metric alone, and together. */
  readonly alone: number;
  readonly shared: number;
  /** Positive where sharing is better, in units of the metric. */
  readonly gain: number;
  /** 95 % interval of the gain over seeds and examples. */
  readonly low: number;
  readonly high: number;
  readonly verdict: TransferVerdict;
}

const RESAMPLES = 400;
const TAIL = 0.025;

/**
 * Gain of one task with its 95 % interval: seeds and examples are drawn anew together (both nets on the same ones), so that neither the
 * luck of a start nor that of a sample passes for transfer.
 *
 * @param alone  [seeds] the task by itself
 * @param shared [seeds] the task with the others, from the same seeds
 */
export function transferGain(
  task: TaskName,
  together: readonly TaskName[],
  {
    alone,
    shared,
    seed,
  }: { alone: readonly UnitStatistic[]; shared: readonly UnitStatistic[]; seed: number },
): TransferGain {
  const [{ units, metric, isLessBetter }] = alone;
  const sign = isLessBetter ? -1 : 1;
  const once = new Float64Array(units).fill(1);
  const mean = (statistics: readonly UnitStatistic[]) =>
    statistics.reduce((total, statistic) => total + statistic.value(once), 0) / statistics.length;
  const random = new Random(seed).fork(`transfer ${task} ${together.join('+')}`);
  const weights = new Float64Array(units);
  const gains: number[] = [];
  for (let resample = 0; resample < RESAMPLES; resample++) {
    weights.fill(0);
    for (let draw = 0; draw < units; draw++) weights[random.integer(units)]++;
    let gain = 0;
    for (let draw = 0; draw < alone.length; draw++) {
      const at = random.integer(alone.length);
      gain += (sign * (shared[at].value(weights) - alone[at].value(weights))) / alone.length;
    }
    if (Number.isFinite(gain)) gains.push(gain);
  }
  gains.sort((a, b) => a - b);
  const at = (share: number) => gains[Math.round(share * (gains.length - 1))] ?? Number.NaN;
  const [low, high] = [at(TAIL), at(1 - TAIL)];
  const [byItself, withOthers] = [mean(alone), mean(shared)];
  return {
    task,
    together,
    metric,
    alone: byItself,
    shared: withOthers,
    gain: sign * (withOthers - byItself),
    low,
    high,
    verdict: low > 0 ? 'HELPS' : high < 0 ? 'HARMS' : 'UNDECIDED',
  };
}
