import type { RunData } from '../api/operations.js';
import { Plot } from '../components/charts.js';
import { DataTable } from '../components/data-table.js';
import { Panel } from '../components/panel.js';
import { formatCount, formatDate, formatNumber } from '../format.js';
import { inWords, term, text } from '../messages/index.js';

type Result = NonNullable<NonNullable<RunData['trainingRun']>['crossValidation']>;

/** Mean and spread over folds and seeds, fold by fold, and how far the best model is ahead of each other. */
export function CrossValidation({ result }: { result: Result }) {
  const rows = result.models.flatMap(({ model, folds, seeds, metrics }) =>
    metrics.map((metric) => ({ model, folds, seeds, ...metric })),
  );
  const folds = result.folds.flatMap(({ models, ...fold }) =>
    models.flatMap(({ model, metrics }) =>
      metrics
        .filter(({ name }) => name === result.metric)
        .map(({ mean, overSeeds }) => ({ ...fold, model, mean, overSeeds })),
    ),
  );
  return (
    <Panel title={text('folds.title')}>
      <p>
        {term('metric', result.metric)}: {inWords(result.ranking)}
      </p>
      <DataTable
        caption={text('folds.means')}
        rows={rows}
        keyOf={({ model, name }) => `${model} ${name}`}
        columns={[
          { title: text('run.model'), isHeader: true, cell: ({ model }) => model },
          { title: text('version.metric'), cell: ({ name }) => term('metric', name) },
          { title: text('folds.mean'), isNumber: true, cell: ({ mean }) => formatNumber(mean, 4) },
          { title: text('folds.overFolds'), isNumber: true, cell: (row) => formatNumber(row.overFolds, 4) },
          { title: text('folds.overSeeds'), isNumber: true, cell: (row) => formatNumber(row.overSeeds, 4) },
          {
            title: text('folds.range'),
            isNumber: true,
            cell: ({ lowest, highest }) => `${formatNumber(lowest, 4)} – ${formatNumber(highest, 4)}`,
          },
        ]}
      />
      <FoldMeans result={result} />
      <DataTable
        caption={text('folds.each')}
        rows={folds}
        keyOf={({ fold, model }) => `${fold} ${model}`}
        columns={[
          { title: text('folds.fold'), isHeader: true, cell: ({ fold }) => fold },
          { title: text('folds.cut'), cell: ({ cut }) => formatDate(cut) },
          { title: text('run.model'), cell: ({ model }) => model },
          { title: text('folds.mean'), isNumber: true, cell: ({ mean }) => formatNumber(mean, 4) },
          { title: text('folds.overSeeds'), isNumber: true, cell: (row) => formatNumber(row.overSeeds, 4) },
          {
            title: text('quality.protocol'),
            cell: ({ protocol, examples }) =>
              `${protocol} · ${text('quality.examples', { count: formatCount(examples) })}`,
          },
        ]}
      />
      {result.differences.length > 0 && (
        <DataTable
          caption={text('folds.differences')}
          rows={result.differences}
          keyOf={({ better, worse }) => `${better} ${worse}`}
          columns={[
            { title: text('folds.better'), isHeader: true, cell: ({ better }) => better },
            { title: text('folds.worse'), cell: ({ worse }) => worse },
            {
              title: text('folds.difference'),
              isNumber: true,
              cell: ({ difference }) => formatNumber(difference, 4),
            },
            {
              title: text('quality.interval'),
              isNumber: true,
              cell: ({ low, high }) => `${formatNumber(low, 4)} – ${formatNumber(high, 4)}`,
            },
            { title: text('folds.seeds'), isNumber: true, cell: ({ seeds }) => seeds },
          ]}
        />
      )}
    </Panel>
  );
}

const COLOURS = ['var(--ensemble)', 'var(--single)', 'var(--multi)', 'var(--baseline)', 'var(--accent)'];

/** How each model fares from fold to fold: the spread that a mean hides. */
function FoldMeans({ result: { folds, models, metric } }: { result: Result }) {
  if (folds.length < 2) return null;
  const rows = folds.map(({ fold, models: own }) => ({
    fold,
    ...Object.fromEntries(
      own.map(({ model, metrics }) => [
        `model ${models.findIndex((one) => one.model === model)}`,
        metrics.find(({ name }) => name === metric)?.mean ?? null,
      ]),
    ),
  }));
  return (
    <Plot
      label={text('folds.byCut')}
      rows={rows}
      x="fold"
      hasWholeSteps
      xLabel={text('folds.fold')}
      yLabel={term('metric', metric)}
      series={models.map(({ model }, at) => ({
        key: `model ${at}`,
        label: model,
        colour: COLOURS[at % COLOURS.length] ?? 'var(--accent)',
        hasDots: true,
      }))}
    />
  );
}
