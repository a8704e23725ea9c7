import { type Client, createClient } from 'graphql-ws';

import { Failure, failureOf, type GraphQLErrorEntry } from './failure.js';
import { authorization } from './key.js';
import type { Operation } from './operation.js';

const ENDPOINT = '/graphql';

/**
 * Sends a query or mutation.
 *
 * @throws Failure with the contract's code, or UNREACHABLE
 */
export async function send<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  let response: Response;
  let body: { data?: Data | null; errors?: readonly GraphQLErrorEntry[] };
  try {
    response = await fetch(ENDPOINT, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization() },
      body: JSON.stringify({ operationName: operation.name, query: operation.text, variables }),
      signal: signal ?? null,
    });
    body = (await response.json()) as typeof body;
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Failure('UNREACHABLE', error instanceof Error ? error.message : '');
  }
  if (body.errors && body.errors.length > 0) throw failureOf(body.errors);
  if (!body.data) throw new Failure('UNREACHABLE', `HTTP ${response.status}`);
  return body.data;
}

let socket: Client | undefined;

function socketClient(): Client {
  socket ??= createClient({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${ENDPOINT}`,
    connectionParams: () => authorization(),
    retryAttempts: 20,
    shouldRetry: () => true,
  });
  return socket;
}

export interface SubscriptionHandlers<Data> {
  readonly onData: (data: Data) => void;
  /** The server has no more to say. */
  readonly onEnd: () => void;
  readonly onFailure: (thrown: unknown) => void;
}

/** @returns stops listening */
export function subscribe<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables,
  handlers: SubscriptionHandlers<Data>,
): () => void {
  const payload = {
    operationName: operation.name,
    query: operation.text,
    variables: variables as Record<string, unknown>,
  };
  return socketClient().subscribe<Data>(payload, {
    next: (result) => {
      if (result.errors && result.errors.length > 0) handlers.onFailure([...result.errors]);
      else if (result.data) handlers.onData(result.data);
    },
    error: handlers.onFailure,
    complete: handlers.onEnd,
  });
}
