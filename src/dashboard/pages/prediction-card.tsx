import type { UserPredictionsData } from '../api/operations.js';
import { Pull } from '../components/bar.js';
import { formatNumber, formatProbability, formatShare, formatValue } from '../format.js';
import { text } from '../messages/index.js';
import { href } from '../route.js';

type Prediction = NonNullable<NonNullable<UserPredictionsData['user']>['predictions']>['churn'];

/** A yes/no prediction: its probability against its threshold, and what moved it. */
export function PredictionCard({
  question,
  name,
  prediction: { probability, label, threshold, modelVersion, explanation },
}: {
  question: string;
  name: string;
  prediction: Prediction;
}) {
  return (
    <div className="stack near" data-prediction={name}>
      <h3>{question}</h3>
      <div className="row">
        <span className="large">{formatProbability(probability)}</span>
        <span>{text(label ? 'user.yes' : 'user.no')}</span>
        <span className="quiet small">{text('user.threshold', { threshold: formatShare(threshold) })}</span>
      </div>
      <div className="gauge" aria-hidden="true">
        <span className="fill" style={{ width: `${probability * 100}%` }} />
        <span className="at" style={{ left: `${threshold * 100}%` }} />
      </div>
      <Explanation parts={explanation} />
      <a className="small" href={href('versions', modelVersion.id)}>
        {modelVersion.architecture}
      </a>
    </div>
  );
}

/** What moved a prediction, each part as a bar to the side that it pulls to. */
export function Explanation({ parts }: { parts: Prediction['explanation'] }) {
  if (parts.length === 0) return null;
  const longest = Math.max(...parts.map(({ contribution }) => Math.abs(contribution)), 1e-12);
  return (
    <table className="small">
      <caption>{text('user.why')}</caption>
      <tbody>
        {parts.map(({ feature, description, value, contribution }) => (
          <tr key={feature}>
            <th scope="row">
              {description} <span className="quiet">{formatValue(value)}</span>
            </th>
            <td>
              <Pull value={contribution} size={Math.abs(contribution) / longest} />
            </td>
            <td className="number" title={text(contribution < 0 ? 'user.down' : 'user.up')}>
              {contribution > 0 && '+'}
              {formatNumber(contribution)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
