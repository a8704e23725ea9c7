/** Members and ways of the ensembles benchmark. */
import type { TaskEnsemblePlan } from '../../src/jobs/worker/ensemble/task-ensemble.js';
import type { ModelType } from '../../src/pipeline/index.js';
import { boostedHazards, sharedBottom } from '../../src/pipeline/multi-task/index.js';
import {
  boostedTrees,
  demandRegression,
  dense,
  itemKnn,
  logisticRegression,
  mean28,
  ownHistory,
  softmaxRanker,
} from '../../src/pipeline/single-task/index.js';
import type { TaskName } from '../../src/tasks/index.js';

/** A member that differs by its seed alone. */
const OTHER_SEED = 1000;
export const MEASURED = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'DEMAND'] as const;
export type Measured = (typeof MEASURED)[number];

export interface BenchMember {
  readonly type: ModelType;
  readonly tasks: readonly TaskName[];
  readonly seedOffset: number;
}

const BOTH: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN'];
const alone = (type: ModelType, task: TaskName, seedOffset = 0): BenchMember => ({
  type,
  tasks: [task],
  seedOffset,
});
const ofUsers = (task: TaskName): BenchMember[] => [
  alone(logisticRegression, task),
  alone(dense, task),
  alone(boostedTrees, task),
  { type: boostedHazards, tasks: BOTH, seedOffset: 0 },
  { type: boostedHazards, tasks: BOTH, seedOffset: OTHER_SEED },
  { type: sharedBottom, tasks: [...BOTH, 'RECOMMENDATION'], seedOffset: 0 },
];
export const MEMBERS: Record<Measured, readonly BenchMember[]> = {
  PURCHASE_INTENT: ofUsers('PURCHASE_INTENT'),
  CHURN: ofUsers('CHURN'),
  RECOMMENDATION: [
    alone(ownHistory, 'RECOMMENDATION'),
    alone(itemKnn, 'RECOMMENDATION'),
    alone(softmaxRanker, 'RECOMMENDATION'),
    alone(softmaxRanker, 'RECOMMENDATION', OTHER_SEED),
    { type: sharedBottom, tasks: [...BOTH, 'RECOMMENDATION'], seedOffset: 0 },
  ],
  DEMAND: [
    alone(mean28, 'DEMAND'),
    alone(demandRegression, 'DEMAND'),
    alone(demandRegression, 'DEMAND', OTHER_SEED),
  ],
};

/** Ways to combine, by the name that the table shows. */
export const WAYS: Record<
  string,
  Pick<TaskEnsemblePlan, 'method' | 'calibration' | 'prune'> & { byTime?: boolean }
> = {
  'soft voting': { method: 'SOFT_VOTING', calibration: 'NONE', prune: 'NONE' },
  'hard voting': { method: 'HARD_VOTING', calibration: 'NONE', prune: 'NONE' },
  'weighted average': { method: 'WEIGHTED_AVERAGE', calibration: 'NONE', prune: 'NONE' },
  'weighted average, forward selection': {
    method: 'WEIGHTED_AVERAGE',
    calibration: 'NONE',
    prune: 'FORWARD_SELECTION',
  },
  'weighted average, backward elimination': {
    method: 'WEIGHTED_AVERAGE',
    calibration: 'NONE',
    prune: 'BACKWARD_ELIMINATION',
  },
  'stacking by examples': { method: 'STACKING', calibration: 'NONE', prune: 'NONE' },
  'stacking by time': { method: 'STACKING', calibration: 'NONE', prune: 'NONE', byTime: true },
  'soft voting, temperature': { method: 'SOFT_VOTING', calibration: 'TEMPERATURE', prune: 'NONE' },
  'soft voting, isotonic': { method: 'SOFT_VOTING', calibration: 'ISOTONIC', prune: 'NONE' },
};
