import type { ShopHistory } from '../../pipeline/index.js';
import type { Split } from '../../store/index.js';
import { TASK_DEFINITIONS } from '../../tasks/index.js';
import type { TaskExamples } from './examples.js';
import type { PlannedModel } from './plan.js';
import type { RunContext } from './run-context.js';

/** Share of a run's work that comes before its first part. */
const START = 0.05;

export interface Measurement {
  readonly planned: PlannedModel;
  /** The fit's name, for its checkpoint and progress. */
  readonly name: string;
  readonly history: ShopHistory;
  readonly cut: number;
  /** What the model is measured on; gathered after the fit, so that no fit waits with both in memory. */
  readonly held: () => TaskExamples;
  readonly split: Split;
  /** What stands before the examples' own protocol. */
  readonly protocol: string;
  /** Which of the run's equal parts this is. */
  readonly part: number;
  readonly parts: number;
}

/** Fits one model before a cut, measures it on held-out examples and stores the row; no model version comes of it. */
export async function measureOnce(context: RunContext, measurement: Measurement): Promise<void> {
  const { planned, name, history, cut, split, protocol, part, parts } = measurement;
  const { run, shop } = context;
  const [task] = planned.tasks;
  const at = (share: number) => START + ((1 - START) * (part + share)) / parts;
  const model = planned.type.create(planned.tasks, planned.hyperparameters);
  try {
    await model.fit({ history, cut }, context.fitContext(name, at(0), at(0.9), true));
    const held = measurement.held();
    const report = held.evaluate(
      await held.predict(model),
      TASK_DEFINITIONS[task].threshold ?? 0.5,
      run.seed,
    );
    await shop.addEvaluations([
      {
        runId: run.id,
        modelVersionId: null,
        family: planned.type.family,
        architecture: planned.type.architecture,
        isServed: false,
        task,
        split,
        protocol: `${protocol}; ${held.protocol}`,
        ...report,
      },
    ]);
  } finally {
    model.dispose();
  }
}
