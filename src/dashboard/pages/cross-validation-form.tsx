import { useState } from 'react';

import { type CrossValidationMethod, START_CROSS_VALIDATION } from '../api/operations.js';
import { useMutation } from '../api/use-query.js';
import { FormFailure, FormField, NumberInput, Select } from '../components/form-field.js';
import { text } from '../messages/index.js';
import { MEASURED_TASK_FIELDS, measuredTaskInput, SettingFields, TaskField } from './measured-task-fields.js';
import { useMeasuredTaskForm } from './use-measured-task-form.js';

const METHODS: readonly CrossValidationMethod[] = ['ROLLING_ORIGIN', 'BY_USER'];
const FIELDS = [...MEASURED_TASK_FIELDS, 'architectures', 'method', 'folds', 'seeds', 'stepDays'];

/** Starts a cross-validation, and goes to its page. */
export function CrossValidationForm() {
  const starter = useMutation(START_CROSS_VALIDATION);
  const [architectures, setArchitectures] = useState('');
  const [method, setMethod] = useState<CrossValidationMethod>('ROLLING_ORIGIN');
  const { form, numbers, failure, change, set, submit } = useMeasuredTaskForm(
    { folds: '', seeds: '', stepDays: '' },
    starter.failure,
    async (task, typed) => {
      const named = architectures.split(',').flatMap((name) => name.trim() || []);
      const given = Object.entries(typed).flatMap(([name, value]) =>
        value === '' ? [] : [[name, Number(value)] as const],
      );
      const input = {
        ...measuredTaskInput(task),
        method,
        ...(named.length > 0 && { architectures: named }),
        ...Object.fromEntries(given),
      };
      return (await starter.run({ input }))?.startCrossValidation.id;
    },
  );
  return (
    <form className="stack" onSubmit={submit}>
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
        <button className="main" disabled={starter.isRunning}>
          {text('folds.submit')}
        </button>
      </div>
    </form>
  );
}
