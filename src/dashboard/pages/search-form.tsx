import { type FormEvent, useState } from 'react';

import { type Failure, toFailure } from '../api/failure.js';
import { SEARCH_SPACE, type SearchMethod, START_SEARCH } from '../api/operations.js';
import { useMutation, useQuery } from '../api/use-query.js';
import {
  FormFailure,
  FormField,
  jsonObject,
  NumberInput,
  numberOf,
  Select,
} from '../components/form-field.js';
import { inWords, text } from '../messages/index.js';
import { href } from '../route.js';
import {
  MEASURED_TASK_FIELDS,
  type MeasuredTask,
  measuredTaskInput,
  NEW_MEASURED_TASK,
  SettingFields,
  TaskField,
} from './measured-task-fields.js';

const METHODS: readonly SearchMethod[] = ['TPE', 'ASHA', 'RANDOM'];
const FIELDS = [...MEASURED_TASK_FIELDS, 'architecture', 'method', 'trials', 'parallel', 'space', 'budget'];

/** Starts a search of hyper-parameters, and goes to its page. */
export function SearchForm() {
  const start = useMutation(START_SEARCH);
  const [form, setForm] = useState<MeasuredTask>(NEW_MEASURED_TASK);
  const [architecture, setArchitecture] = useState('');
  const [method, setMethod] = useState<SearchMethod>('TPE');
  const [numbers, setNumbers] = useState({ trials: '', parallel: '', least: '', most: '' });
  const [space, setSpace] = useState('');
  const [wrong, setWrong] = useState<Failure | null>(null);
  const failure = wrong ?? start.failure;
  const change = (changed: Partial<MeasuredTask>) => setForm((last) => ({ ...last, ...changed }));
  const set = (name: keyof typeof numbers) => (value: string) =>
    setNumbers((last) => ({ ...last, [name]: value }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setWrong(null);
    try {
      const [trials, parallel, least, most] = Object.values(numbers).map(numberOf);
      const searched = jsonObject('space', space);
      const input = {
        ...measuredTaskInput(form),
        method,
        ...(architecture.trim() && { architecture: architecture.trim() }),
        ...(trials !== undefined && { trials }),
        ...(parallel !== undefined && { parallel }),
        ...(least !== undefined && most !== undefined && { budget: { least, most } }),
        ...(searched && { space: searched }),
      };
      const started = await start.run({ input });
      if (started) location.hash = href('runs', started.startSearch.id);
    } catch (thrown) {
      setWrong(toFailure(thrown));
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="row">
        <TaskField form={form} failure={failure} onChange={change} />
        <FormField name="architecture" title={text('form.architecture')} failure={failure}>
          <input
            type="text"
            value={architecture}
            placeholder={text('form.usual')}
            onChange={(event) => setArchitecture(event.target.value)}
          />
        </FormField>
        <FormField name="method" title={text('runs.method')} failure={failure}>
          <Select
            names={METHODS}
            labelOf={(name) => text(`search.method.${name}`)}
            chosen={method}
            onChoose={setMethod}
          />
        </FormField>
        <FormField name="trials" title={text('search.trials')} failure={failure}>
          <NumberInput value={numbers.trials} placeholder="20" min={1} onChange={set('trials')} />
        </FormField>
        <FormField name="parallel" title={text('search.parallel')} failure={failure}>
          <NumberInput value={numbers.parallel} placeholder="4" min={1} onChange={set('parallel')} />
        </FormField>
      </div>
      <div className="row">
        <FormField name="budget" title={text('search.least')} failure={failure}>
          <NumberInput value={numbers.least} placeholder={text('form.usual')} onChange={set('least')} />
        </FormField>
        <FormField name="budgetMost" title={text('search.most')} failure={null}>
          <NumberInput value={numbers.most} placeholder={text('form.usual')} onChange={set('most')} />
        </FormField>
        <FormField
          name="space"
          title={text('search.space')}
          hint='{"dropout": [0.1, 0.3], "learningRate": [0.001, 0.003]}'
          failure={failure}
        >
          <input
            type="text"
            value={space}
            placeholder={text('search.ownSpace')}
            onChange={(event) => setSpace(event.target.value)}
          />
        </FormField>
      </div>
      {architecture.trim() && space === '' && <OwnSpace architecture={architecture.trim()} />}
      <SettingFields form={form} failure={failure} onChange={change} />
      <FormFailure failure={failure} names={FIELDS} />
      <div>
        <button className="main" disabled={start.isRunning}>
          {text('search.submit')}
        </button>
      </div>
    </form>
  );
}

/** What a search of the architecture tries by itself; nothing while the name is half typed. */
function OwnSpace({ architecture }: { architecture: string }) {
  const { data } = useQuery(SEARCH_SPACE, { architecture });
  if (!data) return null;
  const { parameters, budget } = data.searchSpace;
  const ranges = parameters.map(({ name, low, high, values }) =>
    values
      ? `${name}: ${values.map((value) => JSON.stringify(value)).join(', ')}`
      : `${name}: ${low} – ${high}`,
  );
  if (budget) ranges.push(`${inWords(budget.parameter)}: ${budget.least} – ${budget.most}`);
  return (
    <p className="quiet small">
      {text('search.searches')} {ranges.join(' · ')}
    </p>
  );
}
