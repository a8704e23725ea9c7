/** The queue's side that starts and cancels runs. What workers do is in `worker/`, which alone reaches TensorFlow. */
export * from './contract.js';
export { createJobs, type JobsOptions } from './create-jobs.js';
export * from './data/contract.js';
export { type RhythmRequest } from './data/rhythm.js';
export { saveConnection } from './data/save-connection.js';
export { resumeSchedule, scheduleCrawl, schedulePull } from './data/schedules.js';
export * from './evaluation-contract.js';
export { bestOf, lastResult, trialSettings } from './search-plan.js';
export { trialTraining } from './trial-training.js';
export { waitForRun } from './wait-for-run.js';
