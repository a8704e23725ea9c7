import { type FormEvent, useState } from 'react';

import {
  type BehaviourType,
  type CountedUnit,
  CUSTOM_TASKS,
  DEFINE_TASK,
  DELETE_TASK,
} from '../api/operations.js';
import { useMutation, useQuery } from '../api/use-query.js';
import { DataTable } from '../components/data-table.js';
import { FailureNote } from '../components/failure-note.js';
import { FormFailure, FormField, NumberInput, numberOf, Select } from '../components/form-field.js';
import { Loaded } from '../components/loaded.js';
import { inWords, term, text } from '../messages/index.js';

const TYPES: readonly BehaviourType[] = [
  'VIEW',
  'SEARCH',
  'FAVOURITE',
  'ADD_TO_CART',
  'REMOVE_FROM_CART',
  'PURCHASE',
  'REFUND',
  'RATING',
];
const UNITS: readonly CountedUnit[] = ['BEHAVIOURS', 'ITEMS'];
const FIELDS = ['name', 'behaviours', 'windowDays', 'atLeast', 'counts', 'category', 'activeDays', 'title'];
const NOTHING = {};

/** Tasks of the shop's own: which there are, and a form that defines one. Folded away until wanted. */
export function CustomTasks() {
  const tasks = useQuery(CUSTOM_TASKS, NOTHING);
  const remove = useMutation(DELETE_TASK);
  const deleteTask = (name: string) => {
    if (confirm(text('custom.confirm', { name: inWords(name) })))
      void remove.run({ name }).then(tasks.reload);
  };
  return (
    <details className="panel">
      <summary>{text('custom.title')}</summary>
      <div className="stack">
        <p className="quiet">{text('custom.hint')}</p>
        {remove.failure && <FailureNote failure={remove.failure} />}
        <Loaded query={tasks}>
          {({ customTasks }) => (
            <DataTable
              rows={customTasks}
              keyOf={({ name }) => name}
              empty={text('custom.none')}
              columns={[
                { title: text('form.task'), isHeader: true, cell: ({ name }) => inWords(name) },
                { title: text('custom.asks'), cell: ({ description }) => description },
                {
                  title: text('custom.delete'),
                  cell: ({ name }) => (
                    <button type="button" disabled={remove.isRunning} onClick={() => deleteTask(name)}>
                      {text('custom.deleteNamed', { name: inWords(name) })}
                    </button>
                  ),
                },
              ]}
            />
          )}
        </Loaded>
        <DefineForm onDefined={tasks.reload} />
      </div>
    </details>
  );
}

function DefineForm({ onDefined }: { onDefined: () => void }) {
  const define = useMutation(DEFINE_TASK);
  const { failure } = define;
  const [texts, setTexts] = useState({ name: '', category: '' });
  const [numbers, setNumbers] = useState({ windowDays: '30', atLeast: '1', activeDays: '' });
  const [behaviours, setBehaviours] = useState<readonly BehaviourType[]>([]);
  const [counts, setCounts] = useState<CountedUnit>('BEHAVIOURS');
  const setText = (name: keyof typeof texts, value: string) =>
    setTexts((last) => ({ ...last, [name]: value }));
  const setNumber = (name: keyof typeof numbers) => (value: string) =>
    setNumbers((last) => ({ ...last, [name]: value }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const activeDays = numberOf(numbers.activeDays);
    const atLeast = numberOf(numbers.atLeast);
    const input = {
      name: texts.name.trim().toUpperCase().replace(/[ -]+/g, '_'),
      behaviours,
      counts,
      windowDays: Number(numbers.windowDays),
      ...(texts.category.trim() && { category: texts.category.trim() }),
      ...(atLeast !== undefined && { atLeast }),
      ...(activeDays !== undefined && { activeDays }),
    };
    if (!(await define.run({ input }))) return;
    setTexts({ name: '', category: '' });
    onDefined();
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)} aria-label={text('custom.define')}>
      <div className="row">
        <FormField name="name" title={text('custom.name')} hint={text('custom.nameHint')} failure={failure}>
          <input
            type="text"
            required
            value={texts.name}
            onChange={(event) => setText('name', event.target.value)}
          />
        </FormField>
        <FormField name="counts" title={text('custom.counts')} failure={failure}>
          <Select
            names={UNITS}
            labelOf={(unit) => text(`custom.counts.${unit}`)}
            chosen={counts}
            onChoose={setCounts}
          />
        </FormField>
        <FormField name="windowDays" title={text('custom.windowDays')} failure={failure}>
          <NumberInput value={numbers.windowDays} min={1} onChange={setNumber('windowDays')} />
        </FormField>
        <FormField
          name="atLeast"
          title={text('custom.atLeast')}
          hint={text('custom.atLeastHint')}
          failure={failure}
        >
          <NumberInput value={numbers.atLeast} min={1} onChange={setNumber('atLeast')} />
        </FormField>
        <FormField name="category" title={text('custom.category')} failure={failure}>
          <input
            type="text"
            value={texts.category}
            placeholder={text('custom.anyCategory')}
            onChange={(event) => setText('category', event.target.value)}
          />
        </FormField>
        <FormField name="activeDays" title={text('custom.activeDays')} failure={failure}>
          <NumberInput
            value={numbers.activeDays}
            min={1}
            placeholder="90"
            onChange={setNumber('activeDays')}
          />
        </FormField>
      </div>
      <fieldset data-field="behaviours">
        <legend>{text('custom.behaviours')}</legend>
        <div className="row">
          {TYPES.map((type) => (
            <label key={type} className="check">
              <input
                type="checkbox"
                checked={behaviours.includes(type)}
                onChange={() =>
                  setBehaviours(
                    behaviours.includes(type)
                      ? behaviours.filter((other) => other !== type)
                      : [...behaviours, type],
                  )
                }
              />
              {term('behaviour', type)}
            </label>
          ))}
        </div>
      </fieldset>
      <FormFailure failure={failure} names={FIELDS.filter((name) => name !== 'behaviours')} />
      <div>
        <button className="main" disabled={define.isRunning}>
          {text('custom.define')}
        </button>
      </div>
    </form>
  );
}
