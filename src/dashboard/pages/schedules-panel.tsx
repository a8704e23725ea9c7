import { type FormEvent, useEffect, useState } from 'react';

import {
  PAUSE_SCHEDULE,
  REMOVE_SCHEDULE,
  RESUME_SCHEDULE,
  SCHEDULES,
  type SchedulesData,
  SET_SCHEDULE,
} from '../api/operations.js';
import { usePolling } from '../api/use-polling.js';
import { useMutation, useQuery } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { Panel } from '../components/panel.js';
import { StatusMark } from '../components/status.js';
import { formatDateTime } from '../format.js';
import { inWords, text } from '../messages/index.js';

type Schedule = SchedulesData['sourceSchedules'][number];
type Connection = SchedulesData['sourceConnections'][number];
const NO_VARIABLES = {};
const REFRESH_MS = 5000;

/** Pulls and crawls that come by the clock. @param turn grows when jobs end */
export function SchedulesPanel({ turn }: { turn: number }) {
  const query = useQuery(SCHEDULES, NO_VARIABLES);
  const { reload } = query;
  usePolling(reload, REFRESH_MS);
  useEffect(() => {
    if (turn > 0) reload();
  }, [turn, reload]);
  return (
    <Panel title={text('data.schedules')}>
      <Loaded query={query}>
        {({ sourceSchedules, sourceConnections }) => (
          <>
            <ScheduleTable schedules={sourceSchedules} onChange={reload} />
            <ScheduleForm connections={sourceConnections} onSaved={reload} />
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function ScheduleTable({ schedules, onChange }: { schedules: readonly Schedule[]; onChange: () => void }) {
  return (
    <DataTable
      rows={schedules}
      keyOf={({ id }) => id}
      empty={text('data.schedulesEmpty')}
      columns={[
        { title: text('data.job'), className: 'nowrap', cell: ({ kind }) => inWords(kind) },
        {
          title: text('data.subject'),
          isHeader: true,
          cell: ({ subject }) => <span className="wrap">{subject}</span>,
        },
        { title: text('data.when'), className: 'nowrap', cell: rhythmOf },
        {
          title: text('data.next'),
          className: 'nowrap',
          cell: ({ isPaused, nextAt }) =>
            isPaused || !nextAt ? text('data.paused') : formatDateTime(nextAt),
        },
        { title: text('data.last'), cell: (schedule) => <LastJob schedule={schedule} /> },
        { title: '', cell: (schedule) => <Changes schedule={schedule} onChange={onChange} /> },
      ]}
    />
  );
}

function rhythmOf({ cron, everyMinutes, timeZone }: Schedule): string {
  return cron === null
    ? text('data.everyMinutes', { minutes: String(everyMinutes) })
    : text('data.cronIn', { cron, timeZone });
}

function LastJob({ schedule: { jobStatus, jobError, failures } }: { schedule: Schedule }) {
  if (!jobStatus) return null;
  return (
    <>
      <StatusMark status={jobStatus} />
      {failures > 0 && (
        <span className="small wrap">
          {text('data.failedInARow', { failures: String(failures), reason: jobError ?? '' })}
        </span>
      )}
    </>
  );
}

function Changes({
  schedule: { id, subject, isPaused },
  onChange,
}: {
  schedule: Schedule;
  onChange: () => void;
}) {
  const pause = useMutation(PAUSE_SCHEDULE);
  const resume = useMutation(RESUME_SCHEDULE);
  const turn = isPaused ? resume : pause;
  const remove = useMutation(REMOVE_SCHEDULE);
  const failure = pause.failure ?? resume.failure ?? remove.failure;
  return (
    <span className="row">
      <button
        type="button"
        disabled={turn.isRunning}
        aria-label={text(isPaused ? 'data.resumeOf' : 'data.pauseOf', { subject })}
        onClick={() => void turn.run({ id }).then(onChange)}
      >
        {text(isPaused ? 'data.resume' : 'data.pause')}
      </button>
      <button
        type="button"
        disabled={remove.isRunning}
        aria-label={text('data.removeOf', { subject })}
        onClick={() => void remove.run({ id }).then(onChange)}
      >
        {text('data.remove')}
      </button>
      {failure && <FailureNote failure={failure} />}
    </span>
  );
}

const CRAWL = 'CRAWL';

function ScheduleForm({ connections, onSaved }: { connections: readonly Connection[]; onSaved: () => void }) {
  const set = useMutation(SET_SCHEDULE);
  const [source, setSource] = useState(CRAWL);
  const [url, setUrl] = useState('');
  const [when, setWhen] = useState('60');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const rhythm = /^\d+$/.test(when.trim()) ? { everyMinutes: Number(when) } : { cron: when };
    const what = source === CRAWL ? { crawl: { url } } : { connectionId: source };
    if (await set.run({ input: { ...what, ...rhythm } })) onSaved();
  };
  return (
    <form className="row" onSubmit={(event) => void submit(event)}>
      <label className="field">
        {text('data.source')}
        <select value={source} onChange={(event) => setSource(event.target.value)}>
          <option value={CRAWL}>{text('data.catalogue')}</option>
          {connections.map((connection) => (
            <option key={connection.id} value={connection.id}>
              {`${inWords(connection.system)} ${connection.url}`}
            </option>
          ))}
        </select>
      </label>
      {source === CRAWL && (
        <label className="field">
          {text('data.catalogueAddress')}
          <input type="url" required value={url} onChange={(event) => setUrl(event.target.value)} />
        </label>
      )}
      <label className="field">
        {text('data.rhythm')}
        <input required value={when} onChange={(event) => setWhen(event.target.value)} />
      </label>
      <button disabled={set.isRunning}>{text('data.setSchedule')}</button>
      {set.failure && <FailureNote failure={set.failure} />}
    </form>
  );
}
