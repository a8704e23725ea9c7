import { type RunData, TRAIN_TRIAL } from '../api/operations.js';
import { useMutation } from '../api/use-query.js';
import { Plot } from '../components/charts.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Panel } from '../components/panel.js';
import { formatNumber } from '../format.js';
import { inWords, text } from '../messages/index.js';
import { href } from '../route.js';

type Trial = NonNullable<RunData['trainingRun']>['trials'][number];

/** What a search tried, the best first; each measured trial can be trained. */
export function SearchTrials({ runId, trials }: { runId: string; trials: readonly Trial[] }) {
  const train = useMutation(TRAIN_TRIAL);
  const start = async (number: number) => {
    const started = await train.run({ runId, number });
    if (started) location.hash = href('runs', started.trainTrial.id);
  };
  const rows = [...trials].sort((a, b) => Number(b.isBest) - Number(a.isBest) || a.number - b.number);
  return (
    <Panel title={text('search.trials')}>
      {train.failure && <FailureNote failure={train.failure} />}
      <Progress trials={trials} />
      <DataTable
        rows={rows}
        keyOf={({ number }) => String(number)}
        caption={text('search.hint')}
        columns={[
          { title: text('search.trial'), isHeader: true, cell: ({ number }) => number },
          {
            title: text('runs.status'),
            cell: ({ status, error, isBest }) => (
              <span title={error ?? undefined} className={isBest ? 'mark' : undefined}>
                {isBest ? text('search.best') : inWords(status)}
              </span>
            ),
          },
          { title: text('search.value'), isNumber: true, cell: ({ value }) => formatNumber(value, 4) },
          { title: text('search.budget'), isNumber: true, cell: ({ budget }) => budget ?? '' },
          {
            title: text('search.seconds'),
            isNumber: true,
            cell: ({ results }) =>
              formatNumber(
                results.reduce((sum, { seconds }) => sum + seconds, 0),
                1,
              ),
          },
          {
            title: text('run.settings'),
            className: 'wrap',
            cell: ({ settings }) => <code className="small">{JSON.stringify(settings)}</code>,
          },
          {
            title: text('search.train'),
            cell: ({ number, value }) => (
              <button
                type="button"
                disabled={train.isRunning || value === null}
                onClick={() => void start(number)}
              >
                {text('search.trainNumber', { number })}
              </button>
            ),
          },
        ]}
      />
    </Panel>
  );
}

/** Every trial's figure and the best so far, in the order in which trials were drawn. */
function Progress({ trials }: { trials: readonly Trial[] }) {
  const measured = trials.flatMap(({ number, value, isBest }) =>
    value === null ? [] : [{ number, value, isBest }],
  );
  const best = measured.find(({ isBest }) => isBest);
  if (!best || measured.length < 2) return null;
  // Whether more or less is better shows by which end the best one stands at.
  const isMoreBetter = measured.filter(({ value }) => value > best.value).length * 2 < measured.length;
  let reached: number | null = null;
  const rows = [...measured]
    .sort((a, b) => a.number - b.number)
    .map(({ number, value }) => {
      reached = reached === null ? value : isMoreBetter ? Math.max(reached, value) : Math.min(reached, value);
      return { number, value, reached };
    });
  return (
    <Plot
      label={text('search.progress')}
      rows={rows}
      x="number"
      hasWholeSteps
      xLabel={text('search.trial')}
      yLabel={text('search.value')}
      series={[
        {
          key: 'value',
          label: text('search.value'),
          colour: 'var(--baseline)',
          hasDots: true,
          isDashed: true,
        },
        { key: 'reached', label: text('search.progress'), colour: 'var(--ensemble)' },
      ]}
    />
  );
}
