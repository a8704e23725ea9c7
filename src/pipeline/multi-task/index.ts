/** Models that learn several tasks together. */
import type { ModelType } from '../index.js';
import { linearHazards, sharedBottom } from './shared-hazards.js';

export { linearHazards, sharedBottom };

/** Architectures of this stage; adding one is its file and its line here. */
export const MULTI_TASK_TYPES: readonly ModelType[] = [sharedBottom, linearHazards];
