export { fraudDense } from './fraud/fraud-dense.js';
export { describeFraudExamples, type FraudExamples, fraudExamples } from './fraud/fraud-examples.js';
export { fraudLogistic, type FraudTraining } from './fraud/fraud-logistic.js';
