import { DataTable } from '../components/data-table.js';
import { Interval } from '../components/interval.js';
import { formatCount, formatNumber } from '../format.js';
import { type MessageKey, term, text } from '../messages/index.js';
import { href } from '../route.js';
import { familyColour } from './colours.js';
import { type QualityGroup, type QualityRow, scaleOf, type Verdict } from './compare.js';

const VERDICTS: Record<Verdict, MessageKey> = {
  BEST: 'quality.best',
  LEADS: 'quality.leads',
  TIED: 'quality.tied',
  BEHIND: 'quality.behind',
  ALONE: 'quality.alone',
};

/** One task: every model with its value and interval on one scale. */
export function QualityTable({
  group,
  servedVersionId,
}: {
  group: QualityGroup;
  servedVersionId: string | null;
}) {
  const scale = scaleOf(group.rows);
  const direction = text(group.isLowerBetter ? 'quality.lower' : 'quality.higher');
  return (
    <section className="stack near quality" data-task={group.task} data-metric={group.metric}>
      <div className="row">
        <h3>{term('task', group.task)}</h3>
        <span className="quiet small">
          {term('metric', group.metric)} · {direction} ·{' '}
          {text('quality.examples', { count: formatCount(group.rows[0]?.evaluation.examples ?? 0) })}
        </span>
      </div>
      <DataTable
        caption={group.protocol}
        rows={group.rows}
        keyOf={({ evaluation }) => `${evaluation.family} ${evaluation.architecture}`}
        columns={[
          {
            title: text('quality.model'),
            isHeader: true,
            cell: (row) => <ModelName row={row} servedVersionId={servedVersionId} />,
          },
          { title: text('quality.value'), isNumber: true, cell: ({ metric }) => formatNumber(metric.value) },
          {
            title: text('quality.interval'),
            className: 'nowrap',
            cell: ({ metric }) => `${formatNumber(metric.low)} – ${formatNumber(metric.high)}`,
          },
          {
            title: text('quality.range', { low: formatNumber(scale[0]), high: formatNumber(scale[1]) }),
            cell: ({ metric, evaluation }) => (
              <Interval {...metric} scale={scale} colour={familyColour(evaluation.family)} />
            ),
          },
          { title: text('quality.verdict'), cell: ({ verdict }) => <VerdictMark verdict={verdict} /> },
        ]}
      />
    </section>
  );
}

function ModelName({
  row: { evaluation, modelVersionId },
  servedVersionId,
}: {
  row: QualityRow;
  servedVersionId: string | null;
}) {
  const isServing = evaluation.isServed && modelVersionId !== null && modelVersionId === servedVersionId;
  const name = term('family', evaluation.family);
  return (
    <>
      {modelVersionId ? <a href={href('versions', modelVersionId)}>{name}</a> : name}{' '}
      <span className="quiet small">{evaluation.architecture}</span>{' '}
      {isServing && <span className="status good small">{text('quality.served')}</span>}
    </>
  );
}

function VerdictMark({ verdict }: { verdict: Verdict }) {
  return <span className={verdict === 'BEST' ? 'mark' : 'quiet'}>{text(VERDICTS[verdict])}</span>;
}
