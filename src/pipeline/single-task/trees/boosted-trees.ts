import { onlyTask } from '../users/user-model-types.js';
import { boostedUsersType } from './boosted-users.js';

/** Gradient-boosted trees for one task: what tabular data is usually given to. */
export const boostedTrees = boostedUsersType({
  architecture: 'boosted-trees',
  family: 'SINGLE',
  target: (tasks) => onlyTask('boosted-trees', tasks),
  hasLine: false,
});
