import { USER_CUSTOM_PREDICTIONS } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { Loaded } from '../components/loaded.js';
import { Panel } from '../components/panel.js';
import { formatNumber } from '../format.js';
import { text } from '../messages/index.js';
import { href } from '../route.js';
import { Explanation, PredictionCard } from './prediction-card.js';

/** What models say of the shop's own tasks; nothing at all where none has learnt any. */
export function CustomPredictions({ id }: { id: string }) {
  const query = useQuery(USER_CUSTOM_PREDICTIONS, { id });
  if (query.data?.user?.predictions?.allCustom.length === 0) return null;
  return (
    <Panel title={text('custom.predictions')}>
      <Loaded query={query}>
        {({ user }) => (
          <div className="columns">
            {(user?.predictions?.allCustom ?? []).map((prediction) => {
              const { task, probability, label, threshold, expectedCount } = prediction;
              if (probability !== null && label !== null && threshold !== null) {
                const card = { ...prediction, probability, label, threshold };
                return (
                  <PredictionCard
                    key={task.name}
                    question={task.description}
                    name={task.name}
                    prediction={card}
                  />
                );
              }
              return (
                <div key={task.name} className="stack near" data-prediction={task.name}>
                  <h3>{task.description}</h3>
                  <span className="large">{formatNumber(expectedCount, 2)}</span>
                  <Explanation parts={prediction.explanation} />
                  <a className="small" href={href('versions', prediction.modelVersion.id)}>
                    {prediction.modelVersion.architecture}
                  </a>
                </div>
              );
            })}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
