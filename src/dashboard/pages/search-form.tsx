import { useState } from 'react';

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
import { MEASURED_TASK_FIELDS, measuredTaskInput, SettingFields, TaskField } from './measured-task-fields.js';
import { useMeasuredTaskForm } from './use-measured-task-form.js';

const METHODS: readonly SearchMethod[] = ['TPE', 'ASHA', 'RANDOM'];
const FIELDS = [...MEASURED_TASK_FIELDS, 'architecture', 'method', 'trials', 'parallel', 'space', 'budget'];

/** Starts a search of hyper-parameters, and goes to its page. */
export function SearchForm() {
  const starter = useMutation(START_SEARCH);
  const [architecture, setArchitecture] = useState('');
  const [method, setMethod] = useState<SearchMethod>('TPE');
  const [space, setSpace] = useState('');
  const { form, numbers, failure, change, set, submit } = useMeasuredTaskForm(
    { trials: '', parallel: '', least: '', most: '' },
    starter.failure,
    async (task, typed) => {
      const [trials, parallel, least, most] = Object.values(typed).map(numberOf);
      const searched = jsonObject('space', space);
      const input = {
        ...measuredTaskInput(task),
        method,
        ...(architecture.trim() && { architecture: architecture.trim() }),
        ...(trials !== undefined && { trials }),
        ...(parallel !== undefined && { parallel }),
        ...(least !== undefined && most !== undefined && { budget: { least, most } }),
        ...(searched && { space: searched }),
      };
      return (await starter.run({ input }))?.startSearch.id;
    },
  );
  return (
    <form className="stack" onSubmit={submit}>
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
        <button className="main" disabled={starter.isRunning}>
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
