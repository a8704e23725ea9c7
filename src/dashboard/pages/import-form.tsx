import { type FormEvent, useState } from 'react';

import { send } from '../api/client.js';
import { type Failure, toFailure } from '../api/failure.js';
import {
  type FileSourceInput,
  GUESS_IMPORT,
  type GuessImportData,
  type RecordKind,
  START_IMPORT,
} from '../api/operations.js';
import { uploadFile } from '../api/upload.js';
import { useMutation } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { Facts } from '../components/panel.js';
import { inWords, text } from '../messages/index.js';

type Guess = GuessImportData['guessImport'];
const KINDS: readonly RecordKind[] = ['BEHAVIOURS', 'USERS', 'ITEMS', 'TRANSACTIONS'];

type SampleRow = Readonly<Record<string, unknown>>;

interface Looked {
  readonly source: FileSourceInput;
  readonly name: string;
  readonly guess: Guess | null;
}

/** Takes a file or its address, shows what an import would take it for, lets that be changed, and starts it. Folded away until wanted. */
export function ImportForm({ onStart }: { onStart: () => void }) {
  const [file, setFile] = useState<File | null>(null);
  const [address, setAddress] = useState('');
  const [looked, setLooked] = useState<Looked | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setIsBusy] = useState(false);

  /** @param kind null: guessed */
  const look = async (source: FileSourceInput, name: string, kind: RecordKind | null) => {
    setFailure(null);
    try {
      const { guessImport } = await send(GUESS_IMPORT, { source, settings: kind === null ? {} : { kind } });
      setLooked({ source, name, guess: guessImport });
    } catch (thrown) {
      setLooked({ source, name, guess: null }); // The kind can be chosen all the same.
      setFailure(toFailure(thrown));
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setLooked(null);
    try {
      const source = file ? { uploadId: await uploadFile(file) } : { url: address.trim() };
      await look(source, file?.name ?? address.trim(), null);
    } catch (thrown) {
      setFailure(toFailure(thrown));
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <details className="panel">
      <summary>{text('data.import')}</summary>
      <div className="stack">
        <form className="row" onSubmit={(event) => void submit(event)}>
          <label className="field">
            {text('data.file')}
            <input type="file" onChange={(event) => setFile(event.target.files?.[0] ?? null)} />
          </label>
          <label className="field">
            {text('data.address')}
            <input
              type="url"
              value={address}
              disabled={file !== null}
              onChange={(event) => setAddress(event.target.value)}
            />
          </label>
          <button
            disabled={isBusy || (file === null && address.trim() === '')}
            style={{ alignSelf: 'flex-end' }}
          >
            {text(isBusy ? 'data.uploading' : 'data.look')}
          </button>
          <span className="quiet small">{text('data.fileHint')}</span>
        </form>
        {failure && <FailureNote failure={failure} />}
        {looked && (
          <label className="field">
            {text('data.kind')}
            <select
              value={looked.guess?.kind ?? ''}
              onChange={(event) =>
                void look(looked.source, looked.name, (event.target.value || null) as RecordKind | null)
              }
            >
              <option value="">{text('data.kindGuessed')}</option>
              {KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {inWords(kind)}
                </option>
              ))}
            </select>
          </label>
        )}
        {looked?.guess && (
          <GuessedImport
            key={JSON.stringify(looked.guess.fields)}
            looked={looked}
            guess={looked.guess}
            onStart={() => {
              setLooked(null);
              onStart();
            }}
          />
        )}
      </div>
    </details>
  );
}

function GuessedImport({ looked, guess, onStart }: { looked: Looked; guess: Guess; onStart: () => void }) {
  const start = useMutation(START_IMPORT);
  const [columns, setColumns] = useState(
    () => new Map(guess.fields.map(({ field, column }) => [field, column ?? ''])),
  );
  const [currency, setCurrency] = useState('');
  const [timeZone, setTimeZone] = useState('');
  const isMapped = guess.fields.length > 0;
  const missing = guess.fields.filter(({ field, isNeeded }) => isNeeded && !columns.get(field));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const mapping = [...columns].flatMap(([field, column]) => (column ? [{ field, column }] : []));
    const settings = {
      ...(isMapped ? { kind: guess.kind, mapping } : { layout: guess.layout }),
      ...(currency && { currency: currency.trim().toUpperCase() }),
      ...(timeZone && { timeZone: timeZone.trim() }),
    };
    if (await start.run({ input: { source: looked.source, settings } })) onStart();
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <Facts
        facts={[[text('data.takenFor'), `${guess.title} · ${guess.format} · ${guess.encoding}`, 'wide']]}
      />
      {isMapped ? (
        <fieldset>
          <legend>{text('data.mapping')}</legend>
          <div className="row">
            {guess.fields.map(({ field, isNeeded }) => (
              <label key={field} className="field">
                {isNeeded ? text('data.needed', { field }) : field}
                <select
                  value={columns.get(field)}
                  onChange={(event) => setColumns(new Map(columns).set(field, event.target.value))}
                >
                  <option value="">{text('data.noColumn')}</option>
                  {choicesOf(guess.columns, columns.get(field) ?? '').map((column) => (
                    <option key={column} value={column}>
                      {column}
                    </option>
                  ))}
                </select>
              </label>
            ))}
          </div>
        </fieldset>
      ) : (
        <p className="quiet small">{text('data.knownLayout')}</p>
      )}
      <DataTable
        caption={text('data.sample')}
        rows={guess.sample as unknown as readonly SampleRow[]}
        keyOf={(_row, index) => String(index)}
        columns={guess.columns.map((column) => ({
          title: column,
          cell: (row: SampleRow) => <span className="small">{shown(row[column])}</span>,
        }))}
      />
      <div className="row">
        <label className="field">
          {text('data.currency')}
          <input
            size={6}
            maxLength={3}
            value={currency}
            onChange={(event) => setCurrency(event.target.value)}
          />
        </label>
        <label className="field">
          {text('data.timeZone')}
          <input
            size={18}
            placeholder="UTC"
            value={timeZone}
            onChange={(event) => setTimeZone(event.target.value)}
          />
        </label>
      </div>
      {missing.length > 0 && (
        <p role="status">{text('data.missing', { fields: missing.map(({ field }) => field).join(', ') })}</p>
      )}
      {start.failure && <FailureNote failure={start.failure} />}
      <div>
        <button className="main" disabled={start.isRunning || missing.length > 0}>
          {text('data.start')}
        </button>
      </div>
    </form>
  );
}

/** A constant such as `=PURCHASE` is no column, but can stand in the place of one. */
function choicesOf(columns: readonly string[], chosen: string): readonly string[] {
  return chosen === '' || columns.includes(chosen) ? columns : [chosen, ...columns];
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
