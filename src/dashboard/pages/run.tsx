import { CANCEL_RUN, RUN, type RunData } from '../api/operations.js';
import { isActive, useLiveRun } from '../api/use-live-run.js';
import { useMutation, useQuery } from '../api/use-query.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { Facts, PageTitle, Panel } from '../components/panel.js';
import { RunProgressBar } from '../components/run-progress-bar.js';
import { StatusMark } from '../components/status.js';
import { formatDateTime, formatDuration } from '../format.js';
import { taskTitles, term, text } from '../messages/index.js';
import { href } from '../route.js';
import { CrossValidation } from './cross-validation.js';
import { LossCurves } from './loss-curves.js';
import { SearchTrials } from './search-trials.js';

type Run = NonNullable<RunData['trainingRun']>;

/** One run: where it stands, its settings, its losses, why it failed. */
export function RunPage({ id }: { id: string }) {
  const query = useQuery(RUN, { id });
  return (
    <div className="stack">
      <Loaded query={query}>
        {({ trainingRun }) =>
          trainingRun ? (
            <RunDetails run={trainingRun} onChange={query.reload} />
          ) : (
            <p>{text('run.missing')}</p>
          )
        }
      </Loaded>
    </div>
  );
}

function RunDetails({ run, onChange }: { run: Run; onChange: () => void }) {
  const live = useLiveRun(run.id, run.status, onChange);
  const cancel = useMutation(CANCEL_RUN);
  const status = isActive(run.status) ? (live.event?.status ?? run.status) : run.status;
  return (
    <>
      <PageTitle
        aside={
          isActive(status) && (
            <button
              type="button"
              disabled={cancel.isRunning}
              onClick={() => void cancel.run({ id: run.id }).then(onChange)}
            >
              {text(cancel.isRunning ? 'runs.cancelling' : 'runs.cancel')}
            </button>
          )
        }
      >
        {text('run.title', { kind: term('kind', run.kind) })}
      </PageTitle>
      {cancel.failure && <FailureNote failure={cancel.failure} />}
      <div className="row" aria-live="polite">
        <StatusMark status={status} />
        <RunProgressBar
          status={status}
          progress={live.event?.progress ?? run.progress}
          message={live.event?.message ?? ''}
        />
        {live.hasFailed && <span className="quiet small">{text('runs.notLive')}</span>}
      </div>
      {run.error && (
        <div className="failure" role="alert">
          <strong>{text('run.error')}</strong>
          <span className="wrap">{run.error}</span>
        </div>
      )}
      <Facts
        facts={[
          [text('runs.tasks'), taskTitles(run)],
          [text('runs.started'), formatDateTime(run.startedAt ?? run.createdAt)],
          [text('runs.took'), formatDuration(run.startedAt, run.finishedAt)],
          [
            text('runs.version'),
            run.modelVersion && (
              <a href={href('versions', run.modelVersion.id)}>{run.modelVersion.architecture}</a>
            ),
          ],
        ]}
      />
      {run.trials.length > 0 && <SearchTrials runId={run.id} trials={run.trials} />}
      {run.crossValidation && <CrossValidation result={run.crossValidation} />}
      <Panel title={text('run.losses')}>
        <LossCurves epochs={mergeEpochs(run.epochs, live.epochs)} />
      </Panel>
      <details className="panel">
        <summary>{text('run.settings')}</summary>
        <pre className="scroll small" tabIndex={0}>
          {JSON.stringify(run.config, null, 2)}
        </pre>
      </details>
    </>
  );
}

type Epoch = Run['epochs'][number];

/** Stored epochs and those that came live since; the same epoch counts once. */
function mergeEpochs(stored: readonly Epoch[], live: readonly Epoch[]): Epoch[] {
  const byKey = new Map<string, Epoch>();
  for (const epoch of [...stored, ...live])
    byKey.set(`${epoch.model} ${epoch.task ?? ''} ${epoch.customTask ?? ''} ${epoch.epoch}`, epoch);
  return [...byKey.values()];
}
