import {
  Area,
  CartesianGrid,
  ComposedChart,
  Line,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';

import { formatNumber } from '../format.js';

export interface PlotSeries {
  readonly key: string;
  readonly label: string;
  readonly colour: string;
  readonly isDashed?: boolean;
  /** Drawn as a band; the row's value is then [low, high]. */
  readonly isBand?: boolean;
  readonly hasDots?: boolean;
}

export type PlotRow = Readonly<Record<string, number | string | readonly [number, number] | null>>;

export interface PlotProps {
  /** What the chart shows, for those who cannot see it. */
  readonly label: string;
  readonly rows: readonly PlotRow[];
  /** Column of the horizontal axis. */
  readonly x: string;
  readonly isCategorical?: boolean;
  /** Ticks of the horizontal axis at whole numbers alone. */
  readonly hasWholeSteps?: boolean;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly PlotSeries[];
  readonly height?: number;
  readonly xDomain?: readonly [number, number];
  readonly yDomain?: readonly [number | 'auto', number | 'auto'];
  readonly formatX?: (value: number | string) => string;
  readonly formatY?: (value: number) => string;
}

const DASHES = '5 4';

export default function Plot(props: PlotProps) {
  const {
    label,
    rows,
    x,
    xLabel,
    yLabel,
    series,
    formatX = String,
    formatY = (y: number) => formatNumber(y),
  } = props;
  const axis = { stroke: 'var(--line)', tickLine: false, tick: { fill: 'var(--quiet)' } } as const;
  const shown = (value: unknown): string =>
    Array.isArray(value) ? value.map((part) => formatY(Number(part))).join(' – ') : formatY(Number(value));
  return (
    <figure className="chart" role="img" aria-label={label} style={{ margin: 0 }}>
      <ResponsiveContainer width="100%" height={props.height ?? 260}>
        <ComposedChart
          data={[...rows]}
          margin={{ top: 8, right: 12, bottom: 20, left: 8 }}
          accessibilityLayer={false}
        >
          <CartesianGrid stroke="var(--faint)" vertical={false} />
          <XAxis
            {...axis}
            dataKey={x}
            type={props.isCategorical ? 'category' : 'number'}
            domain={props.xDomain ? [...props.xDomain] : ['dataMin', 'dataMax']}
            tickFormatter={formatX}
            minTickGap={24}
            allowDecimals={!props.hasWholeSteps}
            label={{ value: xLabel, position: 'insideBottom', offset: -12, fill: 'var(--quiet)' }}
          />
          <YAxis
            {...axis}
            domain={props.yDomain ? [...props.yDomain] : ['auto', 'auto']}
            tickFormatter={formatY}
            width={64}
            label={{
              value: yLabel,
              angle: -90,
              position: 'insideLeft',
              fill: 'var(--quiet)',
              style: { textAnchor: 'middle' },
            }}
          />
          <Tooltip
            isAnimationActive={false}
            formatter={(value: unknown) => shown(value)}
            labelFormatter={(at: unknown) => `${xLabel}: ${formatX(at as number | string)}`}
            contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 6 }}
          />
          {series.map((one) => drawn(one))}
        </ComposedChart>
      </ResponsiveContainer>
      <ul className="legend">
        {series.map(({ key, label: name, colour, isDashed, isBand }) => (
          <li key={key}>
            <svg aria-hidden="true">
              <line
                x1="0"
                x2="100%"
                y1="50%"
                y2="50%"
                stroke={colour}
                strokeWidth={isBand ? 9 : 2}
                strokeOpacity={isBand ? 0.25 : 1}
                strokeDasharray={isDashed ? DASHES : undefined}
              />
            </svg>
            {name}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function drawn({ key, label, colour, isDashed, isBand, hasDots }: PlotSeries) {
  if (isBand) {
    return (
      <Area
        key={key}
        dataKey={key}
        name={label}
        stroke="none"
        fill={colour}
        fillOpacity={0.2}
        isAnimationActive={false}
        activeDot={false}
      />
    );
  }
  return (
    <Line
      key={key}
      dataKey={key}
      name={label}
      stroke={colour}
      strokeWidth={2}
      strokeDasharray={isDashed ? DASHES : undefined}
      dot={hasDots ? { r: 3, fill: colour, strokeWidth: 0 } : false}
      isAnimationActive={false}
      connectNulls
    />
  );
}
