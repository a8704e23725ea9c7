import 'reflect-metadata';

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { createPubSub } from '@graphql-yoga/subscription';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchema, type NonEmptyArray } from 'type-graphql';

import { PROJECT_ROOT } from '../root.js';
import { enforceAccess } from './auth.js';
import { BehaviourAnalyticsResolver, TopItemResolver } from './resolvers/analytics.resolver.js';
import { BehaviourResolver } from './resolvers/behaviour.resolver.js';
import {
  CustomPredictionResolver,
  CustomPredictionsResolver,
  CustomTaskResolver,
} from './resolvers/custom-task.resolver.js';
import { DataJobResolver } from './resolvers/data-job.resolver.js';
import { DemandResolver } from './resolvers/demand.resolver.js';
import { ErasureReceiptResolver } from './resolvers/erasure.resolver.js';
import { EvaluationResolver } from './resolvers/evaluation.resolver.js';
import { EvaluationRunResolver } from './resolvers/evaluation-run.resolver.js';
import { FraudResolver } from './resolvers/fraud.resolver.js';
import { ImportResolver } from './resolvers/import.resolver.js';
import { IngestResolver } from './resolvers/ingest.resolver.js';
import { ItemResolver } from './resolvers/item.resolver.js';
import { DeploymentResolver, ModelVersionResolver } from './resolvers/model-version.resolver.js';
import { MonitoringResolver } from './resolvers/monitoring.resolver.js';
import { PredictionResolver, UserPredictionsResolver } from './resolvers/prediction.resolver.js';
import { QuarantineResolver } from './resolvers/quarantine.resolver.js';
import { RecommendationResolver } from './resolvers/recommendation.resolver.js';
import { RetentionResolver } from './resolvers/retention.resolver.js';
import {
  NextBehaviourResolver,
  SessionOutcomeResolver,
  SessionResolver,
  UserSessionsResolver,
} from './resolvers/session.resolver.js';
import { SourceConnectionResolver } from './resolvers/source-connection.resolver.js';
import { SourceScheduleResolver } from './resolvers/source-schedule.resolver.js';
import { TrainingRunResolver } from './resolvers/training-run.resolver.js';
import { UserResolver } from './resolvers/user.resolver.js';

const RESOLVERS = [
  BehaviourAnalyticsResolver,
  BehaviourResolver,
  CustomPredictionResolver,
  CustomPredictionsResolver,
  CustomTaskResolver,
  DataJobResolver,
  ImportResolver,
  QuarantineResolver,
  RetentionResolver,
  SourceConnectionResolver,
  SourceScheduleResolver,
  DemandResolver,
  DeploymentResolver,
  ErasureReceiptResolver,
  EvaluationResolver,
  EvaluationRunResolver,
  FraudResolver,
  IngestResolver,
  ItemResolver,
  ModelVersionResolver,
  MonitoringResolver,
  NextBehaviourResolver,
  PredictionResolver,
  RecommendationResolver,
  SessionOutcomeResolver,
  SessionResolver,
  TopItemResolver,
  TrainingRunResolver,
  UserPredictionsResolver,
  UserResolver,
  UserSessionsResolver,
] as unknown as NonEmptyArray<NewableFunction>;

let built: Promise<GraphQLSchema> | undefined;

/** The API's schema with the checks of roles in place; built once a process. */
export function createSchema(): Promise<GraphQLSchema> {
  // TypeGraphQL insists on a PubSub as soon as there are subscriptions; ours bring their own streams and never use it.
  built ??= buildSchema({ resolvers: RESOLVERS, validate: false, pubSub: createPubSub() }).then((schema) => {
    enforceAccess(schema);
    return schema;
  });
  return built;
}

const SCHEMA_HEADER = '# Emitted from src/api by `npm run check -- --fix`; not edited by hand.\n\n';

/** Text of graphql/schema.graphql. */
export async function emitSchema(): Promise<string> {
  return `${SCHEMA_HEADER}${printSchema(lexicographicSortSchema(await createSchema()))}\n`;
}

/** Text of graphql/persisted.json: each named document of graphql/operations by its SHA-256. */
export function emitPersisted(): string {
  const root = join(PROJECT_ROOT, 'graphql');
  const files = readdirSync(join(root, 'operations'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.graphql'))
    .map((file) => join(root, 'operations', file))
    .sort();
  const entries = files.map((file) => {
    const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
    return [relative(root, file).replaceAll('\\', '/'), hash] as const;
  });
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}
