import { type FormEvent, useState } from 'react';

import {
  type CalibrationMethod,
  CUSTOM_TASKS,
  type EnsembleMethod,
  FINISHED_VERSIONS,
  type Pruning,
  type RunKind,
  START_ENSEMBLE,
  START_TRAINING,
  type Task,
} from '../api/operations.js';
import { useMutation, useQuery } from '../api/use-query.js';
import { FailureNote } from '../components/failure-note.js';
import { Loaded } from '../components/loaded.js';
import { Tabs } from '../components/tabs.js';
import { formatDateTime } from '../format.js';
import { inWords, term, text } from '../messages/index.js';
import { CrossValidationForm } from './cross-validation-form.js';
import { SearchForm } from './search-form.js';
import { TASKS } from './tasks.js';

const KINDS: readonly RunKind[] = ['SINGLE_TASK', 'MULTI_TASK', 'COLLABORATIVE', 'AUTO'];
const METHODS: readonly EnsembleMethod[] = [
  'WEIGHTED_AVERAGE',
  'SOFT_VOTING',
  'HARD_VOTING',
  'STACKING',
  'SNAPSHOT',
];
const CALIBRATIONS: readonly CalibrationMethod[] = ['NONE', 'TEMPERATURE', 'ISOTONIC'];
const PRUNINGS: readonly Pruning[] = ['NONE', 'FORWARD_SELECTION', 'BACKWARD_ELIMINATION'];
const COLLABORATIONS = [
  'MUTUAL_LEARNING',
  'DISTILLATION',
  'ADVERSARIAL',
  'DOMAIN_ADVERSARIAL',
  'CO_TRAINING',
] as const;
const NOTHING = {};
const FORMS = ['training', 'ensemble', 'search', 'folds'] as const;

/** The set with the value put in or taken out. */
function toggled<Value>(chosen: readonly Value[], value: Value): Value[] {
  return chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value];
}

/** Forms that start a run; folded away until wanted. */
export function RunStarter({ onStart }: { onStart: () => void }) {
  const [form, setForm] = useState<(typeof FORMS)[number]>('training');
  return (
    <details className="panel">
      <summary>{text('runs.start')}</summary>
      <div className="stack">
        <Tabs
          label={text('runs.start')}
          names={FORMS}
          labelOf={(name) => text(`runs.${name}`)}
          selected={form}
          onSelect={setForm}
        >
          {form === 'training' && <TrainingForm onStart={onStart} />}
          {form === 'ensemble' && <EnsembleForm onStart={onStart} />}
          {form === 'search' && <SearchForm />}
          {form === 'folds' && <CrossValidationForm />}
        </Tabs>
      </div>
    </details>
  );
}

