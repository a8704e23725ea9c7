/** The API: GraphQL over HTTP and WebSocket, ingestion, health, metrics and the pages. */
// TypeGraphQL's decorators need it before any of them runs.
import 'reflect-metadata';

export { type App, createApp } from './app.js';
export { emitPersisted, emitSchema } from './schema.js';
export type { AppOptions } from './services.js';
