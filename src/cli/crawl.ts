import type { Command } from 'commander';

import { crawlCatalogue } from '../pipeline/collect/index.js';
import { defineCommand, globalOptions, wholeNumber, withShop } from './command.js';
import { createProgressBar, printResult } from './output.js';

interface CrawlFlags {
  readonly maxPages: number;
  readonly maxDepth: number;
  readonly delay: number;
  readonly allowPrivate?: boolean;
}

/** `crawl <url>`: reads a shop's catalogue from its web pages. */
export function addCrawlCommand(program: Command): void {
  const command = defineCommand(program, 'crawl <url>', "read a shop's catalogue from its web pages")
    .option('--max-pages <number>', 'pages to read at most', wholeNumber(1, 1_000_000), 1000)
    .option('--delay <ms>', 'pause between two requests, milliseconds', wholeNumber(0, 600_000), 500)
    .option('--max-depth <number>', 'links from the start that are followed', wholeNumber(0, 1_000), 20)
    .option('--allow-private', 'let the address lie in a private network, such as localhost');
  command.action(async (url: string) => {
    const options = globalOptions(command);
    const { maxPages, maxDepth, delay, allowPrivate } = command.opts<CrawlFlags>();
    const bar = createProgressBar('Crawl', options);
    const report = await withShop(options, (shop) =>
      crawlCatalogue(shop, url, {
        maxPages,
        maxDepth,
        delayMs: delay,
        allowPrivate,
        onProgress: ({ pages, waiting, items }) =>
          bar.update(pages / Math.min(maxPages, pages + waiting), `${pages} pages, ${items} items`),
      }),
    ).finally(() => bar.stop());
    const failed = report.failed.slice(0, 10).map(({ url: address, reason }) => `  ${address}: ${reason}`);
    printResult(
      options,
      report,
      [
        `${report.pages} pages = ${report.read} read + ${report.unchanged} unchanged + ${report.gone} gone + ${report.failed.length} failed${report.isResumed ? ' (went on where the last crawl stopped)' : ''}`,
        `${report.items.accepted} items new or changed, ${report.items.duplicates} as they were, ${report.items.rejected} not storable, ${report.vanished} vanished; ${report.disallowed} addresses closed by robots.txt, ${report.trapped} left out as traps`,
        ...(report.isCutShort ? ['There is more: crawl again to go on, or raise --max-pages.'] : []),
        ...(failed.length > 0 ? ['Failed, the first:', ...failed] : []),
        ...(report.failed.some(({ reason }) => /(private|no public) address/.test(reason))
          ? ['--allow-private lets the catalogue lie in a private network.']
          : []),
      ].join('\n'),
    );
  });
}
