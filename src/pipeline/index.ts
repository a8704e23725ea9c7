/** The terms that stages, store and jobs share: the history in columns and the contract of models. */
export * from './custom-task.js';
export * from './ensemble-options.js';
export * from './exportable-network.js';
export * from './history.js';
export * from './model.js';
export * from './task-sharing.js';
