import { BEHAVIOUR_CODE, type BehaviourColumns, type BehaviourType } from '../pipeline/index.js';

const START_ROWS = 1 << 16;

/** Columns that double when full; rows must come in the order of their users. */
class GrowingColumns {
  count = 0;
  user = new Int32Array(START_ROWS);
  item = new Int32Array(START_ROWS);
  type = new Uint8Array(START_ROWS);
  occurredAt = new Float64Array(START_ROWS);
  quantity = new Float32Array(START_ROWS);
  value = new Float64Array(START_ROWS);
  session = new Int32Array(START_ROWS);

  grow(): void {
    const size = this.user.length * 2;
    const larger = <A extends Int32Array | Uint8Array | Float32Array | Float64Array>(old: A, fresh: A): A => {
      fresh.set(old);
      return fresh;
    };
    this.user = larger(this.user, new Int32Array(size));
    this.item = larger(this.item, new Int32Array(size));
    this.type = larger(this.type, new Uint8Array(size));
    this.occurredAt = larger(this.occurredAt, new Float64Array(size));
    this.quantity = larger(this.quantity, new Float32Array(size));
    this.value = larger(this.value, new Float64Array(size));
    this.session = larger(this.session, new Int32Array(size));
  }
}

/**
 * Turns the text that COPY sends into behaviour columns, chunk by chunk, so that a history of millions is never held as text.
 * Fields: user, item, type, milliseconds, quantity, value, session.
 */
export class BehaviourBuffer {
  private readonly columns = new GrowingColumns();
  /** Sessions of the user whose rows are read, and how many there were of all: their names are longer than all the columns together. */
  private readonly sessions = new Map<string, number>();
  private sessionCount = 0;
  private sessionUser = '';
  private rest = '';

  /** Both maps: internal id → index in the history. */
  constructor(
    private readonly userAt: ReadonlyMap<number, number>,
    private readonly itemAt: ReadonlyMap<number, number>,
  ) {}

  push(chunk: string): void {
    const text = this.rest + chunk;
    let from = 0;
    for (let end = text.indexOf('\n', from); end >= 0; end = text.indexOf('\n', from)) {
      this.addLine(text.slice(from, end));
      from = end + 1;
    }
    this.rest = text.slice(from);
  }

  private addLine(line: string): void {
    const { columns } = this;
    if (columns.count === columns.user.length) columns.grow();
    const row = columns.count++;
    const [user, item, type, time, quantity, value, session] = line.split('\t');
    columns.user[row] = this.userAt.get(Number(user)) ?? -1;
    columns.item[row] = item === '\\N' ? -1 : (this.itemAt.get(Number(item)) ?? -1);
    columns.type[row] = BEHAVIOUR_CODE[type as BehaviourType];
    columns.occurredAt[row] = Number(time);
    columns.quantity[row] = quantity === '\\N' ? 1 : Number(quantity);
    columns.value[row] = value === '\\N' ? 0 : Number(value);
    columns.session[row] = session === '\\N' ? -1 : this.sessionNumber(user, session);
  }

  private sessionNumber(user: string, name: string): number {
    if (user !== this.sessionUser) {
      this.sessions.clear();
      this.sessionUser = user;
    }
    const known = this.sessions.get(name);
    if (known !== undefined) return known;
    this.sessions.set(name, this.sessionCount);
    return this.sessionCount++;
  }

  /** @param users number of users of the history */
  finish(users: number): { behaviours: BehaviourColumns; userOffsets: Int32Array } {
    const { columns } = this;
    const { count } = columns;
    const userOffsets = new Int32Array(users + 1);
    for (let row = 0; row < count; row++) userOffsets[columns.user[row] + 1]++;
    for (let user = 0; user < users; user++) userOffsets[user + 1] += userOffsets[user];
    // One column after the other, each let go of, so that no more than one lies in memory twice.
    const take = <Name extends Exclude<keyof GrowingColumns, 'count' | 'grow'>>(name: Name) => {
      const filled = columns[name].slice(0, count) as GrowingColumns[Name];
      columns[name] = columns[name].slice(0, 0) as GrowingColumns[Name];
      return filled;
    };
    return {
      behaviours: {
        count,
        user: take('user'),
        item: take('item'),
        type: take('type'),
        occurredAt: take('occurredAt'),
        quantity: take('quantity'),
        value: take('value'),
        session: take('session'),
      },
      userOffsets,
    };
  }
}
