import { CANCEL_RUN, RUNS, type RunsData } from '../api/operations.js';
import { isActive, useLiveRun } from '../api/use-live-run.js';
import { usePages } from '../api/use-pages.js';
import { usePolling } from '../api/use-polling.js';
import { useMutation } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { MoreButton } from '../components/more-button.js';
import { PageTitle, Panel } from '../components/panel.js';
import { RunProgressBar } from '../components/run-progress-bar.js';
import { StatusMark } from '../components/status.js';
import { formatDateTime, formatDuration } from '../format.js';
import { taskTitles, term, text } from '../messages/index.js';
import { href } from '../route.js';
import { CustomTasks } from './custom-tasks.js';
import { RunStarter } from './run-starter.js';

type Run = RunsData['trainingRuns']['edges'][number]['node'];
const PAGE_SIZE = 20;
/** Runs are also started from elsewhere: the command line, another browser, the first start. */
const REFRESH_MS = 5000;
const NO_VARIABLES = {};

/** Every run, newest first, with live progress; starts and cancels runs. */
export function RunsPage() {
  const pages = usePages(RUNS, NO_VARIABLES, ({ trainingRuns }) => trainingRuns, PAGE_SIZE);
  // Once further pages are open, a refresh would fold them up.
  usePolling(pages.reload, pages.nodes.length > PAGE_SIZE ? null : REFRESH_MS);
  return (
    <div className="stack">
      <PageTitle>{text('runs.title')}</PageTitle>
      <RunStarter onStart={pages.reload} />
      <CustomTasks />
      <Panel title={text('runs.title')} isTitleHidden>
        <Loaded query={pages.query}>{() => <RunTable runs={pages.nodes} onChange={pages.reload} />}</Loaded>
        <MoreButton pages={pages} />
      </Panel>
    </div>
  );
}

function RunTable({ runs, onChange }: { runs: readonly Run[]; onChange: () => void }) {
  const cancel = useMutation(CANCEL_RUN);
  const cancelRun = (id: string) => void cancel.run({ id }).then(onChange);
  return (
    <>
      {cancel.failure && <FailureNote failure={cancel.failure} />}
      <DataTable
        rows={runs}
        keyOf={({ id }) => id}
        empty={text('runs.empty')}
        columns={[
          {
            title: text('runs.run'),
            isHeader: true,
            className: 'nowrap',
            cell: ({ id, kind }) => <a href={href('runs', id)}>{term('kind', kind)}</a>,
          },
          { title: text('runs.status'), cell: (run) => <LiveStatus run={run} onEnd={onChange} /> },
          {
            title: text('runs.tasks'),
            cell: (run) => <span className="small">{taskTitles(run)}</span>,
          },
          {
            title: text('runs.started'),
            className: 'nowrap',
            cell: ({ startedAt, createdAt }) => formatDateTime(startedAt ?? createdAt),
          },
          {
            title: text('runs.took'),
            className: 'nowrap',
            cell: ({ startedAt, finishedAt }) => formatDuration(startedAt, finishedAt),
          },
          {
            title: text('runs.version'),
            cell: ({ id, status, modelVersion }) => {
              if (modelVersion)
                return <a href={href('versions', modelVersion.id)}>{modelVersion.architecture}</a>;
              if (!isActive(status)) return null;
              return (
                <button
                  type="button"
                  disabled={cancel.isRunning}
                  aria-label={text('runs.cancelRun', { id })}
                  onClick={() => cancelRun(id)}
                >
                  {text('runs.cancel')}
                </button>
              );
            },
          },
        ]}
      />
    </>
  );
}

function LiveStatus({ run, onEnd }: { run: Run; onEnd: () => void }) {
  const { event, hasFailed } = useLiveRun(run.id, run.status, onEnd);
  const status = isActive(run.status) ? (event?.status ?? run.status) : run.status;
  return (
    <span className="row" data-run={run.id}>
      <StatusMark status={status} />
      <RunProgressBar
        status={status}
        progress={event?.progress ?? run.progress}
        message={event?.message ?? ''}
      />
      {status === 'FAILED' && run.error && <span className="small wrap">{run.error}</span>}
      {hasFailed && <span className="quiet small">{text('runs.notLive')}</span>}
    </span>
  );
}
