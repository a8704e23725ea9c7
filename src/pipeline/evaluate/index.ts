/** How good predictions are: figures with intervals, confusion matrices, curves, folds, comparisons. Float64, no tensors. */
export * from './binary.js';
export * from './bootstrap.js';
export * from './ceiling.js';
export * from './comparison.js';
export * from './curves.js';
export * from './folds.js';
export * from './list-quality.js';
export * from './metric.js';
export * from './multi-class.js';
export * from './permutation-importance.js';
export * from './ranking.js';
export * from './regression.js';
export * from './report.js';
export { thresholdRule } from './threshold-rules.js';
export * from './unit-statistic.js';
