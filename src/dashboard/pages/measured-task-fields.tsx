/** The fields that searches and cross-validations have in common: the task, its settings, its threshold's rule, the seed. */
import type { Failure } from '../api/failure.js';
import type { Json } from '../api/operation.js';
import { CUSTOM_TASKS, type Task, type ThresholdBy, type ThresholdInput } from '../api/operations.js';
import { useQuery } from '../api/use-query.js';
import { FormField, jsonObject, NumberInput, numberOf, Select } from '../components/form-field.js';
import { inWords, term, text } from '../messages/index.js';
import { TASKS } from './tasks.js';

export interface MeasuredTask {
  /** A built-in task, or `CUSTOM` and the name. */
  readonly task: string;
  readonly hyperparameters: string;
  readonly threshold: '' | ThresholdBy;
  readonly target: string;
  readonly costOfMiss: string;
  readonly costOfFalseAlarm: string;
  readonly seed: string;
}

export const NEW_MEASURED_TASK: MeasuredTask = {
  task: 'PURCHASE_INTENT',
  hyperparameters: '',
  threshold: '',
  target: '0.8',
  costOfMiss: '20',
  costOfFalseAlarm: '1',
  seed: '',
};

export const MEASURED_TASK_FIELDS = [
  'task',
  'customTask',
  'hyperparameters',
  'thresholds',
  'threshold',
  'seed',
];

const CUSTOM = 'CUSTOM ';
const NOTHING = {};

/** As the API takes it. @throws Failure that names the field */
export function measuredTaskInput(form: MeasuredTask): {
  readonly task: Task;
  readonly customTask?: string;
  readonly hyperparameters?: Readonly<Record<string, Json>>;
  readonly thresholds?: readonly ThresholdInput[];
  readonly seed?: number;
} {
  const named = form.task.startsWith(CUSTOM)
    ? { task: 'CUSTOM' as const, customTask: form.task.slice(CUSTOM.length) }
    : { task: form.task as Task };
  const hyperparameters = jsonObject('hyperparameters', form.hyperparameters);
  const seed = numberOf(form.seed);
  const thresholds = form.threshold === '' ? undefined : [{ ...named, ...ruleOf(form, form.threshold) }];
  return {
    ...named,
    ...(hyperparameters && { hyperparameters }),
    ...(thresholds && { thresholds }),
    ...(seed !== undefined && { seed }),
  };
}

function ruleOf({ target, costOfMiss, costOfFalseAlarm }: MeasuredTask, by: ThresholdBy) {
  if (by === 'PRECISION') return { by, target: numberOf(target) };
  if (by === 'COST')
    return { by, costOfMiss: numberOf(costOfMiss), costOfFalseAlarm: numberOf(costOfFalseAlarm) };
  return { by };
}

interface FieldsProps {
  readonly form: MeasuredTask;
  readonly failure: Failure | null;
  readonly onChange: (change: Partial<MeasuredTask>) => void;
}

export function TaskField({ form, failure, onChange }: FieldsProps) {
  const custom = useQuery(CUSTOM_TASKS, NOTHING).data?.customTasks ?? [];
  return (
    <FormField
      name={form.task.startsWith(CUSTOM) ? 'customTask' : 'task'}
      title={text('form.task')}
      failure={failure}
    >
      <Select
        names={[...TASKS, ...custom.map(({ name }) => CUSTOM + name)]}
        labelOf={(name) =>
          name.startsWith(CUSTOM) ? inWords(name.slice(CUSTOM.length)) : term('task', name)
        }
        chosen={form.task}
        onChoose={(task) => onChange({ task })}
      />
    </FormField>
  );
}

/** Settings, threshold and seed: what few change, behind the rest. */
export function SettingFields({ form, failure, onChange }: FieldsProps) {
  const { threshold } = form;
  return (
    <>
      <div className="row">
        <FormField name="thresholds" title={text('form.threshold')} failure={failure}>
          <Select
            names={['', 'F1', 'PRECISION', 'COST']}
            labelOf={(by) => text(`form.threshold.${by || 'OWN'}`)}
            chosen={threshold}
            onChoose={(by) => onChange({ threshold: by })}
          />
        </FormField>
        {threshold === 'PRECISION' && (
          <FormField name="target" title={text('form.target')} failure={failure}>
            <NumberInput value={form.target} step="any" onChange={(target) => onChange({ target })} />
          </FormField>
        )}
        {threshold === 'COST' && (
          <>
            <FormField name="costOfMiss" title={text('form.costOfMiss')} failure={failure}>
              <NumberInput
                value={form.costOfMiss}
                step="any"
                onChange={(costOfMiss) => onChange({ costOfMiss })}
              />
            </FormField>
            <FormField name="costOfFalseAlarm" title={text('form.costOfFalseAlarm')} failure={failure}>
              <NumberInput
                value={form.costOfFalseAlarm}
                step="any"
                onChange={(costOfFalseAlarm) => onChange({ costOfFalseAlarm })}
              />
            </FormField>
          </>
        )}
        <FormField name="seed" title={text('runs.seed')} failure={failure}>
          <NumberInput value={form.seed} placeholder="1" onChange={(seed) => onChange({ seed })} />
        </FormField>
      </div>
      <FormField
        name="hyperparameters"
        title={text('form.hyperparameters')}
        hint='{"dropout": 0.2, "epochs": 5}'
        failure={failure}
      >
        <input
          type="text"
          value={form.hyperparameters}
          onChange={(event) => onChange({ hyperparameters: event.target.value })}
        />
      </FormField>
    </>
  );
}
