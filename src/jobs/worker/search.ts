import { Random } from '../../nn/random.js';
import { DAY_MS } from '../../pipeline/index.js';
import { taskExamples } from './examples.js';
import { measureOnce } from './measure-once.js';
import { planRun } from './plan.js';
import type { RunContext } from './run-context.js';
import { runCuts } from './run-cuts.js';

/**
 * Random search (Bergstra and Bengio, JMLR 2012) over lists of values: each trial is fitted before the validation cut and measured after it. The
 * test window is never looked at. A row of evaluation a trial, its settings in the protocol.
 */
export async function search(context: RunContext): Promise<null> {
  const { run, shop } = context;
  const [task] = run.tasks;
  const planned = planRun(run).at(-1);
  if (!planned) return null;
  const history = await shop.readHistory();
  const cuts = runCuts(history, run);
  const held = taskExamples(task, history, cuts.validation, cuts.validation + cuts.windowDays * DAY_MS);
  const trials = drawTrials(
    run.config.space as Record<string, unknown[]>,
    run.config.trials as number,
    run.seed,
  );
  for (const [index, hyperparameters] of trials.entries()) {
    await measureOnce(context, {
      planned: { ...planned, hyperparameters },
      name: `trial-${index + 1}`,
      history,
      cut: cuts.validation,
      held: () => held,
      split: 'VALIDATION',
      protocol: `trial ${index + 1} of ${trials.length}: ${JSON.stringify(hyperparameters)}`,
      part: index,
      parts: trials.length,
    });
  }
  return null;
}

/** Different points of the grid, drawn evenly; all of them where there are fewer than asked for. */
export function drawTrials(
  space: Readonly<Record<string, readonly unknown[]>>,
  count: number,
  seed: number,
): Record<string, unknown>[] {
  const names = Object.keys(space).sort();
  const size = names.reduce((product, name) => product * space[name].length, 1);
  const random = new Random(seed).fork('search');
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, size)) chosen.add(random.integer(size));
  return [...chosen].map((point) => {
    let rest = point;
    return Object.fromEntries(
      names.map((name) => {
        const values = space[name];
        const value = values[rest % values.length];
        rest = Math.floor(rest / values.length);
        return [name, value];
      }),
    );
  });
}
