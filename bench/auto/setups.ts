/** Tasks that help each other and tasks that conflict, for the benchmark of AUTO. */
import { customTask } from '../../src/pipeline/index.js';
import type { CustomTask, TaskName } from '../../src/tasks/index.js';

export interface Setup {
  readonly relatedness: number;
  readonly tasks: readonly TaskName[];
  readonly customTasks: readonly CustomTask[];
}

/** The longest window of labels of any setup. */
export const WINDOW_DAYS = 90;

/** Rare, and driven by what drives purchase intent: whoever comes often. */
const BUYS_NOW = customTask({ name: 'BUYS_NOW', behaviours: ['PURCHASE'], windowDays: 3, atLeast: 1 });
/** Hundreds of behaviours a user: its loss is larger than the others' by two orders. */
const ALL_VIEWS = customTask({ name: 'ALL_VIEWS', behaviours: ['VIEW', 'SEARCH'], windowDays: 30 });
/** Follows the views: who looks much puts much into the cart. */
const CARTS = customTask({ name: 'CARTS', behaviours: ['ADD_TO_CART'], windowDays: 30 });

const USERS: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN'];

export const SETUPS: Readonly<Record<string, Setup>> = {
  'relatedness −1': { relatedness: -1, tasks: USERS, customTasks: [] },
  'relatedness 0': { relatedness: 0, tasks: USERS, customTasks: [] },
  'relatedness 1': { relatedness: 1, tasks: USERS, customTasks: [] },
  'few positives': {
    relatedness: 0.5,
    tasks: ['PURCHASE_INTENT', 'CUSTOM_BUYS_NOW'],
    customTasks: [BUYS_NOW],
  },
  'related counts': {
    relatedness: 0.5,
    tasks: ['CUSTOM_ALL_VIEWS', 'CUSTOM_CARTS'],
    customTasks: [ALL_VIEWS, CARTS],
  },
  'drowned by a count': {
    relatedness: 0.5,
    tasks: ['CHURN', 'CUSTOM_ALL_VIEWS'],
    customTasks: [ALL_VIEWS],
  },
};
