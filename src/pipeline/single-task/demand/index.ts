export { mean28, seasonalNaive } from './demand-baselines.js';
export { demandRegression } from './demand-regression.js';
