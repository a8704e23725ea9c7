import { useEffect, useRef, useState } from 'react';

import { subscribe, type SubscriptionHandlers } from './client.js';
import type { Operation } from './operation.js';

/**
 * Listens while the component is on the page.
 *
 * @param variables null does not listen
 * @returns whether the connection has failed for good
 */
export function useSubscription<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables | null,
  handlers: Omit<SubscriptionHandlers<Data>, 'onFailure'>,
): boolean {
  const [hasFailed, setHasFailed] = useState(false);
  const latest = useRef(handlers);
  latest.current = handlers;
  const key = variables === null ? null : JSON.stringify(variables);

  useEffect(() => {
    if (key === null) return undefined;
    setHasFailed(false);
    return subscribe(operation, JSON.parse(key) as Variables, {
      onData: (data) => latest.current.onData(data),
      onEnd: () => latest.current.onEnd(),
      onFailure: () => setHasFailed(true),
    });
  }, [operation, key]);
  return hasFailed;
}
