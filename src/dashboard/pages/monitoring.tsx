import { useState } from 'react';

import {
  type DateRange,
  MODEL_HEALTH,
  type ModelHealthData,
  MONITORING,
  MONITORING_ALERTS,
  type MonitoringAlertsData,
  type MonitoringData,
} from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { useRange } from '../api/use-range.js';
import { useSubscription } from '../api/use-subscription.js';
import { DataTable } from '../components/data-table.js';
import { Loaded } from '../components/loaded.js';
import { Facts, PageTitle, Panel } from '../components/panel.js';
import { RangePicker } from '../components/range-picker.js';
import { SeverityMark } from '../components/status.js';
import { formatCount, formatDate, formatDateTime, formatNumber, formatShare } from '../format.js';
import { inWords, text } from '../messages/index.js';
import { CalibrationReports } from './calibration-reports.js';

type Report = MonitoringData['monitoring'];
type Alert = MonitoringAlertsData['monitoringAlerts'];
const DEFAULT_DAYS = 30;
/** Orders are looked at by the shop's own clock, which may have stopped with its export. */
const SHOP_DAYS = 90;
const NOTHING = {};
/** Customary marks of the population stability index. */
const PSI_WATCH = 0.1;
const PSI_DRIFTED = 0.2;

/** Whether the deployed models still fit what comes in. Alerts arrive live. */
export function MonitoringPage() {
  const [now] = useState(() => Date.now());
  const { range, isChosen, setRange } = useRange(DEFAULT_DAYS, now);
  const shop = useRange(SHOP_DAYS);
  const healthRange = isChosen ? range : shop.range;
  const query = useQuery(MONITORING, range && { range });
  const health = useQuery(MODEL_HEALTH, healthRange && { range: healthRange });
  const [fresh, setFresh] = useState<readonly Alert[]>([]);
  useSubscription(MONITORING_ALERTS, NOTHING, {
    onData: ({ monitoringAlerts }) => setFresh((known) => [monitoringAlerts, ...known]),
    onEnd: () => undefined,
  });
  return (
    <div className="stack">
      <PageTitle
        aside={range && <RangePicker key={range.from + range.to} range={range} onChange={setRange} />}
      >
        {text('monitoring.title')}
      </PageTitle>
      <Loaded query={query}>
        {({ monitoring }) => <Alerts alerts={merged(fresh, monitoring.alerts)} />}
      </Loaded>
      <Loaded query={health}>{({ monitoring }) => <Health health={monitoring} range={healthRange} />}</Loaded>
      {query.data && <Reports report={query.data.monitoring} />}
    </div>
  );
}

/** Alerts that came live, and those read with the page; the same alert counts once. */
function merged(fresh: readonly Alert[], read: readonly Alert[]): Alert[] {
  const known = new Set(read.map(({ id }) => id));
  return [...fresh.filter(({ id }) => !known.has(id)), ...read];
}

function Reports({ report }: { report: Report }) {
  return (
    <>
      <Panel title={text('monitoring.clicks')}>
        <Facts
          isLarge
          facts={[
            [text('monitoring.shown'), formatCount(report.clickThrough.shown)],
            [text('monitoring.clicked'), formatCount(report.clickThrough.clicked)],
            [text('monitoring.bought'), formatCount(report.clickThrough.bought)],
            [text('monitoring.rate'), formatShare(report.clickThrough.rate)],
          ]}
        />
      </Panel>
      <div className="columns uneven">
        <Latency latency={report.latency} />
        <Errors errors={report.errors} />
      </div>
    </>
  );
}

function Health({ health, range }: { health: ModelHealthData['monitoring']; range: DateRange | null }) {
  return (
    <div className="columns">
      <Drift drift={health.drift} range={range} />
      <Panel title={text('monitoring.calibration')}>
        <CalibrationReports reports={health.calibration} />
      </Panel>
    </div>
  );
}

function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  return (
    <Panel title={text('monitoring.alerts')}>
      <div aria-live="polite">
        <DataTable
          rows={alerts}
          keyOf={({ id }) => id}
          empty={text('monitoring.noAlerts')}
          columns={[
            {
              title: text('list.when'),
              className: 'nowrap',
              cell: ({ createdAt }) => formatDateTime(createdAt),
            },
            {
              title: text('monitoring.severity'),
              cell: ({ severity }) => <SeverityMark severity={severity} />,
            },
            { title: text('monitoring.message'), isHeader: true, cell: ({ message }) => message },
          ]}
        />
      </div>
    </Panel>
  );
}

function driftWord(psi: number) {
  if (psi >= PSI_DRIFTED) return <span className="status bad">{text('monitoring.drifted')}</span>;
  if (psi >= PSI_WATCH) return <span className="status warn">{text('monitoring.watch')}</span>;
  return <span className="status good">{text('monitoring.calm')}</span>;
}

function Drift({ drift, range }: { drift: ModelHealthData['monitoring']['drift']; range: DateRange | null }) {
  return (
    <Panel title={text('monitoring.drift')}>
      <p className="quiet small">
        {range && text('monitoring.driftRange', { from: formatDate(range.from), to: formatDate(range.to) })}{' '}
        {text('monitoring.driftHint')}
      </p>
      <DataTable
        rows={[...drift].sort((a, b) => b.psi - a.psi)}
        keyOf={({ feature }) => feature}
        empty={text('monitoring.noDrift')}
        columns={[
          { title: text('monitoring.feature'), isHeader: true, cell: ({ feature }) => inWords(feature) },
          { title: text('monitoring.psi'), isNumber: true, cell: ({ psi }) => formatNumber(psi) },
          { title: text('quality.verdict'), cell: ({ psi }) => driftWord(psi) },
        ]}
      />
    </Panel>
  );
}

const inMs = (value: number): string => text('monitoring.milliseconds', { value: formatNumber(value, 1) });

function Latency({ latency }: { latency: Report['latency'] }) {
  return (
    <Panel title={text('monitoring.latency')}>
      <DataTable
        rows={latency}
        keyOf={({ operation }) => operation}
        empty={text('monitoring.noLatency')}
        columns={[
          { title: text('monitoring.operation'), isHeader: true, cell: ({ operation }) => operation },
          { title: text('monitoring.requests'), isNumber: true, cell: ({ count }) => formatCount(count) },
          { title: 'p50', isNumber: true, cell: ({ p50Ms }) => inMs(p50Ms) },
          { title: 'p95', isNumber: true, cell: ({ p95Ms }) => inMs(p95Ms) },
          { title: 'p99', isNumber: true, cell: ({ p99Ms }) => inMs(p99Ms) },
        ]}
      />
    </Panel>
  );
}

function Errors({ errors }: { errors: Report['errors'] }) {
  return (
    <Panel title={text('monitoring.errors')}>
      <DataTable
        rows={errors}
        keyOf={({ code }) => code}
        empty={text('monitoring.noErrors')}
        columns={[
          { title: text('monitoring.code'), isHeader: true, cell: ({ code }) => code },
          { title: text('monitoring.count'), isNumber: true, cell: ({ count }) => formatCount(count) },
        ]}
      />
    </Panel>
  );
}
