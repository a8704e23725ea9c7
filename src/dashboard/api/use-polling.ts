import { useEffect, useRef } from 'react';

/**
 * Calls again and again while the page is in view.
 *
 * @param everyMs null waits
 */
export function usePolling(call: () => void, everyMs: number | null): void {
  const latest = useRef(call);
  latest.current = call;
  useEffect(() => {
    if (everyMs === null) return undefined;
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') latest.current();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
}