function TrainingForm({ onStart }: { onStart: () => void }) {
  const start = useMutation(START_TRAINING);
  const [kind, setKind] = useState<RunKind>('SINGLE_TASK');
  const [collaboration, setCollaboration] = useState<string>(COLLABORATIONS[0]);
  const [tasks, setTasks] = useState<readonly Task[]>([]);
  const defined = useQuery(CUSTOM_TASKS, NOTHING).data?.customTasks ?? [];
  const [customTasks, setCustomTasks] = useState<readonly string[]>([]);
  const [seed, setSeed] = useState('');
  const [isDeployed, setIsDeployed] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const input = {
      kind,
      deploy: isDeployed,
      ...(kind === 'COLLABORATIVE' && { collaboration }),
      ...(tasks.length > 0 && { tasks }),
      ...(customTasks.length > 0 && { customTasks }),
      ...(seed !== '' && { seed: Number(seed) }),
    };
    if (await start.run({ input })) onStart();
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="row">
        <label className="field">
          {text('runs.kind')}
          <select value={kind} onChange={(event) => setKind(event.target.value as RunKind)}>
            {KINDS.map((name) => (
              <option key={name} value={name}>
                {term('kind', name)}
              </option>
            ))}
          </select>
        </label>
        {kind === 'COLLABORATIVE' && (
          <label className="field">
            {text('runs.collaboration')}
            <select value={collaboration} onChange={(event) => setCollaboration(event.target.value)}>
              {COLLABORATIONS.map((name) => (
                <option key={name} value={name}>
                  {term('collaboration', name)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="field">
          {text('runs.seed')}
          <input
            type="number"
            min={0}
            step={1}
            size={8}
            value={seed}
            onChange={(event) => setSeed(event.target.value)}
          />
        </label>
      </div>
      <fieldset>
        <legend>{text('runs.tasks')}</legend>
        <div className="row">
          {TASKS.map((task) => (
            <label key={task} className="check">
              <input
                type="checkbox"
                checked={tasks.includes(task)}
                onChange={() => setTasks(toggled(tasks, task))}
              />
              {term('task', task)}
            </label>
          ))}
          {defined.map(({ name }) => (
            <label key={name} className="check">
              <input
                type="checkbox"
                checked={customTasks.includes(name)}
                onChange={() => setCustomTasks(toggled(customTasks, name))}
              />
              {inWords(name)}
            </label>
          ))}
        </div>
        <p className="quiet small">{text('runs.noTasks')}</p>
      </fieldset>
      <DeployChoice isChecked={isDeployed} onChange={setIsDeployed} />
      {start.failure && <FailureNote failure={start.failure} />}
      <div>
        <button className="main" disabled={start.isRunning}>
          {text('runs.submitTraining')}
        </button>
      </div>
    </form>
  );
}

function EnsembleForm({ onStart }: { onStart: () => void }) {
  const start = useMutation(START_ENSEMBLE);
  const finished = useQuery(FINISHED_VERSIONS, NOTHING);
  const [method, setMethod] = useState<EnsembleMethod>('WEIGHTED_AVERAGE');
  const [calibration, setCalibration] = useState<CalibrationMethod>('NONE');
  const [prune, setPrune] = useState<Pruning>('NONE');
  const [members, setMembers] = useState<readonly string[]>([]);
  const [isDeployed, setIsDeployed] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const input = { members, method, calibration, prune, deploy: isDeployed };
    if (await start.run({ input })) onStart();
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="row">
        <Choice
          title={text('runs.method')}
          names={METHODS}
          labelOf={(name) => text(`runs.method.${name}`)}
          chosen={method}
          onChoose={setMethod}
        />
        <Choice
          title={text('runs.calibration')}
          names={CALIBRATIONS}
          labelOf={inWords}
          chosen={calibration}
          onChoose={setCalibration}
        />
        <Choice
          title={text('runs.prune')}
          names={PRUNINGS}
          labelOf={inWords}
          chosen={prune}
          onChoose={setPrune}
        />
      </div>
      <fieldset>
        <legend>{text('runs.members')}</legend>
        <Loaded query={finished}>
          {(data) => {
            const candidates = data.trainingRuns.edges.flatMap(({ node }) =>
              node.modelVersion ? [{ ...node, versionId: node.modelVersion.id }] : [],
            );
            if (candidates.length < 2) return <p>{text('runs.noMembers')}</p>;
            return candidates.map(({ versionId, kind, finishedAt }) => (
              <div key={versionId}>
                <label className="check">
                  <input
                    type="checkbox"
                    checked={members.includes(versionId)}
                    onChange={() => setMembers(toggled(members, versionId))}
                  />
                  <span>
                    {term('kind', kind)} · {formatDateTime(finishedAt)}{' '}
                    <span className="id quiet">{versionId}</span>
                  </span>
                </label>
              </div>
            ));
          }}
        </Loaded>
        <p className="quiet small">{text('runs.needMembers')}</p>
      </fieldset>
      <DeployChoice isChecked={isDeployed} onChange={setIsDeployed} />
      {start.failure && <FailureNote failure={start.failure} />}
      <div>
        <button
          className="main"
          disabled={start.isRunning || members.length < (method === 'SNAPSHOT' ? 1 : 2)}
        >
          {text('runs.submitEnsemble')}
        </button>
      </div>
    </form>
  );
}

function Choice<Name extends string>({
  title,
  names,
  labelOf,
  chosen,
  onChoose,
}: {
  title: string;
  names: readonly Name[];
  labelOf: (name: Name) => string;
  chosen: Name;
  onChoose: (name: Name) => void;
}) {
  return (
    <label className="field">
      {title}
      <select value={chosen} onChange={(event) => onChoose(event.target.value as Name)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {labelOf(name)}
          </option>
        ))}
      </select>
    </label>
  );
}

function DeployChoice({
  isChecked,
  onChange,
}: {
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}) {
  return (
    <label className="check">
      <input type="checkbox" checked={isChecked} onChange={(event) => onChange(event.target.checked)} />
      {text('runs.deploy')}
    </label>
  );
}
