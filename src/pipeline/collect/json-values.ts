import { MAX_RECORD_LENGTH, type TextRecord } from './delimited.js';
import { parseJsonRecord } from './json-lines.js';

/**
 * Splits JSON objects that stand in an array, or one behind the other over several lines, into records as they come in: what APIs answer
 * and what people save by hand. `line` is the line that an object starts on. An object that is never closed costs all behind it, which
 * is why NDJSON is the better form for large files.
 */
export class JsonValueSplitter {
  private rest = '';
  private line = 1;
  private startLine = 1;
  private depth = 0;
  private isInText = false;
  /** Where in `rest` the scan goes on. */
  private at = 0;
  private start = -1;
  private isSkipping = false;

  push(text: string): TextRecord[] {
    this.rest += text;
    const records: TextRecord[] = [];
    const { rest } = this;
    let { at } = this;
    for (; at < rest.length; at++) {
      const character = rest[at];
      if (character === '\n') this.line++;
      if (this.isInText) {
        if (character === '\\') {
          if (at + 1 >= rest.length) break; // what is escaped comes with the next piece
          at++;
        } else if (character === '"') this.isInText = false;
      } else if (character === '"') this.isInText = this.depth > 0;
      else if (character === '{' || (character === '[' && this.depth > 0)) {
        if (this.depth++ === 0) {
          this.start = at;
          this.startLine = this.line;
        }
      } else if ((character === '}' || character === ']') && this.depth > 0 && --this.depth === 0) {
        if (!this.isSkipping) records.push(parseJsonRecord(rest.slice(this.start, at + 1), this.startLine));
        this.isSkipping = false;
        this.start = -1;
      } else if (this.depth === 0 && !/[\s,[\]]/.test(character)) {
        at = this.skipStray(at, records);
      }
    }
    this.keepRest(at, records);
    return records;
  }

  end(): TextRecord[] {
    if (this.depth === 0) return [];
    return [{ line: this.startLine, values: [], problem: 'The object is not closed.' }];
  }

  /** A number, text or word between the objects is one broken record. @returns its last position */
  private skipStray(from: number, records: TextRecord[]): number {
    let to = from;
    while (to + 1 < this.rest.length && !/[\n,{]/.test(this.rest[to + 1])) to++;
    records.push({ line: this.line, values: [], problem: 'Expected a JSON object.' });
    return to;
  }

  private keepRest(at: number, records: TextRecord[]): void {
    const from = this.start >= 0 ? this.start : at;
    if (at - from > MAX_RECORD_LENGTH) {
      if (!this.isSkipping)
        records.push({
          line: this.startLine,
          values: [],
          problem: `The object is longer than ${MAX_RECORD_LENGTH} characters.`,
        });
      this.isSkipping = true;
      this.rest = this.rest.slice(at);
      this.start = 0;
      this.at = 0;
      return;
    }
    this.rest = this.rest.slice(from);
    this.at = at - from;
    if (this.start >= 0) this.start = 0;
  }
}
