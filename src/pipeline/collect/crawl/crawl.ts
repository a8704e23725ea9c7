import { setTimeout as wait } from 'node:timers/promises';

import robotsModule from 'robots-parser';

import { type ItemWrite, type ShopStore } from '../../../store/index.js';
import { type WriteCounts } from '../row-buffer.js';
import { type CrawlOptions, type CrawlReport } from './crawl-report.js';
import { extractPage } from './extract-products.js';
import { SafeFetcher } from './safe-fetch.js';
import { parseSitemap } from './sitemap.js';

// The package is CommonJS and exports its function; its types say `export default`.
const robotsParser = robotsModule as unknown as typeof robotsModule.default;

const USER_AGENT = 'TandemCatalogue/1';
/** The longest pause that a robots.txt can ask for. */
const MAX_DELAY_MS = 30_000;
const MAX_SITEMAPS = 200;
/** Addresses that are remembered; endless calendars and filters must not fill the memory. */
const MAX_KNOWN = 200_000;
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
    return await new Crawl(store, start, fetcher, options).run();
  } finally {
    await fetcher.close();
  }
}

class Crawl {
  private readonly queue: URL[] = [];
  private readonly known = new Set<string>();
  private readonly failed: { url: string; reason: string }[] = [];
  private readonly found = new Map<string, ItemWrite>();
  private readonly items: WriteCounts = { accepted: 0, duplicates: 0, rejected: 0 };
  private pages = 0;
  private disallowed = 0;
  private lastRequest = 0;
  private robots = robotsParser('', '');

  constructor(
    private readonly store: ShopStore,
    private readonly start: URL,
    private readonly fetcher: SafeFetcher,
    private readonly options: CrawlOptions,
  ) {}

  async run(): Promise<CrawlReport> {
    const { maxPages = 1_000, onProgress } = this.options;
    const robotsUrl = new URL('/robots.txt', this.start);
    const answer = await this.get(robotsUrl);
    if (answer.kind === 'PAGE') this.robots = robotsParser(robotsUrl.href, answer.body.toString());
    this.add(this.start);
    await this.readSitemaps([new URL('/sitemap.xml', this.start).href, ...this.robots.getSitemaps()]);
    while (this.queue.length > 0 && this.pages < maxPages) {
      const url = this.queue.shift()!;
      await this.visit(url);
      onProgress?.({ pages: this.pages, waiting: this.queue.length, items: this.found.size, url: url.href });
      if (this.found.size >= BATCH_ITEMS) await this.write();
    }
    await this.write();
    const { pages, failed, disallowed, items } = this;
    return { pages, failed, disallowed, isCutShort: this.queue.length > 0, items };
  }

  private async visit(url: URL): Promise<void> {
    this.pages++;
    const page = await this.get(url);
    if (page.kind === 'FAILED') {
      this.failed.push({ url: url.href, reason: page.reason });
      return;
    }
    if (!/html/i.test(page.contentType)) return;
    const { items, links } = extractPage(page.body.toString(), new URL(page.url));
    for (const item of items) this.found.set(item.id, item);
    for (const link of links) this.add(link);
  }

  private async readSitemaps(first: readonly string[]): Promise<void> {
    const waiting = [...new Set(first)];
    for (let at = 0; at < waiting.length && at < MAX_SITEMAPS; at++) {
      if (!URL.canParse(waiting[at]) || new URL(waiting[at]).host !== this.start.host) continue;
      const answer = await this.get(new URL(waiting[at]));
      if (answer.kind === 'FAILED') continue; // most shops have no /sitemap.xml: links are enough
      const { pages, sitemaps } = parseSitemap(answer.body);
      for (const page of pages) if (URL.canParse(page)) this.add(new URL(page));
      for (const sitemap of sitemaps) if (!waiting.includes(sitemap)) waiting.push(sitemap);
    }
  }

  /** Puts an address of this host in the queue, once. */
  private add(url: URL): void {
    if (url.host !== this.start.host || this.known.has(url.href) || this.known.size >= MAX_KNOWN) return;
    this.known.add(url.href);
    if (this.robots.isAllowed(url.href, USER_AGENT) === false) this.disallowed++;
    else this.queue.push(url);
  }

  private async get(url: URL) {
    const { delayMs = 500, signal } = this.options;
    const asked = (this.robots.getCrawlDelay(USER_AGENT) ?? 0) * 1000;
    const pause = this.lastRequest + Math.min(Math.max(delayMs, asked), MAX_DELAY_MS) - performance.now();
    if (this.lastRequest > 0 && pause > 0) await wait(pause, undefined, { signal });
    signal?.throwIfAborted();
    this.lastRequest = performance.now();
    const mayFollow = (target: URL) =>
      target.host === this.start.host && this.robots.isAllowed(target.href, USER_AGENT) !== false;
    return this.fetcher.fetch(url, mayFollow, signal);
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
