import { useState } from 'react';

import { type DateRange, OVERVIEW } from './operations.js';
import { type QueryState, useQuery } from './use-query.js';

const DAY_MS = 86_400_000;
const NOTHING = {};

/** A time range that starts out as the last days of the shop's clock; null until that is known. */
export function useRange(
  days: number,
  now?: number,
): {
  readonly range: DateRange | null;
  /** Whether the reader chose it. */
  readonly isChosen: boolean;
  readonly setRange: (range: DateRange) => void;
  readonly clock: QueryState<unknown>;
} {
  const clock = useQuery(OVERVIEW, now === undefined ? NOTHING : null);
  const [openedAt] = useState(() => Date.now());
  const [chosen, setRange] = useState<DateRange | null>(null);
  const latest = clock.data?.behaviours.edges[0]?.node.occurredAt;
  // An empty shop has no clock: the wall's serves then.
  const until = now ?? (clock.data ? (latest ? new Date(latest).getTime() : openedAt) : null);
  const byDefault =
    until === null
      ? null
      : { from: new Date(until + 1 - days * DAY_MS).toISOString(), to: new Date(until + 1).toISOString() };
  return { range: chosen ?? byDefault, isChosen: chosen !== null, setRange, clock };
}
