export * from './task.js';
export { fraudTask } from './fraud.js';
