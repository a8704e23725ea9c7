import { MAX_RECORD_LENGTH, type SplitterState, type TextRecord } from './delimited.js';
import { isDeeperThan } from './values.js';

const MAX_DEPTH = 64;

/**
 * Splits newline-delimited JSON into records as it comes in; `values` is the one parsed object. A line that is not a JSON object
 * is a record with a problem, and reading goes on behind it.
 */
export class JsonLineSplitter {
  private rest = '';
  private line = 1;
  private isSkippingLongLine = false;

  /** What is needed to go on behind the text so far, in a splitter of the same kind. */
  state(): SplitterState {
    const { rest, line, isSkippingLongLine } = this;
    return { rest, line, isSkippingLongLine };
  }

  restore({ rest, line, isSkippingLongLine }: SplitterState): void {
    this.rest = rest;
    this.line = line;
    this.isSkippingLongLine = isSkippingLongLine;
  }

  push(text: string): TextRecord[] {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    const records: TextRecord[] = [];
    for (const line of lines) this.add(line, records);
    if (this.rest.length > MAX_RECORD_LENGTH) {
      if (!this.isSkippingLongLine) {
        records.push(this.broken(`The line is longer than ${MAX_RECORD_LENGTH} characters.`));
      }
      this.isSkippingLongLine = true;
      this.rest = '';
    }
    return records;
  }

  end(): TextRecord[] {
    const records: TextRecord[] = [];
    if (this.rest !== '' || this.isSkippingLongLine) this.add(this.rest, records);
    this.rest = '';
    return records;
  }

  private add(text: string, records: TextRecord[]): void {
    if (this.isSkippingLongLine) this.isSkippingLongLine = false;
    else if (text.trim() !== '') records.push(parseJsonRecord(text, this.line));
    this.line++;
  }

  private broken(problem: string): TextRecord {
    return { line: this.line, values: [], problem };
  }
}

/** The record of one JSON object; what is none is a record with a problem. */
export function parseJsonRecord(text: string, line: number): TextRecord {
  const broken = (problem: string): TextRecord => ({ line, values: [], problem, text });
  if (text.includes('\ufffd'))
    return broken('The line holds bytes that are not valid in the file’s encoding.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return broken(`The line is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (Array.isArray(value))
    return broken('The line is a JSON array; expected one object a line, without brackets around them.');
  if (typeof value !== 'object' || value === null) return broken('The line is not a JSON object.');
  // Everything behind walks values by recursion: a line of brackets must not end the process.
  if (isDeeperThan(value, MAX_DEPTH)) return broken(`The JSON is more than ${MAX_DEPTH} levels deep.`);
  return { line, values: [value], problem: null };
}

/** Keys of the objects in order of first appearance; a key that holds an object gives `key.inner` for each of its keys. */
export function jsonColumns(objects: readonly object[]): string[] {
  const columns = new Set<string>();
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
        for (const inner of Object.keys(value as object)) columns.add(`${key}.${inner}`);
      } else columns.add(key);
    }
  }
  return [...columns];
}
