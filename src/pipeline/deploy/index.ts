/** Model versions as files, deployments, and the client of the serving host. Nothing here reaches TensorFlow; `host/` does. */
export * from './deployments.js';
export type { EnsembleReport, EnsembleSubset } from './ensemble-report.js';
export * from './manifest.js';
export * from './model-files.js';
export { createServingClient, type ServingClientOptions } from './serving-client.js';
export * from './serving-contract.js';
export type { ServingReady, ServingReply, ServingRequest } from './serving-messages.js';
