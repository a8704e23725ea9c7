/** Nets that learn from each other, from a teacher, or against an adversary. */
import type { ModelType } from '../index.js';
import { collaborationType } from './collaboration-type.js';
import { COLLABORATIONS } from './settings.js';

export { collaborationArchitecture } from './collaboration-type.js';
export { CollaborativeModel } from './collaborative-model.js';
export { divergence, targetsOf } from './divergence.js';
export { type Domain, DOMAINS, domainsOf } from './domains.js';
export { labelSurest } from './pseudo-labels.js';
export { type CollaborationMethod, COLLABORATIONS } from './settings.js';

export const COLLABORATIVE_TYPES: readonly ModelType[] = COLLABORATIONS.map(collaborationType);
