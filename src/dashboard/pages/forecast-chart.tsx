import type { DemandForecastData } from '../api/operations.js';
import { Plot } from '../components/charts.js';
import { DataTable } from '../components/data-table.js';
import { formatDate, formatDayMonth, formatNumber } from '../format.js';
import { text } from '../messages/index.js';

/** Units a day: what sold, what is expected, and how wide the interval is; the figures stand below the picture. */
export function ForecastChart({ forecast }: { forecast: DemandForecastData['demandForecast'] }) {
  const { days, history, total } = forecast;
  const rows = [
    ...history.map(({ date, units }) => ({ date, sold: units, expected: null, range: null })),
    ...days.map(({ date, units, low, high }) => ({
      date,
      sold: null,
      expected: units,
      range: [low, high] as const,
    })),
  ];
  const summary = text('item.total', { total: formatNumber(total, 1), days: days.length });
  return (
    <>
      <p>
        <strong>{summary}</strong>
      </p>
      <Plot
        label={`${text('item.forecast')}: ${summary}`}
        rows={rows}
        x="date"
        isCategorical
        xLabel={text('item.day')}
        yLabel={text('behaviour.units')}
        yDomain={[0, 'auto']}
        formatX={(date) => formatDayMonth(String(date))}
        formatY={(units) => formatNumber(units, 0)}
        series={[
          { key: 'range', label: text('item.range'), colour: 'var(--ensemble)', isBand: true },
          { key: 'sold', label: text('item.units'), colour: 'var(--baseline)' },
          { key: 'expected', label: text('item.expected'), colour: 'var(--ensemble)' },
        ]}
      />
      <details>
        <summary>{text('item.table')}</summary>
        <DataTable
          rows={days}
          keyOf={({ date }) => date}
          columns={[
            { title: text('item.day'), isHeader: true, cell: ({ date }) => formatDate(date) },
            { title: text('item.expected'), isNumber: true, cell: ({ units }) => formatNumber(units, 1) },
            {
              title: text('item.range'),
              isNumber: true,
              cell: ({ low, high }) => `${formatNumber(low, 1)} – ${formatNumber(high, 1)}`,
            },
          ]}
        />
      </details>
    </>
  );
}
