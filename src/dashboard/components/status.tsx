import type { AlertSeverity, RunStatus } from '../api/operations.js';
import { inWords, term } from '../messages/index.js';

const TONES: Record<RunStatus, string> = {
  QUEUED: 'quiet',
  RUNNING: 'active',
  SUCCEEDED: 'good',
  FAILED: 'bad',
  CANCELLED: 'warn',
};
const SEVERITY_TONES: Record<AlertSeverity, string> = { INFO: 'quiet', WARNING: 'warn', CRITICAL: 'bad' };

export function StatusMark({ status }: { status: RunStatus }) {
  return (
    <span className={`status ${TONES[status]}`} data-status={status}>
      {term('status', status)}
    </span>
  );
}

export function SeverityMark({ severity }: { severity: AlertSeverity }) {
  return <span className={`status ${SEVERITY_TONES[severity]}`}>{inWords(severity)}</span>;
}
