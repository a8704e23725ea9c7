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
/** Hundreds of behaviours a user: unscaled, its loss is larger than the others' by two orders. */
const ALL_VIEWS = customTask({ name: 'ALL_VIEWS', behaviours: ['VIEW', 'SEARCH'], windowDays: 30 });
/** Follows the views: who looks much puts much into the cart. */
const CARTS = customTask({ name: 'CARTS', behaviours: ['ADD_TO_CART'], windowDays: 30 });

/** Rare, with the cause of purchase intent where relatedness is 1. */
const MANY_CARTS = customTask({ name: 'MANY_CARTS', behaviours: ['ADD_TO_CART'], windowDays: 7, atLeast: 3 });
/** Asked about all users, where purchase intent is asked about buyers. */
const COMES = customTask({ name: 'COMES', behaviours: ['VIEW', 'SEARCH'], windowDays: 14, atLeast: 1 });

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
  'rare beside frequent': {
    relatedness: 1,
    tasks: ['PURCHASE_INTENT', 'CUSTOM_MANY_CARTS'],
    customTasks: [MANY_CARTS],
  },
  'one gains, one loses': {
    relatedness: 1,
    tasks: ['PURCHASE_INTENT', 'CUSTOM_COMES'],
    customTasks: [COMES],
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
