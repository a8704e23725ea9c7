import { useEffect, useRef, useState } from 'react';

import { RUN_PROGRESS, type RunProgressData, type RunStatus } from './operations.js';
import { useSubscription } from './use-subscription.js';

export type RunEvent = RunProgressData['runProgress'];
export interface LiveRun {
  /** The newest event, null until one came. */
  readonly event: RunEvent | null;
  /** The finished epochs that came in while listening. */
  readonly epochs: readonly NonNullable<RunEvent['epoch']>[];
  readonly hasFailed: boolean;
}

export function isActive(status: RunStatus): boolean {
  return status === 'QUEUED' || status === 'RUNNING';
}

const REFRESH_MS = 4000;

/**
 * Follows one run from now on.
 *
 * @param status as last read; a run that has ended is not followed
 * @param onEnd called when the run ends, and every few seconds while the live connection is down
 */
export function useLiveRun(id: string, status: RunStatus, onEnd: () => void): LiveRun {
  const [event, setEvent] = useState<RunEvent | null>(null);
  const [epochs, setEpochs] = useState<LiveRun['epochs']>([]);
  const latest = useRef(onEnd);
  latest.current = onEnd;
  const isFollowed = isActive(status);
  const hasFailed = useSubscription(RUN_PROGRESS, isFollowed ? { id } : null, {
    onData: ({ runProgress }) => {
      setEvent(runProgress);
      const { epoch } = runProgress;
      if (epoch) setEpochs((last) => [...last, epoch]);
      if (!isActive(runProgress.status)) latest.current();
    },
    onEnd: () => latest.current(),
  });
  useEffect(() => {
    if (!hasFailed || !isFollowed) return undefined;
    const timer = setInterval(() => latest.current(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [hasFailed, isFollowed]);
  return { event, epochs, hasFailed };
}
