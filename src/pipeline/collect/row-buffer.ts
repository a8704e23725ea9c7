import {
  type BehaviourWrite,
  type ItemWrite,
  type RowError,
  type ShopStore,
  type TransactionWrite,
  type UserLink,
  type UserWrite,
  type WriteResult,
} from '../../store/index.js';
import { type RowSink } from './layouts/layout.js';

export type RowKind = 'users' | 'items' | 'behaviours' | 'transactions';

/** Most rows of one call of the store. */
const MAX_PART = 25_000;

interface RowsByKind {
  users: UserWrite[];
  items: ItemWrite[];
  behaviours: BehaviourWrite[];
  transactions: TransactionWrite[];
}

/** Sums of what the store answered. `accepted` + `duplicates` + `rejected` = rows sent. */
export interface WriteCounts {
  accepted: number;
  duplicates: number;
  rejected: number;
}

/** Gathers rows and writes them in large batches; remembers from which line each came, for the store's rejections. */
export class RowBuffer implements RowSink {
  readonly written: Record<RowKind, WriteCounts> = {
    users: { accepted: 0, duplicates: 0, rejected: 0 },
    items: { accepted: 0, duplicates: 0, rejected: 0 },
    behaviours: { accepted: 0, duplicates: 0, rejected: 0 },
    transactions: { accepted: 0, duplicates: 0, rejected: 0 },
  };
  /** The line that rows come from now; null behind the last line, for rows made from many. */
  line: number | null = null;
  /** While it is set, rows are stored already and go nowhere: a mapper reads again what an earlier attempt had read. */
  isMuted = false;
  private rows = emptyRows();
  private lines = emptyLines();
  private writing: Promise<void> = Promise.resolve();
  private size = 0;
  private readonly links = new Map<string, UserLink>();
  private readonly mentioned = new Map<string, ItemWrite>();

  constructor(
    private readonly store: ShopStore,
    private readonly onRejected: (line: number | null, error: RowError) => void,
  ) {}

  user(row: UserWrite): void {
    this.add('users', row);
  }

  item(row: ItemWrite): void {
    this.add('items', row);
  }

  itemIfNew(row: ItemWrite): void {
    this.mentioned.set(row.id, row);
  }

  behaviour(row: BehaviourWrite): void {
    this.add('behaviours', row);
  }

  transaction(row: TransactionWrite): void {
    this.add('transactions', row);
  }

  link(link: UserLink): void {
    // Every event of a person who is logged in says the same: once a person is enough, the earliest.
    const key = `${link.aliasId}\u001f${link.userId}`;
    const known = this.links.get(key);
    if (known === undefined || link.linkedAt < known.linkedAt) this.links.set(key, link);
  }

  /** Rows that wait to be written. */
  get waiting(): number {
    return this.size;
  }

  /**
   * Hands the waiting rows to the store. One write is under way at a time, so that the next rows are read meanwhile; the
   * promise resolves when the write before this one is done, which is the back-pressure on the reader.
   */
  async flush(): Promise<void> {
    const { rows, lines } = this;
    this.rows = emptyRows();
    this.lines = emptyLines();
    this.size = 0;
    await this.writing;
    this.writing = this.write(rows, lines);
    // The failure is met at the next flush or at drain; until then it must not count as unhandled.
    this.writing.catch(() => undefined);
  }

  /** Writes what waits, the links among it, and resolves when it is stored. */
  async settle(): Promise<void> {
    await this.flush();
    await this.writing;
    await this.recordLinks();
  }

  /** Writes what waits, brings persons together, and resolves when everything is stored. @returns ids that were merged into persons */
  async drain(): Promise<number> {
    await this.flush();
    await this.writing;
    await this.describeNewItems();
    await this.recordLinks();
    return (await this.store.applyLinks()).merged;
  }

  private async recordLinks(): Promise<void> {
    const links = [...this.links.values()];
    for (let from = 0; from < links.length; from += MAX_PART)
      await this.store.recordLinks(links.slice(from, from + MAX_PART));
    this.links.clear();
  }

  /** Items that nobody has described: their title is their id, as a behaviour made them. */
  private async describeNewItems(): Promise<void> {
    const rows = [...this.mentioned.values()];
    this.mentioned.clear();
    for (let from = 0; from < rows.length; from += MAX_PART) {
      const part = rows.slice(from, from + MAX_PART);
      const known = await this.store.itemsByExternalIds(part.map(({ id }) => id));
      const fresh = part.filter(({ id }, at) => known[at] === null || known[at].title === id);
      this.count('items', await this.store.upsertItems(fresh), []);
    }
  }

  private add<Kind extends RowKind>(kind: Kind, row: RowsByKind[Kind][number]): void {
    if (this.isMuted) return;
    (this.rows[kind] as (typeof row)[]).push(row);
    this.lines[kind].push(this.line);
    this.size++;
  }

  private async write(rows: RowsByKind, lines: Record<RowKind, (number | null)[]>): Promise<void> {
    const { store } = this;
    await this.send('users', rows.users, lines, (part) => store.upsertUsers(part));
    await this.send('items', rows.items, lines, (part) => store.upsertItems(part));
    await this.send('behaviours', rows.behaviours, lines, (part) => store.recordBehaviours(part));
    await this.send('transactions', rows.transactions, lines, (part) => store.recordTransactions(part));
  }

  /** Sends rows in parts: at the end of a file there may be a whole catalogue of items. */
  private async send<Row>(
    kind: RowKind,
    rows: readonly Row[],
    lines: Record<RowKind, (number | null)[]>,
    write: (part: readonly Row[]) => Promise<WriteResult>,
  ): Promise<void> {
    for (let from = 0; from < rows.length; from += MAX_PART) {
      const to = from + MAX_PART;
      this.count(kind, await write(rows.slice(from, to)), lines[kind].slice(from, to));
    }
  }

  private count(kind: RowKind, result: WriteResult, lines: readonly (number | null)[]): void {
    const counts = this.written[kind];
    counts.accepted += result.accepted;
    counts.duplicates += result.duplicates;
    counts.rejected += result.rejected;
    for (const error of result.errors) this.onRejected(lines[error.index] ?? null, error);
  }
}

function emptyRows(): RowsByKind {
  return { users: [], items: [], behaviours: [], transactions: [] };
}

function emptyLines(): Record<RowKind, (number | null)[]> {
  return { users: [], items: [], behaviours: [], transactions: [] };
}
