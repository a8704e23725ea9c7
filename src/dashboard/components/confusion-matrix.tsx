import { formatCount, formatNumber, formatShare } from '../format.js';
import { text } from '../messages/index.js';

/** Counts of actual against predicted labels; the shade is the share of the row. */
export function ConfusionMatrix({
  matrix: { labels, counts, threshold },
}: {
  matrix: { labels: readonly string[]; counts: readonly (readonly number[])[]; threshold: number };
}) {
  return (
    <div className="scroll">
      <table className="matrix">
        <caption>{text('version.threshold', { threshold: formatNumber(threshold) })}</caption>
        <thead>
          <tr>
            <th scope="col">
              {text('version.actual')} ↓ {text('version.predicted')} →
            </th>
            {labels.map((label) => (
              <th key={label} scope="col" className="number">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {counts.map((row, actual) => {
            const total = row.reduce((sum, count) => sum + count, 0) || 1;
            return (
              <tr key={labels[actual] ?? actual}>
                <th scope="row">{labels[actual]}</th>
                {row.map((count, predicted) => (
                  <td
                    key={labels[predicted] ?? predicted}
                    style={{ background: `rgb(var(--heat) / ${((0.45 * count) / total).toFixed(3)})` }}
                  >
                    {formatCount(count)}
                    <br />
                    <span className="small quiet">{formatShare(count / total)}</span>
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
