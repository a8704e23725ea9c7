import type { RunStatus } from '../api/operations.js';
import { formatShare } from '../format.js';
import { text } from '../messages/index.js';

/** How far a run is, in a bar, a number and the worker's own words. */
export function RunProgressBar({
  status,
  progress,
  message,
}: {
  status: RunStatus;
  progress: number;
  message: string;
}) {
  if (status === 'QUEUED') return <span className="quiet">{message || text('runs.queuedHint')}</span>;
  if (status !== 'RUNNING') return null;
  return (
    <span className="row">
      <progress max={1} value={progress} aria-label={text('runs.progress')} />
      <span className="nowrap">{formatShare(progress)}</span>
      {message && <span className="quiet small">{message}</span>}
    </span>
  );
}
