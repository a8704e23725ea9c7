import { USER_SESSIONS, type UserSessionsData } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { Bar } from '../components/bar.js';
import { Loaded } from '../components/loaded.js';
import { Panel } from '../components/panel.js';
import { formatDateTime, formatProbability } from '../format.js';
import { term, text } from '../messages/index.js';
import { href } from '../route.js';
import { Explanation, PredictionCard } from './prediction-card.js';

type Session = NonNullable<UserSessionsData['user']>['sessions'][number];

/** The user's latest visits: what comes next in them, and whether they end with a purchase. */
export function UserSessions({ id }: { id: string }) {
  const query = useQuery(USER_SESSIONS, { id });
  return (
    <Panel title={text('sessions.title')}>
      <Loaded query={query}>
        {({ user }) => {
          const sessions = user?.sessions ?? [];
          if (sessions.length === 0) return <p className="quiet">{text('sessions.none')}</p>;
          const visits = sessions.filter(({ nextBehaviour, outcome }) => nextBehaviour ?? outcome);
          if (visits.length === 0) return <p className="quiet">{text('sessions.orders')}</p>;
          return visits.map((session) => <Visit key={session.startedAt} session={session} />);
        }}
      </Loaded>
    </Panel>
  );
}

function Visit({ session }: { session: Session }) {
  const { nextBehaviour, outcome } = session;
  return (
    <section className="stack near" data-session={session.id ?? session.startedAt}>
      <div className="row">
        <h3>{formatDateTime(session.startedAt)}</h3>
        <span className="quiet small">
          {text('sessions.steps', { count: session.behaviourCount })} ·{' '}
          {text(session.isOpen ? 'sessions.open' : 'sessions.over')}
          {session.hasPurchase && ` · ${text('sessions.bought')}`}
        </span>
      </div>
      <div className="columns">
        {nextBehaviour && <NextBehaviour prediction={nextBehaviour} />}
        {outcome && (
          <PredictionCard question={text('sessions.outcome')} name="outcome" prediction={outcome} />
        )}
      </div>
    </section>
  );
}

function NextBehaviour({ prediction }: { prediction: NonNullable<Session['nextBehaviour']> }) {
  const { probabilities, modelVersion, explanation } = prediction;
  return (
    <div className="stack near" data-prediction="nextBehaviour">
      <h3>{text('sessions.next')}</h3>
      <table className="small">
        <tbody>
          {probabilities
            .filter(({ probability }) => probability >= 0.005)
            .map(({ type, probability }) => (
              <tr key={type}>
                <th scope="row">{term('behaviour', type)}</th>
                <td>
                  <Bar share={probability} />
                </td>
                <td className="number">{formatProbability(probability)}</td>
              </tr>
            ))}
        </tbody>
      </table>
      <Explanation parts={explanation} />
      <a className="small" href={href('versions', modelVersion.id)}>
        {modelVersion.architecture}
      </a>
    </div>
  );
}
