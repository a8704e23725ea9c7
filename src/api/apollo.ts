/** GraphQL over HTTP: limits before anything is resolved, cost and timing beside every answer. */
import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';

import { AppError } from '../errors.js';
import type { Context } from './context.js';
import { type ErrorFormatter, toGraphQLError } from './format-error.js';
import { checkLimits, MAX_COST, MAX_TOKENS } from './limits.js';

export interface ApolloOptions {
  readonly schema: GraphQLSchema;
  readonly app: FastifyInstance;
  readonly isIntrospectionOn: boolean;
  readonly formatError: ErrorFormatter;
  /** Told of each answered operation. */
  readonly onAnswered: (operation: string | null, ms: number) => void;
}

export function createApollo(options: ApolloOptions): ApolloServer<Context> {
  return new ApolloServer<Context>({
    schema: options.schema,
    introspection: options.isIntrospectionOn,
    formatError: options.formatError,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    // A cache that anybody fills by asking is no allow-list; graphql/persisted.json names the documents that clients send.
    persistedQueries: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    // The server's owner ends processes; Apollo must not listen to signals beside it.
    stopOnTerminationSignals: false,
    plugins: [
      fastifyApolloDrainPlugin(options.app),
      limitsPlugin(options.schema),
      timingPlugin(options.onAnswered),
      // Without it Apollo serves a landing page that loads from another host.
      { serverWillStart: () => Promise.resolve({ renderLandingPage: undefined }) },
    ],
  });
}

function limitsPlugin(schema: GraphQLSchema): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () => {
      let cost: number | undefined;
      return Promise.resolve({
        didResolveOperation: ({ document, operation, request }) => {
          if (!operation) return Promise.resolve(); // Apollo answers that the document has none of that name.
          try {
            cost = checkLimits(schema, document, operation, request.variables ?? {});
          } catch (thrown) {
            throw thrown instanceof AppError ? toGraphQLError(thrown) : thrown;
          }
          return Promise.resolve();
        },
        willSendResponse: ({ response }) => {
          if (cost !== undefined && response.body.kind === 'single') {
            const { singleResult } = response.body;
            singleResult.extensions = {
              ...singleResult.extensions,
              cost: { requested: cost, limit: MAX_COST },
            };
          }
          return Promise.resolve();
        },
      });
    },
  };
}

function timingPlugin(onAnswered: ApolloOptions['onAnswered']): ApolloServerPlugin<Context> {
  return {
    requestDidStart: () => {
      const started = performance.now();
      return Promise.resolve({
        willSendResponse: ({ operationName }) => {
          onAnswered(operationName ?? null, performance.now() - started);
          return Promise.resolve();
        },
      });
    },
  };
}
