/** Models that learn several tasks together. */
import type { ModelType } from '../index.js';
import { boostedHazards } from './boosted-hazards.js';
import { linearHazards } from './linear-hazards.js';
import { multiTaskType } from './multi-task-type.js';
import { ARCHITECTURES } from './registry.js';

export type { Architecture, Body, BodyOptions, Representation } from './architecture.js';
export {
  type Answer,
  type EntityPart,
  type ExampleOrigins,
  examplesOf,
  type PartInputs,
} from './entities/entity-part.js';
export { logitOf } from './entities/user-answers.js';
export type { UserAwareRanking } from './entities/user-aware-ranking.js';
export { UserRanking } from './entities/user-ranking.js';
export { type Collaboration, type CollaborativeLosses, fitLearners } from './fit-learners.js';
export { boostedHazards, linearHazards };
export { type EntityExamples, type ExampleColumn, rowSpec, takeExamples } from './joint-rows.js';
export { Learner, type PartPass, type Pass } from './learner.js';
export { MultiTaskModel } from './multi-task-model.js';
export { multiTaskType, refuseUnfit } from './multi-task-type.js';
export { ARCHITECTURES } from './registry.js';
export {
  BALANCING_METHODS,
  type BalancingMethod,
  LEARNT_TASKS,
  MULTI_TASKS,
  type MultiTaskSettings,
  multiTaskSettings,
} from './settings.js';
export { type TransferGain, transferGain, type TransferVerdict } from './transfer/gain.js';
export { bestGrouping, type Sharing, type TaskGroup } from './transfer/grouping.js';
export {
  type PairAffinity,
  type TogetherMeasured,
  type TransferOptions,
  type TransferReport,
  transferReport,
} from './transfer/transfer-report.js';

/** Kinds of model of this stage. Adding an architecture is its file and its line in `registry.ts`. */
export const MULTI_TASK_TYPES: readonly ModelType[] = [
  ...ARCHITECTURES.map(multiTaskType),
  linearHazards,
  boostedHazards,
];

/** The default of a shop's first training. */
export const sharedBottom = MULTI_TASK_TYPES[0];
