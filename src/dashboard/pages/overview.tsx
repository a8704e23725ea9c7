import { COMPARE_MODELS, FINISHED_VERSIONS, OVERVIEW, type OverviewData, RUNS } from '../api/operations.js';
import { isActive } from '../api/use-live-run.js';
import { usePolling } from '../api/use-polling.js';
import { useQuery } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { Facts, PageTitle, Panel } from '../components/panel.js';
import { formatAgo, formatCount, formatDate, formatDateTime, formatShare } from '../format.js';
import { taskTitle, taskTitles, text } from '../messages/index.js';
import { qualityGroups } from '../quality/compare.js';
import { QualityTable } from '../quality/quality-table.js';
import { href } from '../route.js';
import { ActiveRuns } from './active-runs.js';

const NOTHING = {};
const NEWEST_RUNS = { first: 5 };
/** A shop without a model is about to get one: its first run should show by itself. */
const WAITING_MS = 3000;
const SETTLED_MS = 30_000;

/** What the shop holds, what serves now, and how good every model is. */
export function OverviewPage() {
  const overview = useQuery(OVERVIEW, NOTHING);
  const finished = useQuery(FINISHED_VERSIONS, NOTHING);
  const versionIds = finished.data?.trainingRuns.edges.flatMap(({ node }) => node.modelVersion?.id ?? []);
  // Asked anew only when there is another version: comparing takes the server a while.
  const quality = useQuery(COMPARE_MODELS, versionIds?.length ? { ids: versionIds } : null);
  const runs = useQuery(RUNS, NEWEST_RUNS);
  const newest = runs.data?.trainingRuns.edges.map(({ node }) => node) ?? [];
  const isSettled =
    (overview.data?.deployments.length ?? 0) > 0 && !newest.some(({ status }) => isActive(status));
  const reloadAll = () => {
    overview.reload();
    finished.reload();
    runs.reload();
  };
  usePolling(reloadAll, isSettled ? SETTLED_MS : WAITING_MS);
  return (
    <div className="stack">
      <PageTitle>{text('overview.title')}</PageTitle>
      <Loaded query={overview}>
        {(data) => (
          <>
            <Counts data={data} />
            <Deployed deployments={data.deployments} />
          </>
        )}
      </Loaded>
      <ActiveRuns runs={newest} onEnd={reloadAll} />
      <Panel title={text('quality.title')}>
        <p className="quiet">{text('quality.intro')}</p>
        {finished.failure && <FailureNote failure={finished.failure} onRetry={finished.reload} />}
        {versionIds?.length === 0 && <p className="quiet">{text('quality.empty')}</p>}
        <Loaded query={quality}>
          {({ compareModels }) =>
            qualityGroups(compareModels.tasks, versionIds ?? []).map((group) => (
              <QualityTable
                key={taskTitle(group.comparison)}
                group={group}
                servedVersionId={servedVersionOf(group.comparison, overview.data?.deployments)}
              />
            ))
          }
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

type Deployment = OverviewData['deployments'][number];

/** A task is served by the newest deployment that has it; the older ones keep the rest. */
function Deployed({ deployments }: { deployments: readonly Deployment[] }) {
  return (
    <Panel title={text('overview.deployed')}>
      {deployments.length === 0 ? (
        <p>
          {text('overview.notDeployed')} {text('overview.notDeployedHint')}{' '}
          <a href={href('runs')}>{text('nav.runs')}</a>
        </p>
      ) : (
        <DataTable
          rows={deployments}
          keyOf={({ id }) => id}
          columns={[
            {
              title: text('overview.version'),
              isHeader: true,
              cell: ({ modelVersion }) => (
                <a href={href('versions', modelVersion.id)}>{modelVersion.architecture}</a>
              ),
            },
            {
              title: text('overview.tasks'),
              cell: (deployment) => taskTitles(deployment),
            },
            {
              title: text('overview.since'),
              className: 'nowrap',
              cell: ({ deployedAt }) => (
                <time dateTime={deployedAt} title={formatAgo(deployedAt)}>
                  {formatDateTime(deployedAt)}
                </time>
              ),
            },
            {
              title: text('overview.dataUntil'),
              className: 'nowrap',
              cell: ({ modelVersion }) => formatDate(modelVersion.dataUntil),
            },
            {
              title: text('overview.share'),
              isNumber: true,
              cell: ({ trafficShare }) => formatShare(trafficShare),
            },
          ]}
        />
      )}
    </Panel>
  );
}

/** The version that answers for a task. */
function servedVersionOf(
  { task, customTask }: { task: string; customTask: string | null },
  deployments: readonly Deployment[] | undefined,
): string | null {
  const serves = ({ tasks, customTasks }: Deployment) =>
    customTask ? customTasks.includes(customTask) : tasks.some((name) => name === task);
  return deployments?.find(serves)?.modelVersion.id ?? null;
}
