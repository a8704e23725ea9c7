import type { RunsData } from '../api/operations.js';
import { isActive, useLiveRun } from '../api/use-live-run.js';
import { RunProgressBar } from '../components/run-progress-bar.js';
import { term, text } from '../messages/index.js';
import { href } from '../route.js';

type Run = RunsData['trainingRuns']['edges'][number]['node'];

/** The runs that are queued or running, followed live; nothing at all when there are none. */
export function ActiveRuns({ runs, onEnd }: { runs: readonly Run[]; onEnd: () => void }) {
  const active = runs.filter(({ status }) => isActive(status));
  if (active.length === 0) return null;
  return (
    <section className="panel" aria-label={text('overview.runsActive')}>
      {active.map((run) => (
        <ActiveRun key={run.id} run={run} onEnd={onEnd} />
      ))}
    </section>
  );
}

function ActiveRun({ run, onEnd }: { run: Run; onEnd: () => void }) {
  const live = useLiveRun(run.id, run.status, onEnd);
  return (
    <div className="row">
      <a href={href('runs', run.id)}>{text('run.title', { kind: term('kind', run.kind) })}</a>
      <RunProgressBar
        status={live.event?.status ?? run.status}
        progress={live.event?.progress ?? run.progress}
        message={live.event?.message ?? ''}
      />
    </div>
  );
}
