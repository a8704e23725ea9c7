/** GraphQL over WebSocket (graphql-transport-ws), on the same path and under the same rules as HTTP. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

import {
  type DocumentNode,
  type ExecutionArgs,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  NoSchemaIntrospectionCustomRule,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

import { AppError } from '../errors.js';
import type { Principal } from '../store/index.js';
import { type Context, createContext } from './context.js';
import { type ErrorFormatter, toGraphQLError } from './format-error.js';
import { checkLimits, MAX_TOKENS } from './limits.js';
import type { Services } from './services.js';

const MAX_MESSAGE_BYTES = 1 << 20;
/** Subscriptions of one connection; the dashboard has two. */
const MAX_SUBSCRIPTIONS = 100;

export interface SubscriptionOptions {
  readonly schema: GraphQLSchema;
  readonly server: Server;
  readonly path: string;
  readonly services: Services;
  readonly isIntrospectionOn: boolean;
  readonly formatError: ErrorFormatter;
  readonly authenticate: (authorization: string | undefined) => Promise<Principal>;
  /** Whether a page of this origin may open a connection to this host; browsers ask nobody before they do. */
  readonly isOriginAllowed: (request: IncomingMessage) => boolean;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly request: IncomingMessage;
  principal?: Principal;
}

/** @returns ends all connections */
export function serveSubscriptions(options: SubscriptionOptions): () => Promise<void> {
  const { services, formatError } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });
  options.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isHere = request.url?.split('?')[0] === options.path;
    if (!isHere || !options.isOriginAllowed(request)) {
      socket.end(`HTTP/1.1 ${isHere ? '403 Forbidden' : '404 Not Found'}\r\nconnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (opened) => sockets.emit('connection', opened, request));
  });
  const format = (errors: readonly GraphQLError[]) =>
    errors.map((error) => formatError(error.toJSON(), error));
  const running = useServer<Record<string, unknown>, Extra>(
    {
      onConnect: async ({ connectionParams, extra }) => {
        const given = connectionParams?.authorization ?? connectionParams?.Authorization;
        const authorization = typeof given === 'string' ? given : extra.request.headers.authorization;
        try {
          extra.principal = await options.authenticate(authorization);
          return true;
        } catch (thrown) {
          if (thrown instanceof AppError) return false;
          services.log.error({ err: thrown }, 'A WebSocket connection failed.');
          return false;
        }
      },
      onSubscribe: async (socket, _id, payload) => {
        try {
          if (Object.keys(socket.subscriptions).length > MAX_SUBSCRIPTIONS) {
            throw new AppError(
              'LIMIT_EXCEEDED',
              `A connection may have at most ${MAX_SUBSCRIPTIONS} subscriptions.`,
            );
          }
          const { principal } = socket.extra;
          if (!principal) throw new AppError('UNAUTHENTICATED', 'The connection was not opened with a key.');
          const prepared = prepare(options, payload);
          if (Array.isArray(prepared)) return prepared;
          const contextValue: Context = await createContext(services, principal);
          return { ...prepared, contextValue };
        } catch (thrown) {
          if (thrown instanceof GraphQLError) return [asCallers(thrown)]; // a syntax error
          if (thrown instanceof AppError) return [toGraphQLError(thrown)];
          return [new GraphQLError('', { originalError: thrown as Error })];
        }
      },
      onNext: (_socket, _id, _payload, _args, result) =>
        result.errors ? { ...result, errors: format(result.errors) } : undefined,
      onError: (_socket, _id, _payload, errors) => format(errors),
    },
    sockets,
  );
  return async () => {
    await running.dispose();
  };
}

function prepare(options: SubscriptionOptions, payload: SubscribePayload): ExecutionArgs | GraphQLError[] {
  const { schema } = options;
  const document: DocumentNode = parse(payload.query, { maxTokens: MAX_TOKENS });
  const rules = options.isIntrospectionOn
    ? specifiedRules
    : [...specifiedRules, NoSchemaIntrospectionCustomRule];
  const errors = validate(schema, document, rules).map(asCallers);
  if (errors.length > 0) return errors;
  const operation = getOperationAST(document, payload.operationName);
  if (!operation) {
    return [
      asCallers(
        new GraphQLError('The document has no operation of that name, or several and no name was given.'),
      ),
    ];
  }
  const variableValues = payload.variables ?? {};
  checkLimits(schema, document, operation, variableValues);
  return { schema, document, operationName: payload.operationName, variableValues };
}

/** Marks an error as the caller's own, as Apollo does over HTTP. */
function asCallers(error: GraphQLError): GraphQLError {
  const { message, nodes, source, positions } = error;
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
}
