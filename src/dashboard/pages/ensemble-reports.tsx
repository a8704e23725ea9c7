import { ENSEMBLE_REPORTS, type EnsembleReportsData } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { Interval } from '../components/interval.js';
import { Loaded } from '../components/loaded.js';
import { Facts, Panel } from '../components/panel.js';
import { formatBytes, formatDate, formatNumber } from '../format.js';
import { inWords, taskTitle, term, text } from '../messages/index.js';

type Report = NonNullable<EnsembleReportsData['modelVersion']>['ensembleReports'][number];
type Subset = Report['subsets'][number];

/** What each part of an ensemble brings and costs; nothing for other versions. */
export function EnsembleReports({ id }: { id: string }) {
  const query = useQuery(ENSEMBLE_REPORTS, { id });
  return (
    <Loaded query={query}>
      {({ modelVersion }) =>
        modelVersion?.ensembleReports.map((report) => <EnsembleReport key={report.task} report={report} />) ??
        null
      }
    </Loaded>
  );
}

function EnsembleReport({ report }: { report: Report }) {
  const ends = report.subsets.flatMap(({ test }) => (test ? [test.low, test.high] : []));
  const scale = [Math.min(...ends), Math.max(...ends)] as const;
  const metric = term('metric', report.metric);
  return (
    <Panel title={`${text('ensemble.title')}: ${taskTitle(report)}`}>
      <Facts facts={factsOf(report)} />
      <DataTable
        caption={text('ensemble.caption', { metric })}
        rows={report.subsets}
        keyOf={({ kind, members }) => `${kind} ${members.join()}`}
        columns={[
          { title: text('version.model'), isHeader: true, cell: (subset) => nameOf(report, subset) },
          {
            title: text('ensemble.validation', { metric }),
            isNumber: true,
            cell: ({ validation }) => formatNumber(validation?.value, 4),
          },
          {
            title: text('ensemble.test', { metric }),
            isNumber: true,
            cell: ({ test }) => formatNumber(test?.value, 4),
          },
          {
            title: text('quality.interval'),
            cell: ({ test, isChosen }) =>
              test && (
                <Interval {...test} scale={scale} colour={isChosen ? 'var(--ensemble)' : 'var(--baseline)'} />
              ),
          },
          { title: text('ensemble.p50'), isNumber: true, cell: ({ p50Ms }) => milliseconds(p50Ms) },
          { title: text('ensemble.p99'), isNumber: true, cell: ({ p99Ms }) => milliseconds(p99Ms) },
          { title: text('version.size'), isNumber: true, cell: ({ bytes }) => formatBytes(bytes) },
        ]}
      />
    </Panel>
  );
}

const milliseconds = (value: number | null): string => (value === null ? '–' : formatNumber(value, 2));

function nameOf({ members }: Report, subset: Subset): string {
  const names = subset.members.map((at) => members[at]?.architecture ?? '').join(' + ');
  const name = subset.kind === 'STUDENT' ? text('ensemble.student') : names;
  return subset.isChosen ? `${name} (${text('ensemble.chosen')})` : name;
}

function factsOf({ method, prune, members, outOfFold, calibration }: Report) {
  const left = members.filter(({ isKept }) => !isKept).map(({ architecture }) => architecture);
  const weights = members.flatMap(({ architecture, weight }) =>
    weight === null ? [] : [`${architecture} ${formatNumber(weight, 2)}`],
  );
  const facts: [string, string, 'wide'?][] = [
    [text('runs.method'), text(`runs.method.${method}`)],
    [text('ensemble.prune'), inWords(prune)],
  ];
  if (weights.length > 0) facts.push([text('ensemble.weights'), weights.join(', '), 'wide']);
  if (left.length > 0) facts.push([text('ensemble.left'), left.join(', '), 'wide']);
  if (outOfFold) {
    const from =
      outOfFold.by === 'TIME'
        ? text('ensemble.byTime', { cuts: outOfFold.cuts.map(formatDate).join(', ') })
        : text('ensemble.byExamples');
    facts.push([text('ensemble.outOfFold'), [from, outOfFold.reason].filter(Boolean).join('; '), 'wide']);
  }
  if (calibration) {
    const error = (before: number | null, after: number | null) =>
      before === null || after === null
        ? ''
        : text('ensemble.error', { before: formatNumber(before, 4), after: formatNumber(after, 4) });
    facts.push([
      text('ensemble.calibration'),
      [inWords(calibration.method), error(calibration.testBefore, calibration.testAfter)]
        .filter(Boolean)
        .join('; '),
      'wide',
    ]);
  }
  return facts;
}
