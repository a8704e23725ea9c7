import { useEffect, useState } from 'react';

import type { Json } from '../api/operation.js';
import {
  DISCARD_QUARANTINED_ROWS,
  MEND_QUARANTINED_ROW,
  QUARANTINE,
  QUARANTINE_COUNTS,
  type QuarantineData,
  REPLAY_QUARANTINED_ROWS,
  START_REPLAY,
} from '../api/operations.js';
import { usePages } from '../api/use-pages.js';
import { useMutation, useQuery } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { MoreButton } from '../components/more-button.js';
import { Panel } from '../components/panel.js';
import { formatCount } from '../format.js';
import { text } from '../messages/index.js';

type Row = QuarantineData['quarantinedRows']['edges'][number]['node'];
const PAGE_SIZE = 10;
const NO_VARIABLES = {};

/** Rows that wait: how many for which reason, and each one to be mended, replayed or given up. @param turn grows when jobs end */
export function QuarantinePanel({ turn, onStart }: { turn: number; onStart: () => void }) {
  const counts = useQuery(QUARANTINE_COUNTS, NO_VARIABLES);
  const pages = usePages(QUARANTINE, NO_VARIABLES, ({ quarantinedRows }) => quarantinedRows, PAGE_SIZE);
  const replayAll = useMutation(START_REPLAY);
  const { reload: reloadCounts } = counts;
  const { reload: reloadPages } = pages;
  const reload = () => {
    reloadCounts();
    reloadPages();
  };
  useEffect(() => {
    if (turn === 0) return;
    reloadCounts();
    reloadPages();
  }, [turn, reloadCounts, reloadPages]);
  const hasRows = pages.nodes.length > 0;
  return (
    <Panel
      title={text('data.quarantine')}
      aside={
        hasRows && (
          <button
            type="button"
            disabled={replayAll.isRunning}
            onClick={() => void replayAll.run(NO_VARIABLES).then((data) => data && onStart())}
          >
            {text('data.replayAll')}
          </button>
        )
      }
    >
      {replayAll.failure && <FailureNote failure={replayAll.failure} />}
      <Loaded query={counts}>
        {({ quarantineCounts }) =>
          quarantineCounts.length > 0 && (
            <DataTable
              rows={quarantineCounts}
              keyOf={({ source, reason }) => `${source} ${reason}`}
              columns={[
                { title: text('data.source'), className: 'nowrap', cell: ({ source }) => source },
                {
                  title: text('data.reason'),
                  isHeader: true,
                  cell: ({ reason }) => <span className="wrap">{reason}</span>,
                },
                { title: text('data.rows'), isNumber: true, cell: ({ rows }) => formatCount(rows) },
              ]}
            />
          )
        }
      </Loaded>
      <Loaded query={pages.query}>
        {() =>
          hasRows ? (
            pages.nodes.map((row) => <WaitingRow key={row.id} row={row} onSettled={reload} />)
          ) : (
            <p className="quiet">{text('data.quarantineEmpty')}</p>
          )
        }
      </Loaded>
      <MoreButton pages={pages} />
    </Panel>
  );
}

function placeOf({ source, line, index }: Row): string {
  if (line !== null) return `${source}, ${text('data.line', { line })}`;
  return index === null ? source : `${source}, ${text('data.index', { index })}`;
}

function WaitingRow({ row, onSettled }: { row: Row; onSettled: () => void }) {
  const [json, setJson] = useState(() => JSON.stringify(row.row, null, 1));
  const [problem, setProblem] = useState<string | null>(null);
  const mend = useMutation(MEND_QUARANTINED_ROW);
  const replay = useMutation(REPLAY_QUARANTINED_ROWS);
  const discard = useMutation(DISCARD_QUARANTINED_ROWS);
  const place = placeOf(row);
  const failure = mend.failure ?? replay.failure ?? discard.failure;
  const isRunning = mend.isRunning || replay.isRunning || discard.isRunning;

  const tryAgain = async () => {
    setProblem(null);
    const mended = parseRow(json);
    if (mended === null) return setProblem(text('data.noJson'));
    if (!(await mend.run({ id: row.id, row: mended }))) return;
    const answer = await replay.run({ ids: [row.id] });
    if (!answer) return;
    const [waiting] = answer.replayQuarantinedRows.problems;
    if (waiting) setProblem(text('data.stillWaits', { reason: waiting.reason }));
    else onSettled();
  };
  return (
    <details>
      <summary>
        <span className="nowrap">{place}</span> <span className="quiet small wrap">{row.reason}</span>
      </summary>
      <div className="stack">
        <label className="field">
          {text('data.editRow', { place })}
          <textarea
            rows={Math.min(12, json.split('\n').length)}
            spellCheck={false}
            value={json}
            onChange={(event) => setJson(event.target.value)}
          />
        </label>
        {problem && <p role="alert">{problem}</p>}
        {failure && <FailureNote failure={failure} />}
        <div className="row">
          <button
            type="button"
            className="main"
            disabled={isRunning}
            aria-label={text('data.replayRow', { place })}
            onClick={() => void tryAgain()}
          >
            {text('data.replay')}
          </button>
          <button
            type="button"
            disabled={isRunning}
            aria-label={text('data.discardRow', { place })}
            onClick={() => void discard.run({ ids: [row.id] }).then((data) => data && onSettled())}
          >
            {text('data.discard')}
          </button>
        </div>
      </div>
    </details>
  );
}

function parseRow(json: string): Json | null {
  try {
    const value = JSON.parse(json) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null; // told beside the field
  }
}
