import { OVERVIEW, type OverviewData, QUALITY, RUNS } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { Loaded } from '../components/loaded.js';
import { Facts, PageTitle, Panel } from '../components/panel.js';
import { formatAgo, formatCount, formatDate, formatDateTime, formatShare } from '../format.js';
import { term, text } from '../messages/index.js';
import { qualityGroups } from '../quality/compare.js';
import { QualityTable } from '../quality/quality-table.js';
import { href } from '../route.js';
import { ActiveRuns } from './active-runs.js';

const NOTHING = {};
const NEWEST_RUNS = { first: 5 };

/** What the shop holds, what serves now, and how good every model is. */
export function OverviewPage() {
  const overview = useQuery(OVERVIEW, NOTHING);
  const quality = useQuery(QUALITY, NOTHING);
  const runs = useQuery(RUNS, NEWEST_RUNS);
  const reloadAll = () => {
    overview.reload();
    quality.reload();
    runs.reload();
  };
  return (
    <div className="stack">
      <PageTitle>{text('overview.title')}</PageTitle>
      <Loaded query={overview}>
        {(data) => (
          <>
            <Counts data={data} />
            <Deployed deployment={data.deployment} />
          </>
        )}
      </Loaded>
      <ActiveRuns runs={runs.data?.trainingRuns.edges.map(({ node }) => node) ?? []} onEnd={reloadAll} />
      <Panel title={text('quality.title')}>
        <p className="quiet">{text('quality.intro')}</p>
        <Loaded query={quality}>
          {(data) => {
            const groups = qualityGroups(data.trainingRuns.edges.map(({ node }) => node));
            if (groups.length === 0) return <p className="quiet">{text('quality.empty')}</p>;
            return groups.map((group) => (
              <QualityTable
                key={`${group.task} ${group.metric}`}
                group={group}
                servedVersionId={overview.data?.deployment?.modelVersion.id ?? null}
              />
            ));
          }}
        </Loaded>
      </Panel>
    </div>
  );
}

function Counts({ data }: { data: OverviewData }) {
  const latest = data.behaviours.edges[0]?.node.occurredAt;
  return (
    <Facts
      isLarge
      facts={[
        [text('overview.users'), formatCount(data.users.totalCount)],
        [text('overview.items'), formatCount(data.items.totalCount)],
        [text('overview.behaviours'), formatCount(data.behaviours.totalCount)],
        [
          text('overview.clock'),
          latest ? (
            <time key="clock" dateTime={latest} title={text('overview.clockHint')}>
              {formatDate(latest)}
            </time>
          ) : null,
        ],
      ]}
    />
  );
}

function Deployed({ deployment }: { deployment: OverviewData['deployment'] }) {
  if (!deployment) {
    return (
      <Panel title={text('overview.deployed')}>
        <p>
          {text('overview.notDeployed')} {text('overview.notDeployedHint')}{' '}
          <a href={href('runs')}>{text('nav.runs')}</a>
        </p>
      </Panel>
    );
  }
  const { modelVersion, deployedAt, trafficShare, tasks } = deployment;
  return (
    <Panel
      title={text('overview.deployed')}
      aside={
        <span className="quiet" title={formatAgo(deployedAt)}>
          {text('overview.since', { date: formatDateTime(deployedAt) })}
        </span>
      }
    >
      <Facts
        facts={[
          [
            text('overview.version'),
            <a key="version" className="id" href={href('versions', modelVersion.id)}>
              {modelVersion.id}
            </a>,
          ],
          [text('overview.architecture'), modelVersion.architecture],
          [text('overview.share'), formatShare(trafficShare)],
          [text('overview.dataUntil'), formatDate(modelVersion.dataUntil)],
          [text('overview.tasks'), tasks.map((task) => term('task', task)).join(', '), 'wide'],
        ]}
      />
    </Panel>
  );
}
