import { useCallback, useEffect, useState } from 'react';

import { send } from './client.js';
import type { Operation } from './operation.js';
import { type QueryState, useQuery } from './use-query.js';

interface Connection<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** A connection read page by page. */
export interface Pages<Data, Node> {
  /** State of the first page. */
  readonly query: QueryState<Data>;
  readonly nodes: readonly Node[];
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly loadMore: () => void;
  /** Reads the first page anew and forgets the others. */
  readonly reload: () => void;
}

/**
 * Reads a connection: the first page at once, the others when asked.
 *
 * @param connectionOf must be stable or pure: it is not among the dependencies
 */
export function usePages<Data, Variables extends { first: number; after?: string | null }, Node>(
  operation: Operation<Data, Variables>,
  variables: Omit<Variables, 'first' | 'after'>,
  connectionOf: (data: Data) => Connection<Node>,
  pageSize: number,
): Pages<Data, Node> {
  const firstVariables = { ...variables, first: pageSize } as unknown as Variables;
  const query = useQuery(operation, firstVariables);
  const [later, setLater] = useState<readonly Connection<Node>[]>([]);
  const [isLoadingMore, setIsLoadingMore] = useState(false);
  const first = query.data === null ? null : connectionOf(query.data);
  useEffect(() => setLater([]), [query.data]);

  const pages = first ? [first, ...later] : [];
  const last = pages.at(-1);
  const after = last?.pageInfo.hasNextPage ? last.pageInfo.endCursor : null;
  const loadMore = useCallback(() => {
    if (after === null || isLoadingMore) return;
    setIsLoadingMore(true);
    send(operation, { ...firstVariables, after })
      .then((data) => setLater((known) => [...known, connectionOf(data)]))
      .catch(query.reload) // The first page then shows why.
      .finally(() => setIsLoadingMore(false));
  }, [after, isLoadingMore, operation, firstVariables, connectionOf, query.reload]);

  return {
    query,
    nodes: pages.flatMap(({ edges }) => edges.map(({ node }) => node)),
    hasMore: after !== null,
    isLoadingMore,
    loadMore,
    reload: query.reload,
  };
}
