import { type ReactNode, useId } from 'react';

import { Failure } from '../api/failure.js';
import type { Json } from '../api/operation.js';
import { text } from '../messages/index.js';
import { FailureNote } from './failure-note.js';

/** The field of an input that a refusal is about: `folds: expected …` and `budget.most: expected …` name theirs. */
export function fieldOf(failure: Failure | null, names: readonly string[]): string | null {
  if (failure?.code !== 'BAD_USER_INPUT') return null;
  const [, name] = /^(\w+)[^:]*:/.exec(failure.message) ?? [];
  return names.find((one) => one === name) ?? null;
}

/** A named input with what is wrong with it under it. */
export function FormField({
  name,
  title,
  hint,
  failure,
  children,
}: {
  name: string;
  title: string;
  hint?: string;
  failure: Failure | null;
  children: ReactNode;
}) {
  const id = useId();
  const isWrong = fieldOf(failure, [name]) !== null;
  return (
    <label className="field" data-field={name} aria-describedby={isWrong ? id : undefined}>
      {title}
      {children}
      {hint && <span className="quiet small">{hint}</span>}
      {isWrong && (
        <span className="problem small wrap" role="alert" id={id}>
          {failure?.message}
        </span>
      )}
    </label>
  );
}

/** A failure that is about none of the form's fields. */
export function FormFailure({ failure, names }: { failure: Failure | null; names: readonly string[] }) {
  if (!failure || fieldOf(failure, names) !== null) return null;
  return <FailureNote failure={failure} />;
}

/** A choice of one name. */
export function Select<Name extends string>({
  names,
  labelOf,
  chosen,
  onChoose,
}: {
  names: readonly Name[];
  labelOf: (name: Name) => string;
  chosen: Name;
  onChoose: (name: Name) => void;
}) {
  return (
    <select value={chosen} onChange={(event) => onChoose(event.target.value as Name)}>
      {names.map((name) => (
        <option key={name} value={name}>
          {labelOf(name)}
        </option>
      ))}
    </select>
  );
}

/** A whole number, or nothing where the usual one is meant. */
export function NumberInput({
  value,
  onChange,
  placeholder,
  min = 0,
  step = 1,
}: {
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  min?: number;
  step?: number | 'any';
}) {
  return (
    <input
      type="number"
      min={min}
      step={step}
      size={8}
      value={value}
      placeholder={placeholder}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

/** A text as a JSON object; nothing where it is empty. @throws Failure that names the field */
export function jsonObject(name: string, json: string): Readonly<Record<string, Json>> | undefined {
  if (json.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, Json>>;
  } catch {
    // Told below, with what was expected.
  }
  throw new Failure('BAD_USER_INPUT', `${name}: ${text('form.expectedObject')}`);
}

/** A number that was typed, or nothing. */
export const numberOf = (value: string): number | undefined => (value === '' ? undefined : Number(value));
