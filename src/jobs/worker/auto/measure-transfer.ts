/** Whether the tasks of a shop help each other: the same net fitted with each task alone and with others, before a cut, and measured after it. */
import { AppError } from '../../../errors.js';
import { modelType } from '../../../pipeline/deploy/host/index.js';
import type { UnitStatistic } from '../../../pipeline/evaluate/index.js';
import type { FitContext, ShopHistory } from '../../../pipeline/index.js';
import {
  type TogetherMeasured,
  type TransferReport,
  transferReport,
} from '../../../pipeline/multi-task/index.js';
import type { CustomTask, TaskName } from '../../../tasks/index.js';
import { statisticOf } from '../ensemble/held-examples.js';
import { type TaskExamples, taskExamples } from '../examples.js';
import type { Settings } from '../plan.js';

/** The net by which transfer is measured: sharing everything shows help and harm most clearly. */
const MEASURED_BY = 'shared-bottom';
/** Seeds from the first on. */
const SEEDS = 2;

export interface TransferMeasurement {
  readonly history: ShopHistory;
  readonly cut: number;
  /** End of the labels of tasks without a window of their own. */
  readonly until: number;
  readonly tasks: readonly TaskName[];
  /** Definitions of those of the tasks that the shop has made. */
  readonly customTasks: readonly CustomTask[];
  /** The first seed. */
  readonly seed: number;
  /** Settings of a net of these tasks. */
  readonly settings: (tasks: readonly TaskName[]) => Settings;
  /** @param name tells a fit from the others */
  readonly fitContext: (name: string) => FitContext;
  readonly onProgress?: (share: number) => void;
}

/** @throws AppError TOO_FEW_DATA where the shop has too few data for every one of the tasks; tasks that alone have too few are left out */
export async function measureTransfer(options: TransferMeasurement): Promise<TransferReport> {
  const { history, cut, until, tasks, customTasks, seed: first } = options;
  const examples = new Map<TaskName, TaskExamples>();
  const examplesOf = (task: TaskName): TaskExamples => {
    const known = examples.get(task) ?? taskExamples(task, history, cut, until, customTasks);
    examples.set(task, known);
    return known;
  };
  const measure = async (together: readonly TaskName[], seed: number, measureGradients: boolean) => {
    const settings = { ...options.settings(together), measureGradients };
    const model = modelType(MEASURED_BY).create(together, settings);
    const context = options.fitContext(`transfer/${together.join('+')}/${seed}`);
    try {
      await model.fit({ history, cut }, { ...context, seed });
      context.signal.throwIfAborted();
      const figures: Partial<Record<TaskName, UnitStatistic>> = {};
      for (const task of together) {
        const held = examplesOf(task);
        figures[task] = statisticOf(held, await held.predict(model));
      }
      const affinities = model.sharing?.().flatMap((net) => net.affinities) ?? [];
      return { figures, affinities };
    } finally {
      model.dispose();
    }
  };
  const alone = await measureAlone(tasks, (task) => measure([task], first, false));
  return transferReport({
    tasks: [...alone.keys()],
    seeds: Array.from({ length: SEEDS }, (_, at) => first + at),
    architecture: MEASURED_BY,
    protocol: `fitted before ${new Date(cut).toISOString().slice(0, 10)} and measured after; each net against itself with one task, from the same seeds; seeds and examples resampled together`,
    // What was tried alone from the first seed has been measured.
    measure: async (together, seed, areGradientsCompared) =>
      (together.length === 1 && seed === first ? alone.get(together[0]) : undefined) ??
      measure(together, seed, areGradientsCompared),
    onProgress: options.onProgress,
  });
}

/** Measures each task by itself; left out are those that the shop has too few data for. @throws AppError TOO_FEW_DATA when it has for none */
async function measureAlone(
  tasks: readonly TaskName[],
  measure: (task: TaskName) => Promise<TogetherMeasured>,
): Promise<Map<TaskName, TogetherMeasured>> {
  const measured = new Map<TaskName, TogetherMeasured>();
  let refused: AppError | undefined;
  for (const task of tasks) {
    try {
      measured.set(task, await measure(task));
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
      refused = thrown;
    }
  }
  if (measured.size === 0 && refused) throw refused;
  return measured;
}
