/** What pulls and crawls work on, as people call it; two of one subject never run at once. */
import type { ConnectionRow } from '../../store/index.js';
import type { CrawlRequest } from './contract.js';

export const pullSubject = ({ source, url }: Pick<ConnectionRow, 'source' | 'url'>): string =>
  `${source} ${url}`;
export const crawlSubject = ({ url }: Pick<CrawlRequest, 'url'>): string => new URL(url).origin;
