import { formatNumber } from '../format.js';
import { text } from '../messages/index.js';

/** A value and its 95 % interval on the scale of its table. */
export function Interval({
  value,
  low,
  high,
  scale,
  colour,
}: {
  value: number;
  low: number;
  high: number;
  scale: readonly [number, number];
  colour: string;
}) {
  const [from, to] = scale;
  const at = (x: number) => `${2 + (96 * (x - from)) / (to - from || 1)}%`;
  const label = text('quality.plot', {
    value: formatNumber(value),
    low: formatNumber(low),
    high: formatNumber(high),
  });
  return (
    <svg className="interval" role="img" aria-label={label}>
      <line x1="0" x2="100%" y1="50%" y2="50%" stroke="var(--faint)" strokeWidth="1" />
      <line x1={at(low)} x2={at(high)} y1="50%" y2="50%" stroke={colour} strokeWidth="2" />
      {[low, high].map((end, index) => (
        <line key={index} x1={at(end)} x2={at(end)} y1="25%" y2="75%" stroke={colour} strokeWidth="2" />
      ))}
      <circle cx={at(value)} cy="50%" r="4" fill={colour} />
    </svg>
  );
}
