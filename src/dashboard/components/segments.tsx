import { formatCount, formatNumber } from '../format.js';
import { inWords, term, text } from '../messages/index.js';
import { DataTable } from './data-table.js';
import { Panel } from './panel.js';

interface Segment {
  readonly dimension: string;
  readonly name: string;
  readonly examples: number;
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Figures of parts of the examples, which a mean over all hides. */
export function Segments({ segments }: { segments: readonly Segment[] }) {
  const rows = segments.flatMap(({ metrics, ...segment }) =>
    metrics.map((metric) => ({ ...segment, metric })),
  );
  return (
    <Panel title={text('segments.title')}>
      <DataTable
        rows={rows}
        keyOf={({ dimension, name, metric }) => `${dimension} ${name} ${metric.name}`}
        columns={[
          {
            title: text('segments.segment'),
            isHeader: true,
            cell: ({ dimension, name }) => `${inWords(dimension)}: ${name}`,
          },
          { title: text('segments.examples'), isNumber: true, cell: (row) => formatCount(row.examples) },
          { title: text('version.metric'), cell: ({ metric }) => term('metric', metric.name) },
          {
            title: text('quality.value'),
            isNumber: true,
            cell: ({ metric }) => formatNumber(metric.value, 4),
          },
          {
            title: text('quality.interval'),
            isNumber: true,
            cell: ({ metric }) => `${formatNumber(metric.low, 4)} – ${formatNumber(metric.high, 4)}`,
          },
        ]}
      />
    </Panel>
  );
}
