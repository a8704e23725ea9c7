import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import robotsModule from 'robots-parser';

import { type CrawledPageRow, type ItemWrite, type ShopStore } from '../../../store/index.js';
import { withdrawItems } from '../connect/withdraw-items.js';
import { type WriteCounts } from '../row-buffer.js';
import { type CrawlOptions, type CrawlReport } from './crawl-report.js';
import { extractPage } from './extract-products.js';
import { Frontier } from './frontier.js';
import { type FetchedPage, SafeFetcher } from './safe-fetch.js';
import { parseSitemap } from './sitemap.js';

// The package is CommonJS and exports its function; its types say `export default`.
const robotsParser = robotsModule as unknown as typeof robotsModule.default;

const USER_AGENT = 'TandemCatalogue/1';
/** The longest pause that a robots.txt or a server can ask for. */
const MAX_DELAY_MS = 30_000;
const MAX_SITEMAPS = 200;
/** Bytes of a robots.txt that count (RFC 9309, section 2.5). */
const MAX_ROBOTS = 512_000;
/** Times that a page is asked for while the server asks to wait. */
const MAX_TRIES = 3;
const BATCH_ITEMS = 200;

/** Crawls from an address that was checked. @throws `signal.reason` when aborted */
export async function runCrawl(store: ShopStore, start: URL, options: CrawlOptions): Promise<CrawlReport> {
  const fetcher = new SafeFetcher({
    userAgent: USER_AGENT,
    maxBytes: options.maxBytes ?? 5 * 1024 * 1024,
    timeoutMs: options.timeoutMs ?? 15_000,
    allowPrivate: options.allowPrivate ?? false,
  });
  try {
    const frontier = await Frontier.open(store, start.origin, options.maxDepth ?? 20);
    return await new Crawl(store, start, fetcher, frontier, options).run();
  } finally {
    await fetcher.close();
  }
}

class Crawl {
  private readonly tally = { pages: 0, read: 0, unchanged: 0, gone: 0 };
  private readonly failed: { url: string; reason: string }[] = [];
  private readonly found = new Map<string, ItemWrite>();
  private readonly items: WriteCounts = { accepted: 0, duplicates: 0, rejected: 0 };
  private readonly tries = new Map<string, number>();
  private readonly closed = new Set<string>();
  private lastRequest = 0;
  /** Grows while the server asks to wait. */
  private slowdownMs = 0;
  private robots = robotsParser('', '');

  constructor(
    private readonly store: ShopStore,
    private readonly start: URL,
    private readonly fetcher: SafeFetcher,
    private readonly frontier: Frontier,
    private readonly options: CrawlOptions,
  ) {}

  async run(): Promise<CrawlReport> {
    const { maxPages = 1_000, onProgress, signal } = this.options;
    const { frontier, tally } = this;
    if (await this.readRobots()) {
      this.add(this.start, 0);
      await this.readSitemaps([new URL('/sitemap.xml', this.start).href, ...this.robots.getSitemaps()]);
      try {
        while (tally.pages < maxPages) {
          const page = frontier.next();
          if (page === null) break;
          await this.visit(page);
          const { pages } = tally;
          onProgress?.({ pages, waiting: frontier.waiting, items: this.found.size, url: page.url });
          // Items first: a crawl that breaks off between the two reads their pages again.
          if (this.found.size >= BATCH_ITEMS) await this.write();
          if (this.found.size === 0) await frontier.flush();
          signal?.throwIfAborted();
        }
      } finally {
        await this.write();
        await frontier.flush(1);
      }
    }
    const vanished = await withdrawItems(this.store, frontier.vanishedItems());
    await frontier.finish();
    const { failed, items } = this;
    const { trapped, isResumed, waiting } = frontier;
    const disallowed = this.closed.size;
    return { ...tally, failed, disallowed, trapped, isCutShort: waiting > 0, isResumed, items, vanished };
  }

  /** @returns whether the site may be crawled: a robots.txt that cannot be had for an error of the server closes all (RFC 9309) */
  private async readRobots(): Promise<boolean> {
    const url = new URL('/robots.txt', this.start);
    const answer = await this.get(url);
    if (answer.kind === 'PAGE') {
      const text = answer.body.subarray(0, MAX_ROBOTS).toString();
      this.robots = robotsParser(url.href, text);
    }
    const isOpen =
      answer.kind === 'PAGE' || (answer.kind === 'FAILED' && answer.status >= 400 && answer.status < 500);
    if (!isOpen) {
      this.tally.pages++;
      this.failed.push({ url: url.href, reason: answer.kind === 'FAILED' ? answer.reason : 'answered 304' });
    }
    return isOpen;
  }

