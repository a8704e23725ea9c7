import { type CrawledPageRow, type ShopStore } from '../../../store/index.js';
import { normaliseUrl } from './normalise-url.js';

/** Addresses that are remembered; endless calendars and filters must not fill memory and store. */
const MAX_KNOWN = 200_000;
/** Addresses that differ in their parameters alone: orders and filters of one list. */
const MAX_VARIANTS = 40;
const FLUSH_PAGES = 100;
/** Failures in a row after which a page is left alone until something leads to it again. */
const MAX_FAILURES = 5;
const CURSOR = 'crawl';

/**
 * What is known of a catalogue's pages and which come next. It is kept in the store as the crawl goes, so that a crawl that is broken
 * off goes on, and the next one asks only whether known pages changed.
 */
export class Frontier {
  private readonly pages = new Map<string, CrawledPageRow>();
  private readonly queue: string[] = [];
  private readonly variants = new Map<string, number>();
  private readonly dirty = new Set<string>();
  /** Items that pages described before this crawl. */
  private readonly itemsBefore = new Set<string>();
  /** Addresses that looked like traps, or were one variant too many. */
  trapped = 0;

  private constructor(
    private readonly store: ShopStore,
    private readonly origin: string,
    private readonly startedAt: Date,
    readonly isResumed: boolean,
    private readonly maxDepth: number,
  ) {}

  /** @param maxDepth links from the start that are followed */
  static async open(store: ShopStore, origin: string, maxDepth: number): Promise<Frontier> {
    const cursor = await store.readCursor(CURSOR, origin);
    const isResumed = cursor !== null && typeof cursor.startedAt === 'string' && cursor.isFinished !== true;
    const startedAt = isResumed ? new Date(cursor.startedAt as string) : new Date();
    const frontier = new Frontier(store, origin, startedAt, isResumed, maxDepth);
    await frontier.writeCursor(false);
    for (const page of await store.crawledPages(origin)) frontier.load(page);
    return frontier;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Puts an address in the queue, once a crawl. @param isKnownGood it stands in a sitemap, where there are no traps */
  add(url: URL, depth: number, isKnownGood = false): void {
    const normal = normaliseUrl(url);
    if (normal === null) {
      this.trapped++;
      return;
    }
    const known = this.pages.get(normal.href);
    if (known !== undefined) {
      // A page that was gone is asked for again when something leads to it.
      if (known.state === 'GONE' && !this.isReadNow(known)) this.enqueue({ ...known, state: 'WAITING' });
      return;
    }
    if (this.pages.size >= MAX_KNOWN || depth > this.maxDepth) {
      this.trapped++;
      return;
    }
    const variants = (this.variants.get(normal.pathname) ?? 0) + (normal.search === '' ? 0 : 1);
    if (!isKnownGood && variants > MAX_VARIANTS) {
      this.trapped++;
      return;
    }
    this.variants.set(normal.pathname, variants);
    this.enqueue({
      url: normal.href,
      state: 'WAITING',
      depth,
      etag: null,
      lastModified: null,
      contentHash: null,
      itemIds: [],
      failures: 0,
      readAt: null,
    });
  }

  next(): CrawledPageRow | null {
    const url = this.queue.shift();
    return url === undefined ? null : this.pages.get(url)!;
  }

  /** Back to the end of the queue: the server asked to wait. */
  postpone(page: CrawledPageRow): void {
    this.queue.push(page.url);
  }

  /** Remembers what a page came to. */
  settle(page: CrawledPageRow, change: Partial<CrawledPageRow>): void {
    this.pages.set(page.url, { ...page, ...change, readAt: new Date() });
    this.dirty.add(page.url);
  }

  /** Stores what is known, so that a crawl that breaks off now goes on from here. */
  async flush(minimum = FLUSH_PAGES): Promise<void> {
    if (this.dirty.size < minimum) return;
    const rows = [...this.dirty].map((url) => this.pages.get(url)!);
    this.dirty.clear();
    for (let from = 0; from < rows.length; from += 1_000)
      await this.store.writeCrawledPages(this.origin, rows.slice(from, from + 1_000));
  }

  /** Items that pages described before this crawl and none describes now. */
  vanishedItems(): string[] {
    const now = new Set<string>();
    for (const page of this.pages.values())
      if (page.state !== 'GONE') for (const id of page.itemIds) now.add(id);
    return [...this.itemsBefore].filter((id) => !now.has(id));
  }

  /** Ends the crawl, or lets the next one go on when addresses are left. */
  async finish(): Promise<void> {
    await this.flush(1);
    await this.writeCursor(this.queue.length === 0);
  }

  private load(page: CrawledPageRow): void {
    this.pages.set(page.url, page);
    for (const id of page.itemIds) this.itemsBefore.add(id);
    const isDue = page.state !== 'GONE' && page.failures < MAX_FAILURES && !this.isReadNow(page);
    if (isDue) this.queue.push(page.url);
  }

  private enqueue(page: CrawledPageRow): void {
    this.pages.set(page.url, page);
    this.dirty.add(page.url);
    this.queue.push(page.url);
  }

  private isReadNow(page: CrawledPageRow): boolean {
    return page.readAt !== null && page.readAt >= this.startedAt;
  }

  private writeCursor(isFinished: boolean): Promise<void> {
    return this.store.writeCursor(CURSOR, this.origin, {
      startedAt: this.startedAt.toISOString(),
      isFinished,
    });
  }
}
