import { BEHAVIOUR_ANALYTICS, type BehaviourAnalyticsData } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { useRange } from '../api/use-range.js';
import { Bar } from '../components/bar.js';
import { DataTable } from '../components/data-table.js';
import { Loaded } from '../components/loaded.js';
import { PageTitle, Panel } from '../components/panel.js';
import { RangePicker } from '../components/range-picker.js';
import { formatCount, formatMoney, formatNumber, formatShare } from '../format.js';
import { inWords, term, text } from '../messages/index.js';
import { href } from '../route.js';
import { CohortTable } from './cohort-table.js';

type Analytics = BehaviourAnalyticsData['behaviourAnalytics'];
const DEFAULT_DAYS = 365;

/** What users do: funnel, retention, segments, top items and paths. */
export function BehaviourPage() {
  const { range, setRange, clock } = useRange(DEFAULT_DAYS);
  const query = useQuery(BEHAVIOUR_ANALYTICS, range && { range });
  return (
    <div className="stack">
      <PageTitle
        aside={range && <RangePicker key={range.from + range.to} range={range} onChange={setRange} />}
      >
        {text('behaviour.title')}
      </PageTitle>
      {range === null && <Loaded query={clock}>{() => null}</Loaded>}
      <Loaded query={query}>
        {({ behaviourAnalytics }) => (
          <>
            <div className="columns uneven">
              <Funnel steps={behaviourAnalytics.funnel} />
              <TopPaths paths={behaviourAnalytics.topPaths} />
            </div>
            <Segments segments={behaviourAnalytics.segments} />
            <Panel title={text('behaviour.cohorts')}>
              <p className="quiet small">{text('behaviour.cohortsHint')}</p>
              <CohortTable cohorts={behaviourAnalytics.cohorts} />
            </Panel>
            <TopItems items={behaviourAnalytics.topItems} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Funnel({ steps }: { steps: Analytics['funnel'] }) {
  return (
    <Panel title={text('behaviour.funnel')}>
      <DataTable
        rows={steps}
        keyOf={({ type }) => type}
        columns={[
          { title: text('list.type'), isHeader: true, cell: ({ type }) => term('behaviour', type) },
          { title: text('behaviour.rate'), cell: ({ rate }) => <Bar share={rate} /> },
          { title: text('behaviour.users'), isNumber: true, cell: ({ users }) => formatCount(users) },
          {
            title: text('behaviour.times'),
            isNumber: true,
            cell: ({ behaviours }) => formatCount(behaviours),
          },
          { title: text('behaviour.share'), isNumber: true, cell: ({ rate }) => formatShare(rate) },
        ]}
      />
    </Panel>
  );
}

function Segments({ segments }: { segments: Analytics['segments'] }) {
  return (
    <Panel title={text('behaviour.segments')}>
      <DataTable
        rows={segments}
        keyOf={({ name }) => name}
        columns={[
          { title: text('behaviour.segment'), isHeader: true, cell: ({ name }) => inWords(name) },
          { title: text('behaviour.users'), isNumber: true, cell: ({ users }) => formatCount(users) },
          { title: text('behaviour.share'), isNumber: true, cell: ({ share }) => formatShare(share) },
          {
            title: text('behaviour.recency'),
            isNumber: true,
            cell: ({ recencyDays }) => formatNumber(recencyDays, 0),
          },
          {
            title: text('behaviour.frequency'),
            isNumber: true,
            cell: ({ frequency }) => formatNumber(frequency, 1),
          },
          {
            title: text('behaviour.monetary'),
            isNumber: true,
            cell: ({ monetary }) => formatMoney(monetary, null),
          },
        ]}
      />
    </Panel>
  );
}

function TopItems({ items }: { items: Analytics['topItems'] }) {
  return (
    <Panel title={text('behaviour.topItems')}>
      <DataTable
        rows={items}
        keyOf={({ item }) => item.id}
        columns={[
          {
            title: text('items.item'),
            isHeader: true,
            cell: ({ item }) => <a href={href('items', item.id)}>{item.title}</a>,
          },
          { title: text('behaviour.users'), isNumber: true, cell: ({ users }) => formatCount(users) },
          { title: text('behaviour.units'), isNumber: true, cell: ({ units }) => formatCount(units) },
          {
            title: text('behaviour.revenue'),
            isNumber: true,
            cell: ({ revenue, item }) => formatMoney(revenue, item.currency),
          },
        ]}
      />
    </Panel>
  );
}

function TopPaths({ paths }: { paths: Analytics['topPaths'] }) {
  return (
    <Panel title={text('behaviour.paths')}>
      <DataTable
        rows={paths}
        keyOf={({ steps }) => steps.join()}
        columns={[
          {
            title: text('behaviour.path'),
            isHeader: true,
            cell: ({ steps }) => steps.map((step) => term('behaviour', step)).join(' → '),
          },
          {
            title: text('behaviour.sessions'),
            isNumber: true,
            cell: ({ sessions }) => formatCount(sessions),
          },
        ]}
      />
    </Panel>
  );
}
