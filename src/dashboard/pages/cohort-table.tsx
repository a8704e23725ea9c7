import type { BehaviourAnalyticsData } from '../api/operations.js';
import { formatCount, formatMonth, formatShare } from '../format.js';
import { text } from '../messages/index.js';

type Cohort = BehaviourAnalyticsData['behaviourAnalytics']['cohorts'][number];

/** Retention by first month: a row a cohort, a column a month since; the shade is the share. */
export function CohortTable({ cohorts }: { cohorts: readonly Cohort[] }) {
  const months = Math.max(0, ...cohorts.map(({ retention }) => retention.length));
  if (months === 0) return <p className="quiet">{text('state.none')}</p>;
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={text('behaviour.cohorts')}>
      <table className="cohorts">
        <thead>
          <tr>
            <th scope="col">{text('behaviour.cohort')}</th>
            <th scope="col" className="number">
              {text('behaviour.users')}
            </th>
            {Array.from({ length: months }, (_, month) => (
              <th key={month} scope="col" className="number">
                {text('behaviour.month', { month })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {cohorts.map(({ month, users, retention }) => (
            <tr key={month}>
              <th scope="row">{formatMonth(month)}</th>
              <td>{formatCount(users)}</td>
              {retention.map((share, since) => (
                <td key={since} style={{ background: `rgb(var(--heat) / ${(0.55 * share).toFixed(3)})` }}>
                  {formatShare(share)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
