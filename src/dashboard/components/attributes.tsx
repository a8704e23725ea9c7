import type { Json } from '../api/operation.js';
import { inWords } from '../messages/index.js';

/** A shop's own attributes, whatever they are, in one line. */
export function Attributes({ value }: { value: Json }) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const shown = Object.entries(value).map(
    ([name, entry]) =>
      `${inWords(name)}: ${typeof entry === 'object' ? JSON.stringify(entry) : String(entry)}`,
  );
  return <span className="quiet wrap">{shown.join(' · ')}</span>;
}
