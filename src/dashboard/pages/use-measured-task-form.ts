import { type FormEvent, useState } from 'react';

import { type Failure, toFailure } from '../api/failure.js';
import { href } from '../route.js';
import { type MeasuredTask, NEW_MEASURED_TASK } from './measured-task-fields.js';

/**
 * What the forms of a search and of a cross-validation do alike: hold the task and the numbers typed, start the run and go to its page.
 *
 * @param refusal what the API said of the last start
 * @param start starts the run and answers its id; nothing where it was refused. What it throws is shown as a refusal.
 */
export function useMeasuredTaskForm<Name extends string>(
  empty: Readonly<Record<Name, string>>,
  refusal: Failure | null,
  start: (form: MeasuredTask, numbers: Readonly<Record<Name, string>>) => Promise<string | undefined>,
) {
  const [form, setForm] = useState<MeasuredTask>(NEW_MEASURED_TASK);
  const [numbers, setNumbers] = useState(empty);
  const [wrong, setWrong] = useState<Failure | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setWrong(null);
    try {
      const run = await start(form, numbers);
      if (run) location.hash = href('runs', run);
    } catch (thrown) {
      setWrong(toFailure(thrown));
    }
  };
  return {
    form,
    numbers,
    failure: wrong ?? refusal,
    change: (changed: Partial<MeasuredTask>) => setForm((last) => ({ ...last, ...changed })),
    set: (name: Name) => (value: string) => setNumbers((last) => ({ ...last, [name]: value })),
    submit: (event: FormEvent) => void submit(event),
  };
}
