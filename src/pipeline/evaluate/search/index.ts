export * from './asha.js';
export * from './next-trial.js';
export * from './space.js';
export * from './spaces.js';
export * from './tpe.js';
