import { type FormEvent, useState } from 'react';

import type { DateRange } from '../api/operations.js';
import { text } from '../messages/index.js';

const DAY_MS = 86_400_000;

/** Two dates; the last day counts whole. */
export function RangePicker({ range, onChange }: { range: DateRange; onChange: (range: DateRange) => void }) {
  const [from, setFrom] = useState(range.from.slice(0, 10));
  const [to, setTo] = useState(range.to.slice(0, 10));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const end = new Date(new Date(`${to}T00:00:00Z`).getTime() + DAY_MS);
    onChange({ from: `${from}T00:00:00.000Z`, to: end.toISOString() });
  };
  return (
    <form className="row" aria-label={text('range.label')} onSubmit={submit}>
      <label className="row small">
        {text('range.from')}
        <input type="date" required value={from} max={to} onChange={(event) => setFrom(event.target.value)} />
      </label>
      <label className="row small">
        {text('range.to')}
        <input type="date" required value={to} min={from} onChange={(event) => setTo(event.target.value)} />
      </label>
      <button>{text('range.apply')}</button>
    </form>
  );
}
