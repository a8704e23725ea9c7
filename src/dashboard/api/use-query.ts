import { useCallback, useEffect, useRef, useState } from 'react';

import { send } from './client.js';
import { type Failure, toFailure } from './failure.js';
import type { Operation } from './operation.js';

/** What is known of a query's answer; while it loads again, the last answer to the same question stays. */
export interface QueryState<Data> {
  readonly data: Data | null;
  readonly failure: Failure | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/**
 * Asks a query and asks again when its variables change. Answers that come too late are dropped.
 *
 * @param variables null waits
 */
export function useQuery<Data, Variables>(
  operation: Operation<Data, Variables>,
  variables: Variables | null,
): QueryState<Data> {
  const key = variables === null ? null : JSON.stringify(variables);
  const [state, setState] = useState<{ key: string | null; data: Data | null; failure: Failure | null }>({
    key: null,
    data: null,
    failure: null,
  });
  const [turn, setTurn] = useState(0);
  const [isLoading, setIsLoading] = useState(key !== null);

  useEffect(() => {
    if (key === null) return undefined;
    const controller = new AbortController();
    setIsLoading(true);
    send(operation, JSON.parse(key) as Variables, controller.signal)
      .then((data) => setState({ key, data, failure: null }))
      .catch((thrown: unknown) => {
        if (controller.signal.aborted) return;
        const failure = toFailure(thrown);
        setState((last) => ({ key, data: last.key === key ? last.data : null, failure }));
      })
      .finally(() => {
        if (!controller.signal.aborted) setIsLoading(false);
      });
    return () => controller.abort();
  }, [operation, key, turn]);

  const reload = useCallback(() => setTurn((last) => last + 1), []);
  const isCurrent = state.key === key;
  return {
    data: isCurrent ? state.data : null,
    failure: isCurrent ? state.failure : null,
    isLoading: key !== null && (isLoading || !isCurrent),
    reload,
  };
}

/** A mutation: `run` answers null when it failed, and `failure` says why. */
export interface MutationState<Data, Variables> {
  readonly run: (variables: Variables) => Promise<Data | null>;
  readonly failure: Failure | null;
  readonly isRunning: boolean;
}

/** Sends a mutation on demand, once at a time. */
export function useMutation<Data, Variables>(
  operation: Operation<Data, Variables>,
): MutationState<Data, Variables> {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isRunning, setIsRunning] = useState(false);
  const isBusy = useRef(false);
  const run = useCallback(
    async (variables: Variables) => {
      if (isBusy.current) return null;
      isBusy.current = true;
      setIsRunning(true);
      setFailure(null);
      try {
        return await send(operation, variables);
      } catch (thrown) {
        setFailure(toFailure(thrown));
        return null;
      } finally {
        isBusy.current = false;
        setIsRunning(false);
      }
    },
    [operation],
  );
  return { run, failure, isRunning };
}
