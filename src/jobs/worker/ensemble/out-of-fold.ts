/** Out-of-fold predictions by time: members fitted again before earlier cuts, and what they predict for the windows after those. */
import { AppError } from '../../../errors.js';
import { type HeldOut, joinHeldOut } from '../../../pipeline/ensemble/index.js';
import type { ShopHistory } from '../../../pipeline/index.js';
import { customTasksOf, type TaskName } from '../../../tasks/index.js';
import { taskExamples } from '../examples.js';
import type { RunContext } from '../run-context.js';
import type { TaskExamples } from '../task-examples.js';
import { heldOutOf } from './held-examples.js';
import { directoryOf, loadMember, type TaskMember } from './members.js';

/** Earlier cuts, one window apart. */
const EARLIER_CUTS = 2;

export interface OutOfFold {
  /** Null where members could not be fitted before any earlier cut. */
  readonly held: HeldOut | null;
  /** Cuts, the latest first. */
  readonly cuts: readonly number[];
  /** Why there are no more cuts; null where there are as many as wanted. */
  readonly reason: string | null;
}

/** End of what happens in the window after a cut of a version's predictions: of the validation window, where the test cut is. */
export const windowEnd = (cut: number, { held }: TaskMember): number =>
  cut + held.testCut - held.validationCut;

/** Fits members again, each predictor once a cut however many tasks it has. */
export class EarlierFits {
  private readonly predictions = new Map<string, Map<TaskName, Float32Array>>();

  constructor(
    private readonly context: RunContext,
    private readonly history: ShopHistory,
  ) {}

  /** Labels of every earlier window end before the validation cut. */
  async outOfFold(task: TaskName, parts: readonly TaskMember[]): Promise<OutOfFold> {
    const [{ held }] = parts;
    const window = windowEnd(0, parts[0]);
    const found: { cut: number; held: HeldOut }[] = [];
    let reason: string | null = null;
    for (let back = 1; back <= EARLIER_CUTS && reason === null; back++) {
      const cut = held.validationCut - back * window;
      try {
        found.push({ cut, held: await this.at(task, parts, cut, cut + window) });
      } catch (thrown) {
        if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
        reason = `before ${new Date(cut).toISOString().slice(0, 10)}: ${thrown.message}`;
      }
    }
    return {
      held: found.length > 0 ? joinHeldOut(found.map((one) => one.held)) : null,
      cuts: found.map(({ cut }) => cut),
      reason,
    };
  }

  private async at(
    task: TaskName,
    parts: readonly TaskMember[],
    cut: number,
    until: number,
  ): Promise<HeldOut> {
    const customTasks = customTasksOf(this.context.run.config);
    const examples = taskExamples(task, this.history, cut, until, customTasks);
    if (examples.count === 0)
      throw new AppError('TOO_FEW_DATA', 'there is nothing to predict', { have: 0, need: 1 });
    const predictions: Float32Array[] = [];
    for (const part of parts) predictions.push(await this.predict(examples, part, cut, until));
    return heldOutOf(examples, predictions);
  }

  private async predict(
    examples: TaskExamples,
    part: TaskMember,
    cut: number,
    until: number,
  ): Promise<Float32Array> {
    const key = `${directoryOf(part)}@${cut}`;
    const known = this.predictions.get(key) ?? (await this.fit(part, cut, until));
    this.predictions.set(key, known);
    const own = known.get(examples.task);
    if (!own) throw new Error(`${part.entry.architecture} was not fitted for ${examples.task}.`);
    return own;
  }

  /** @throws AppError TOO_FEW_DATA */
  private async fit(part: TaskMember, cut: number, until: number): Promise<Map<TaskName, Float32Array>> {
    const { member, entry } = part;
    const { context, history } = this;
    context.signal.throwIfAborted();
    const tasks = (Object.keys(member.manifest.tasks) as TaskName[]).filter(
      (task) => member.manifest.tasks[task]?.directory === entry.directory,
    );
    const model = await loadMember(part);
    try {
      const name = `${member.versionId}/${entry.directory}/${new Date(cut).toISOString().slice(0, 10)}`;
      await model.fit({ history, cut }, context.fitContext(name, 0, 0, false));
      const predictions = new Map<TaskName, Float32Array>();
      const customTasks = customTasksOf(context.run.config);
      for (const task of tasks)
        predictions.set(task, await taskExamples(task, history, cut, until, customTasks).predict(model));
      return predictions;
    } finally {
      model.dispose();
    }
  }
}
