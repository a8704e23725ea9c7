import { DataTable } from '../components/data-table.js';
import { Interval } from '../components/interval.js';
import { formatNumber } from '../format.js';
import { type MessageKey, taskTitle, term, text } from '../messages/index.js';
import { href } from '../route.js';
import { familyColour } from './colours.js';
import { type QualityGroup, type QualityRow, scaleOf, type Verdict } from './compare.js';

const VERDICTS: Record<Verdict, MessageKey> = {
  BEST: 'quality.best',
  LEADS: 'quality.leads',
  TIED: 'quality.tied',
  BEHIND: 'quality.behind',
  ONE_SEED: 'quality.oneSeed',
  ALONE: 'quality.alone',
};

/** One task: every model with its newest value and interval on one scale, and what the API's ranking says of it. */
export function QualityTable({
  group: { comparison, rows },
  servedVersionId,
}: {
  group: QualityGroup;
  servedVersionId: string | null;
}) {
  const { task, metric, higherIsBetter, protocol, ranking } = comparison;
  const scale = scaleOf(rows);
  const direction = text(higherIsBetter ? 'quality.higher' : 'quality.lower');
  return (
    <section className="stack near quality" data-task={task} data-metric={metric} data-ranking={ranking}>
      <div className="row">
        <h3>{taskTitle(comparison)}</h3>
        <span className="quiet small">
          {term('metric', metric)} · {direction}
        </span>
      </div>
      {ranking === 'ONE_SEED' && <p className="quiet small">{text('quality.needSeeds')}</p>}
      <DataTable
        caption={protocol}
        rows={rows}
        keyOf={({ entry }) => entry.model}
        columns={[
          {
            title: text('quality.model'),
            isHeader: true,
            cell: (row) => <ModelName row={row} servedVersionId={servedVersionId} />,
          },
          { title: text('quality.value'), isNumber: true, cell: ({ entry }) => formatNumber(entry.value) },
          {
            title: text('quality.interval'),
            className: 'nowrap',
            cell: ({ entry }) => `${formatNumber(entry.low)} – ${formatNumber(entry.high)}`,
          },
          {
            title: text('quality.range', { low: formatNumber(scale[0]), high: formatNumber(scale[1]) }),
            cell: ({ entry }) => (
              <Interval
                value={entry.value}
                low={entry.low}
                high={entry.high}
                scale={scale}
                colour={familyColour(entry.family)}
              />
            ),
          },
          {
            title: text('quality.seeds'),
            isNumber: true,
            cell: ({ seeds, mean }) =>
              seeds > 1 ? text('quality.mean', { seeds, mean: formatNumber(mean) }) : seeds,
          },
          { title: text('quality.verdict'), cell: ({ verdict }) => <VerdictMark verdict={verdict} /> },
        ]}
      />
    </section>
  );
}

function ModelName({ row: { entry }, servedVersionId }: { row: QualityRow; servedVersionId: string | null }) {
  const isServing = entry.isServed && entry.modelVersion.id === servedVersionId;
  // A model of which there are several with other settings is numbered by the API.
  const settings = /\(settings \d+\)$/.exec(entry.model)?.[0] ?? '';
  return (
    <>
      <a href={href('versions', entry.modelVersion.id)}>{term('family', entry.family)}</a>{' '}
      <span className="quiet small">
        {entry.architecture} {settings}
      </span>{' '}
      {isServing && <span className="status good small">{text('quality.served')}</span>}
    </>
  );
}

function VerdictMark({ verdict }: { verdict: Verdict }) {
  return <span className={verdict === 'BEST' ? 'mark' : 'quiet'}>{text(VERDICTS[verdict])}</span>;
}
