import { type FormEvent, useState } from 'react';

import {
  APPLY_RETENTION,
  RETENTION,
  type RetentionData,
  type RetentionKind,
  SET_RETENTION,
} from '../api/operations.js';
import { useMutation, useQuery } from '../api/use-query.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { Panel } from '../components/panel.js';
import { inWords, text } from '../messages/index.js';

type Policy = RetentionData['retentionPolicies'][number];
const KINDS: readonly RetentionKind[] = ['BEHAVIOURS', 'TRANSACTIONS', 'IMPRESSIONS', 'FEEDBACK'];
const NO_VARIABLES = {};

/** How long rows of each kind are kept. */
export function RetentionPanel({ onStart }: { onStart: () => void }) {
  const policies = useQuery(RETENTION, NO_VARIABLES);
  const apply = useMutation(APPLY_RETENTION);
  const hasPolicies = (policies.data?.retentionPolicies.length ?? 0) > 0;
  return (
    <Panel
      title={text('data.retention')}
      aside={
        hasPolicies && (
          <button
            type="button"
            disabled={apply.isRunning}
            onClick={() => void apply.run(NO_VARIABLES).then((data) => data && onStart())}
          >
            {text('data.applyNow')}
          </button>
        )
      }
    >
      <p className="quiet small">{text('data.retentionHint')}</p>
      {apply.failure && <FailureNote failure={apply.failure} />}
      <Loaded query={policies}>
        {({ retentionPolicies }) =>
          KINDS.map((kind) => {
            const policy = retentionPolicies.find((each) => each.kind === kind) ?? null;
            return (
              <PolicyForm
                key={`${kind} ${JSON.stringify(policy)}`}
                kind={kind}
                policy={policy}
                onSaved={policies.reload}
              />
            );
          })
        }
      </Loaded>
    </Panel>
  );
}

function PolicyForm({
  kind,
  policy,
  onSaved,
}: {
  kind: RetentionKind;
  policy: Policy | null;
  onSaved: () => void;
}) {
  const set = useMutation(SET_RETENTION);
  const [days, setDays] = useState(policy ? String(policy.keepDays) : '');
  const [isArchived, setIsArchived] = useState(policy?.isArchived ?? false);
  const name = inWords(kind).toLowerCase();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await set.run({ kind, keepDays: days === '' ? null : Number(days), isArchived })) onSaved();
  };
  return (
    <form className="row" onSubmit={(event) => void submit(event)}>
      <span style={{ minWidth: '9rem' }}>{inWords(kind)}</span>
      <label className="field">
        {text('data.keepDays')}
        <input
          type="number"
          min={1}
          max={36_500}
          step={1}
          aria-label={text('data.daysOf', { kind: name })}
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
      </label>
      <label className="check">
        <input
          type="checkbox"
          aria-label={text('data.archiveOf', { kind: name })}
          checked={isArchived}
          onChange={(event) => setIsArchived(event.target.checked)}
        />
        {text('data.archive')}
      </label>
      <button disabled={set.isRunning} aria-label={text('data.saveKind', { kind: name })}>
        {text('data.save')}
      </button>
      {set.failure && <FailureNote failure={set.failure} />}
    </form>
  );
}
