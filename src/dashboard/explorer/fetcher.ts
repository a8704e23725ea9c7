import type { GraphiQLProps } from 'graphiql';
import { getOperationAST, OperationTypeNode, parse } from 'graphql';
import { createClient } from 'graphql-ws';

import { authorization } from '../api/key.js';

type Fetcher = GraphiQLProps['fetcher'];
type FetcherResult = Awaited<ReturnType<Fetcher>>;
const ENDPOINT = '/graphql';

function isSubscription(query: string, operationName: string | null | undefined): boolean {
  return getOperationAST(parse(query), operationName)?.operation === OperationTypeNode.SUBSCRIPTION;
}

/** Queries and mutations go by POST, subscriptions over graphql-ws; the explorer's own headers win over the dashboard's key. */
export const fetcher: Fetcher = async (params, options) => {
  const headers = { ...authorization(), ...options?.headers };
  if (isSubscription(params.query, params.operationName)) {
    const client = createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${ENDPOINT}`,
      connectionParams: headers,
      lazyCloseTimeout: 1000,
    });
    const { query, operationName } = params;
    const variables = params.variables as Record<string, unknown> | undefined;
    return client.iterate({
      query,
      ...(operationName && { operationName }),
      ...(variables && { variables }),
    }) as unknown as FetcherResult;
  }
  const response = await fetch(ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(params),
  });
  return (await response.json()) as FetcherResult;
};
