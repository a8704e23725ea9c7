import { USER, USER_BEHAVIOURS, USER_PREDICTIONS, USER_RECOMMENDATIONS } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { Attributes } from '../components/attributes.js';
import { DataTable } from '../components/data-table.js';
import { Loaded } from '../components/loaded.js';
import { PageTitle, Panel } from '../components/panel.js';
import { RankedItems } from '../components/ranked-items.js';
import { formatCount, formatDateTime, formatMoney } from '../format.js';
import { term, text } from '../messages/index.js';
import { href } from '../route.js';
import { CustomPredictions } from './custom-predictions.js';
import { PredictionCard } from './prediction-card.js';
import { UserSessions } from './user-sessions.js';

const RECOMMENDATIONS = 10;
const BEHAVIOURS = 25;

/** One user: what is predicted and why, what to show them, what they did. */
export function UserPage({ id }: { id: string }) {
  const user = useQuery(USER, { id });
  return (
    <div className="stack">
      <PageTitle aside={<a href={href('users')}>{text('user.back')}</a>}>
        {text('user.title', { id })}
      </PageTitle>
      <Loaded query={user}>
        {({ user: found }) =>
          found ? (
            <>
              <Attributes value={found.attributes} />
              <Predictions id={id} />
              <CustomPredictions id={id} />
              <Recommendations id={id} />
              <UserSessions id={id} />
              <Behaviours id={id} />
            </>
          ) : (
            <p>{text('user.missing')}</p>
          )
        }
      </Loaded>
    </div>
  );
}

function Predictions({ id }: { id: string }) {
  const query = useQuery(USER_PREDICTIONS, { id });
  return (
    <Panel title={text('user.predictions')}>
      <Loaded query={query}>
        {({ user }) =>
          user?.predictions ? (
            <div className="columns">
              <PredictionCard
                question={text('user.question.purchaseIntent')}
                name="purchaseIntent"
                prediction={user.predictions.purchaseIntent}
              />
              <PredictionCard
                question={text('user.question.churn')}
                name="churn"
                prediction={user.predictions.churn}
              />
            </div>
          ) : (
            <p className="quiet">{text('user.noPredictions')}</p>
          )
        }
      </Loaded>
    </Panel>
  );
}

function Recommendations({ id }: { id: string }) {
  const query = useQuery(USER_RECOMMENDATIONS, { id, first: RECOMMENDATIONS });
  return (
    <Panel title={text('user.recommendations')}>
      <Loaded query={query}>{({ recommendations }) => <RankedItems items={recommendations} />}</Loaded>
    </Panel>
  );
}

function Behaviours({ id }: { id: string }) {
  const query = useQuery(USER_BEHAVIOURS, { id, first: BEHAVIOURS });
  return (
    <Panel title={text('user.behaviours')}>
      <Loaded query={query}>
        {({ user }) => (
          <DataTable
            rows={user?.behaviours.edges.map(({ node }) => node) ?? []}
            keyOf={({ eventId }) => eventId}
            empty={text('user.noBehaviours')}
            columns={[
              {
                title: text('list.when'),
                className: 'nowrap',
                cell: ({ occurredAt }) => <time dateTime={occurredAt}>{formatDateTime(occurredAt)}</time>,
              },
              { title: text('list.type'), cell: ({ type }) => term('behaviour', type) },
              {
                title: text('list.item'),
                cell: ({ item }) => item && <a href={href('items', item.id)}>{item.title}</a>,
              },
              { title: text('list.quantity'), isNumber: true, cell: ({ quantity }) => formatCount(quantity) },
              {
                title: text('list.value'),
                isNumber: true,
                cell: ({ value, item }) => formatMoney(value, item?.currency ?? null),
              },
            ]}
          />
        )}
      </Loaded>
    </Panel>
  );
}