  private async visit(page: CrawledPageRow): Promise<void> {
    const url = new URL(page.url);
    // What robots.txt closed since it was found is left alone.
    if (!this.isAllowed(url)) return;
    const answer = await this.get(url, page);
    const { tally, frontier } = this;
    if (answer.kind === 'FAILED' && answer.retryAfterMs !== null && this.mayRetry(page)) {
      this.slowdownMs = Math.max(2 * this.slowdownMs, answer.retryAfterMs, this.options.delayMs ?? 500);
      frontier.postpone(page);
      return;
    }
    tally.pages++;
    this.slowdownMs = answer.kind === 'FAILED' ? this.slowdownMs : this.slowdownMs / 2;
    if (answer.kind === 'UNCHANGED') {
      tally.unchanged++;
      frontier.settle(page, { state: 'READ', failures: 0 });
    } else if (answer.kind === 'PAGE') this.read(page, answer);
    else if (answer.status === 404 || answer.status === 410) {
      tally.gone++;
      frontier.settle(page, {
        state: 'GONE',
        itemIds: [],
        etag: null,
        lastModified: null,
        contentHash: null,
      });
    } else {
      this.failed.push({ url: page.url, reason: answer.reason });
      frontier.settle(page, { state: 'FAILED', failures: page.failures + 1 });
    }
  }

  private read(page: CrawledPageRow, answer: FetchedPage & { kind: 'PAGE' }): void {
    const contentHash = createHash('sha256').update(answer.body).digest('base64url');
    const facts = {
      state: 'READ',
      etag: answer.etag,
      lastModified: answer.lastModified,
      contentHash,
      failures: 0,
    } as const;
    if (contentHash === page.contentHash) {
      this.tally.unchanged++;
      this.frontier.settle(page, facts);
      return;
    }
    this.tally.read++;
    if (!/html/i.test(answer.contentType)) {
      this.frontier.settle(page, { ...facts, itemIds: [] });
      return;
    }
    const { items, links } = extractPage(
      answer.body,
      new URL(answer.url),
      answer.contentType,
      answer.robotsTag,
    );
    for (const item of items) this.found.set(item.id, item);
    for (const link of links) this.add(link, page.depth + 1);
    this.frontier.settle(page, { ...facts, itemIds: items.map(({ id }) => id) });
  }

  private mayRetry(page: CrawledPageRow): boolean {
    const tries = (this.tries.get(page.url) ?? 0) + 1;
    this.tries.set(page.url, tries);
    return tries < MAX_TRIES;
  }

  private async readSitemaps(first: readonly string[]): Promise<void> {
    const waiting = [...new Set(first)];
    for (let at = 0; at < waiting.length && at < MAX_SITEMAPS; at++) {
      if (!URL.canParse(waiting[at]) || new URL(waiting[at]).host !== this.start.host) continue;
      const answer = await this.get(new URL(waiting[at]));
      if (answer.kind !== 'PAGE') continue; // most shops have no /sitemap.xml: links are enough
      const { pages, sitemaps } = parseSitemap(answer.body);
      for (const page of pages) if (URL.canParse(page)) this.add(new URL(page), 1, true);
      for (const sitemap of sitemaps) if (!waiting.includes(sitemap)) waiting.push(sitemap);
    }
  }

  /** Puts an address of this host in the queue, once. */
  private add(url: URL, depth: number, isKnownGood = false): void {
    if (url.host !== this.start.host) return;
    if (this.isAllowed(url)) this.frontier.add(url, depth, isKnownGood);
    else if (this.closed.size < 100_000) this.closed.add(url.href);
  }

  private isAllowed(url: URL): boolean {
    return this.robots.isAllowed(url.href, USER_AGENT) !== false;
  }

  private async get(url: URL, known?: CrawledPageRow): Promise<FetchedPage> {
    const { delayMs = 500, signal } = this.options;
    const asked = (this.robots.getCrawlDelay(USER_AGENT) ?? 0) * 1000;
    const delay = Math.min(Math.max(delayMs, asked, this.slowdownMs), MAX_DELAY_MS);
    const pause = this.lastRequest + delay - performance.now();
    if (this.lastRequest > 0 && pause > 0) await wait(pause, undefined, { signal });
    signal?.throwIfAborted();
    this.lastRequest = performance.now();
    const mayFollow = (target: URL) => target.host === this.start.host && this.isAllowed(target);
    const validators =
      known?.state === 'READ' ? { etag: known.etag, lastModified: known.lastModified } : undefined;
    return this.fetcher.fetch(url, mayFollow, { signal, validators });
  }

  private async write(): Promise<void> {
    if (this.found.size === 0) return;
    const { accepted, duplicates, rejected } = await this.store.upsertItems([...this.found.values()]);
    this.items.accepted += accepted;
    this.items.duplicates += duplicates;
    this.items.rejected += rejected;
    this.found.clear();
  }
}
