import { AppError } from '../../../errors.js';
import { type ShopStore } from '../../../store/index.js';
import { type CrawlOptions, type CrawlReport } from './crawl-report.js';

/**
 * Reads a shop's catalogue from its web pages into items: starts from the sitemaps and the given page, follows links on the same host,
 * honours robots.txt, one request at a time. What is known of its pages is kept: a crawl that is broken off goes on where it was, and the
 * next one reads only pages that changed; items that no page describes any longer are marked as not available.
 *
 * @throws AppError BAD_USER_INPUT for an address that is none; `signal.reason` when aborted
 */
export async function crawlCatalogue(
  store: ShopStore,
  start: string,
  options: CrawlOptions = {},
): Promise<CrawlReport> {
  if (!URL.canParse(start) || !/^https?:$/.test(new URL(start).protocol)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `Expected the address of a web page, such as https://shop.example/; got ${start}.`,
    );
  }
  // Parsers of HTML and XML take their time to load; whoever only reads histories need not wait for them.
  const { runCrawl } = await import('./crawl.js');
  return runCrawl(store, new URL(start), options);
}
