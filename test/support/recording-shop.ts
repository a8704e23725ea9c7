import type {
  BehaviourWrite,
  CrawledPageRow,
  FeedbackWrite,
  ItemRow,
  ItemWrite,
  JsonObject,
  QuarantineOrigin,
  QuarantineWrite,
  ShopStore,
  TransactionWrite,
  UserLink,
  UserWrite,
  WriteResult,
} from '../../src/store/index.js';

/** A shop that keeps what it is sent in memory, idempotent by id as the real one is. */
export class RecordingShop {
  readonly users = new Map<string, UserWrite>();
  readonly items = new Map<string, ItemWrite>();
  readonly behaviours = new Map<string, BehaviourWrite>();
  readonly transactions = new Map<string, TransactionWrite>();
  readonly feedback = new Map<string, FeedbackWrite>();
  readonly links: UserLink[] = [];
  readonly cursors = new Map<string, JsonObject>();
  readonly positions = new Map<string, JsonObject>();
  readonly pages = new Map<string, CrawledPageRow>();
  readonly quarantined: (QuarantineOrigin & QuarantineWrite)[] = [];
  /** Rows of each write, in order. */
  readonly writes: number[] = [];
  /** Rows with this id are refused. */
  refusedId: string | null = null;

  /** As the parts of the store that take rows. */
  asStore(): ShopStore {
    const parts: Partial<ShopStore> = {
      upsertUsers: (rows) => this.take(this.users, rows, (row) => row.id),
      upsertItems: (rows) => this.take(this.items, rows, (row) => row.id),
      recordBehaviours: (rows) => this.take(this.behaviours, rows, (row) => row.eventId),
      recordTransactions: (rows) => this.take(this.transactions, rows, (row) => row.id),
      recordFeedback: (rows) => this.take(this.feedback, rows, (row) => row.eventId),
      itemsByExternalIds: (ids) =>
        Promise.resolve(
          ids.map((id) => {
            const item = this.items.get(id);
            return item === undefined ? null : ({ externalId: id, title: item.title } as ItemRow);
          }),
        ),
      readCursor: (source, resource) => Promise.resolve(this.cursors.get(`${source} ${resource}`) ?? null),
      writeCursor: (source, resource, cursor) => {
        this.cursors.set(`${source} ${resource}`, cursor);
        return Promise.resolve();
      },
      readImportPosition: (key) => Promise.resolve(this.positions.get(key) ?? null),
      writeImportPosition: (key, position) => {
        this.positions.set(key, JSON.parse(JSON.stringify(position)) as JsonObject);
        return Promise.resolve();
      },
      deleteImportPosition: (key) => {
        this.positions.delete(key);
        return Promise.resolve();
      },
      crawledPages: () => Promise.resolve([...this.pages.values()]),
      writeCrawledPages: (_origin, pages) => {
        for (const page of pages) this.pages.set(page.url, page);
        return Promise.resolve();
      },
      recordLinks: (links) => Promise.resolve(this.links.push(...links)),
      applyLinks: () => Promise.resolve({ merged: 0, behaviours: 0 }),
      aliasesAmong: () => Promise.resolve([]),
      quarantine: (origin, rows) =>
        Promise.resolve(this.quarantined.push(...rows.map((row) => ({ ...origin, ...row })))),
    };
    return parts as ShopStore;
  }

  private async take<Row>(
    kept: Map<string, Row>,
    rows: readonly Row[],
    idOf: (row: Row) => string,
  ): Promise<WriteResult> {
    await new Promise((resolve) => setImmediate(resolve));
    this.writes.push(rows.length);
    const result = { accepted: 0, duplicates: 0, rejected: 0, errors: [] as WriteResult['errors'] };
    rows.forEach((row, index) => {
      const id = idOf(row);
      if (id === this.refusedId) {
        result.rejected++;
        result.errors.push({ index, code: 'BAD_USER_INPUT', message: 'refused' });
      } else if (kept.has(id)) result.duplicates++;
      else {
        kept.set(id, row);
        result.accepted++;
      }
    });
    return result;
  }
}
