import { useState } from 'react';

import { CANCEL_DATA_JOB, DATA_JOB_PROGRESS, DATA_JOBS, type DataJobsData } from '../api/operations.js';
import { isActive } from '../api/use-live-run.js';
import { usePages } from '../api/use-pages.js';
import { usePolling } from '../api/use-polling.js';
import { useMutation } from '../api/use-query.js';
import { useSubscription } from '../api/use-subscription.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { MoreButton } from '../components/more-button.js';
import { PageTitle, Panel } from '../components/panel.js';
import { RunProgressBar } from '../components/run-progress-bar.js';
import { StatusMark } from '../components/status.js';
import { formatCount, formatDateTime, formatDuration } from '../format.js';
import { inWords, text } from '../messages/index.js';
import { ImportForm } from './import-form.js';
import { QuarantinePanel } from './quarantine-panel.js';
import { RetentionPanel } from './retention-panel.js';
import { SchedulesPanel } from './schedules-panel.js';

type Job = DataJobsData['dataJobs']['edges'][number]['node'];
const PAGE_SIZE = 10;
/** Jobs are also started from elsewhere, retention by the clock. */
const REFRESH_MS = 5000;
const NO_VARIABLES = {};

/** Data in: imports with their progress, rows that were not understood, how long rows are kept. */
export function DataPage() {
  const jobs = usePages(DATA_JOBS, NO_VARIABLES, ({ dataJobs }) => dataJobs, PAGE_SIZE);
  // Once further pages are open, a refresh would fold them up.
  usePolling(jobs.reload, jobs.nodes.length > PAGE_SIZE ? null : REFRESH_MS);
  const [turn, setTurn] = useState(0);
  const onEnd = () => {
    jobs.reload();
    setTurn((last) => last + 1); // What ended may have left rows in quarantine, or taken them from it.
  };
  return (
    <div className="stack">
      <PageTitle>{text('data.title')}</PageTitle>
      <ImportForm onStart={jobs.reload} />
      <Panel title={text('data.jobs')}>
        <Loaded query={jobs.query}>{() => <JobTable jobs={jobs.nodes} onEnd={onEnd} />}</Loaded>
        <MoreButton pages={jobs} />
      </Panel>
      <SchedulesPanel turn={turn} />
      <QuarantinePanel turn={turn} onStart={jobs.reload} />
      <RetentionPanel onStart={jobs.reload} />
    </div>
  );
}

function JobTable({ jobs, onEnd }: { jobs: readonly Job[]; onEnd: () => void }) {
  const cancel = useMutation(CANCEL_DATA_JOB);
  return (
    <>
      {cancel.failure && <FailureNote failure={cancel.failure} />}
      <DataTable
        rows={jobs}
        keyOf={({ id }) => id}
        empty={text('data.jobsEmpty')}
        columns={[
          { title: text('data.job'), className: 'nowrap', cell: ({ kind }) => inWords(kind) },
          {
            title: text('data.subject'),
            isHeader: true,
            cell: ({ subject }) => <span className="wrap">{subject}</span>,
          },
          { title: text('data.status'), cell: (job) => <LiveStatus job={job} onEnd={onEnd} /> },
          { title: text('data.result'), cell: (job) => <Result job={job} /> },
          {
            title: text('data.started'),
            className: 'nowrap',
            cell: ({ startedAt, createdAt }) => formatDateTime(startedAt ?? createdAt),
          },
          {
            title: text('data.took'),
            className: 'nowrap',
            cell: ({ id, subject, status, startedAt, finishedAt }) =>
              isActive(status) ? (
                <button
                  type="button"
                  disabled={cancel.isRunning}
                  aria-label={text('data.cancelJob', { subject })}
                  onClick={() => void cancel.run({ id }).then(onEnd)}
                >
                  {text('runs.cancel')}
                </button>
              ) : (
                formatDuration(startedAt, finishedAt)
              ),
          },
        ]}
      />
    </>
  );
}

function LiveStatus({ job, onEnd }: { job: Job; onEnd: () => void }) {
  const [event, setEvent] = useState<Pick<Job, 'status' | 'progress' | 'message'> | null>(null);
  useSubscription(DATA_JOB_PROGRESS, isActive(job.status) ? { id: job.id } : null, {
    onData: ({ dataJobProgress }) => {
      setEvent(dataJobProgress);
      if (!isActive(dataJobProgress.status)) onEnd();
    },
    onEnd,
  });
  const { status, progress, message } = isActive(job.status) ? (event ?? job) : job;
  return (
    <span className="row" data-job={job.id}>
      <StatusMark status={status} />
      <RunProgressBar
        status={status}
        progress={progress}
        message={status === 'QUEUED' ? text('data.queued') : message}
      />
    </span>
  );
}

function Result({ job: { error, importReport } }: { job: Job }) {
  if (error) return <span className="small wrap">{error}</span>;
  if (!importReport) return null;
  const { lines, kept, dropped, rejected, rules } = importReport;
  const deciding = rules.filter((rule) => rule.lines > 0);
  const counts = { lines, kept, dropped, rejected };
  return (
    <span className="small">
      {text(
        'data.counts',
        Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, formatCount(count)])),
      )}
      {deciding.length > 0 && (
        <ul>
          {deciding.map((rule) => (
            <li key={rule.name} title={rule.description}>
              {rule.name}: {formatCount(rule.lines)}
            </li>
          ))}
        </ul>
      )}
    </span>
  );
}
