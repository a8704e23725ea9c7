import { type FormEvent, useState } from 'react';

import { type Failure, toFailure } from '../api/failure.js';
import { type CrossValidationMethod, START_CROSS_VALIDATION } from '../api/operations.js';
import { useMutation } from '../api/use-query.js';
import { FormFailure, FormField, NumberInput, Select } from '../components/form-field.js';
import { text } from '../messages/index.js';
import { href } from '../route.js';
import {
  MEASURED_TASK_FIELDS,
  type MeasuredTask,
  measuredTaskInput,
  NEW_MEASURED_TASK,
  SettingFields,
  TaskField,
} from './measured-task-fields.js';

const METHODS: readonly CrossValidationMethod[] = ['ROLLING_ORIGIN', 'BY_USER'];
const FIELDS = [...MEASURED_TASK_FIELDS, 'architectures', 'method', 'folds', 'seeds', 'stepDays'];

/** Starts a cross-validation, and goes to its page. */
export function CrossValidationForm() {
  const start = useMutation(START_CROSS_VALIDATION);
  const [form, setForm] = useState<MeasuredTask>(NEW_MEASURED_TASK);
  const [architectures, setArchitectures] = useState('');
  const [method, setMethod] = useState<CrossValidationMethod>('ROLLING_ORIGIN');
  const [numbers, setNumbers] = useState({ folds: '', seeds: '', stepDays: '' });
  const [wrong, setWrong] = useState<Failure | null>(null);
  const failure = wrong ?? start.failure;
  const change = (changed: Partial<MeasuredTask>) => setForm((last) => ({ ...last, ...changed }));
  const set = (name: keyof typeof numbers) => (value: string) =>
    setNumbers((last) => ({ ...last, [name]: value }));
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setWrong(null);
    try {
      const named = architectures.split(',').flatMap((name) => name.trim() || []);
      const given = Object.entries(numbers).flatMap(([name, value]) =>
        value === '' ? [] : [[name, Number(value)] as const],
      );
      const input = {
        ...measuredTaskInput(form),
        method,
        ...(named.length > 0 && { architectures: named }),
        ...Object.fromEntries(given),
      };
      const started = await start.run({ input });
      if (started) location.hash = href('runs', started.startCrossValidation.id);
    } catch (thrown) {
      setWrong(toFailure(thrown));
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <div className="row">
        <TaskField form={form} failure={failure} onChange={change} />
        <FormField
          name="architectures"
          title={text('folds.architectures')}
          hint="dense, boosted-trees"
          failure={failure}
        >
          <input
            type="text"
            value={architectures}
            placeholder={text('form.usual')}
            onChange={(event) => setArchitectures(event.target.value)}
          />
        </FormField>
        <FormField name="method" title={text('runs.method')} failure={failure}>
          <Select
            names={METHODS}
            labelOf={(name) => text(`folds.method.${name}`)}
            chosen={method}
            onChoose={setMethod}
          />
        </FormField>
        <FormField name="folds" title={text('folds.count')} failure={failure}>
          <NumberInput value={numbers.folds} placeholder="4" onChange={set('folds')} />
        </FormField>
        <FormField name="seeds" title={text('folds.seeds')} failure={failure}>
          <NumberInput value={numbers.seeds} placeholder="3" onChange={set('seeds')} />
        </FormField>
        {method === 'ROLLING_ORIGIN' && (
          <FormField name="stepDays" title={text('folds.stepDays')} failure={failure}>
            <NumberInput
              value={numbers.stepDays}
              placeholder={text('form.usual')}
              onChange={set('stepDays')}
            />
          </FormField>
        )}
      </div>
      <SettingFields form={form} failure={failure} onChange={change} />
      <FormFailure failure={failure} names={FIELDS} />
      <div>
        <button className="main" disabled={start.isRunning}>
          {text('folds.submit')}
        </button>
      </div>
    </form>
  );
}
