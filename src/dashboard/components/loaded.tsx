import type { ReactNode } from 'react';

import type { QueryState } from '../api/use-query.js';
import { text } from '../messages/index.js';
import { FailureNote } from './failure-note.js';

/** Shows a query's answer, or why there is none yet. An old answer stays beside a newer failure. */
export function Loaded<Data>({
  query,
  children,
}: {
  query: QueryState<Data>;
  children: (data: Data) => ReactNode;
}) {
  return (
    <>
      {query.failure && <FailureNote failure={query.failure} onRetry={query.reload} />}
      {query.data !== null && children(query.data)}
      {query.data === null && query.isLoading && (
        <p className="quiet" role="status">
          {text('state.loading')}
        </p>
      )}
    </>
  );
}
