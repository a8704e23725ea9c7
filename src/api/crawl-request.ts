import type { CrawlRequest } from '../jobs/index.js';
import { checkPublicAddress } from '../pipeline/collect/index.js';
import { requireAddress } from './import-request.js';
import { given, requireBetween } from './inputs/checks.js';
import type { StartCrawlInput } from './inputs/import.input.js';
import type { Services } from './services.js';

/** @throws AppError BAD_USER_INPUT for an address or limits that no crawl takes */
export function toCrawlRequest({ config }: Services, input: StartCrawlInput): CrawlRequest {
  const { maxPages, maxDepth, delayMs } = given<StartCrawlInput>(input);
  if (maxPages !== undefined) requireBetween('maxPages', maxPages, 1, 100_000);
  if (maxDepth !== undefined) requireBetween('maxDepth', maxDepth, 0, 1_000);
  if (delayMs !== undefined) requireBetween('delayMs', delayMs, 100, 600_000);
  const url = requireAddress('url', input.url);
  checkPublicAddress(new URL(url), config.arePrivateSourcesOn ?? false);
  return { url, maxPages, maxDepth, delayMs };
}
