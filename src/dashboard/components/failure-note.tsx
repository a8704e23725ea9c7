import { type FormEvent, useState } from 'react';

import type { Failure } from '../api/failure.js';
import { adoptKey } from '../api/key.js';
import { type MessageKey, text } from '../messages/index.js';

/** States that need no action of the reader, only patience or data. */
const MILD = new Set(['NOT_READY', 'TOO_FEW_DATA', 'NOT_FOUND']);

/** Says what a failure means, in the reader's words first and the server's second. */
export function FailureNote({ failure, onRetry }: { failure: Failure; onRetry?: () => void }) {
  const key: MessageKey = `failure.${failure.code}`;
  const explanation = text(key);
  const { have, need, id } = failure.details;
  const isShown = (value: unknown): value is string | number =>
    typeof value === 'string' || typeof value === 'number';
  return (
    <div
      className={MILD.has(failure.code) ? 'failure mild' : 'failure'}
      role="alert"
      data-code={failure.code}
    >
      <strong>{explanation}</strong>
      {failure.message && failure.message !== explanation && failure.code !== 'UNREACHABLE' && (
        <span className="quiet wrap">{failure.message}</span>
      )}
      {isShown(have) && isShown(need) && <span>{text('failure.haveNeed', { have, need })}</span>}
      {failure.code === 'INTERNAL' && isShown(id) && <span>{text('failure.reference', { id })}</span>}
      {failure.code === 'UNAUTHENTICATED' && <KeyForm />}
      {onRetry && failure.code !== 'UNAUTHENTICATED' && (
        <button type="button" onClick={onRetry}>
          {text('state.retry')}
        </button>
      )}
    </div>
  );
}

function KeyForm() {
  const [key, setKey] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) adoptKey(key.trim());
  };
  return (
    <form className="row" onSubmit={submit}>
      <label className="field">
        {text('key.label')}
        <input
          type="password"
          autoComplete="off"
          value={key}
          onChange={(event) => setKey(event.target.value)}
        />
      </label>
      <button className="main">{text('key.submit')}</button>
      <span className="quiet small">{text('key.hint')}</span>
    </form>
  );
}
