/** The side of deploy that loads models; imported by the worker's and the serving host's entries alone. */
export { LoadedBundle } from './bundle.js';
export { type ExportedVersion, type ExportRequest, exportVersion } from './export-version.js';
export { ensembleArchitecture, MODEL_TYPES, modelType } from './registry.js';
export { ServingHost } from './serving-host.js';
