import { type WriteCounts } from '../row-buffer.js';

export interface CrawlOptions {
  /** Default 1,000. */
  readonly maxPages?: number;
  /** Pause between two requests, milliseconds; robots.txt may ask for more. Default 500. */
  readonly delayMs?: number;
  /** Largest page, bytes. Default 5 MiB. */
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /** Lets the catalogue lie at a private address, such as localhost. */
  readonly allowPrivate?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { pages: number; waiting: number; items: number; url: string }) => void;
}

export interface CrawlReport {
  /** Pages asked for = read + failed. */
  readonly pages: number;
  readonly failed: { readonly url: string; readonly reason: string }[];
  /** Addresses that robots.txt closes. */
  readonly disallowed: number;
  /** Whether addresses were left when `maxPages` was reached. */
  readonly isCutShort: boolean;
  readonly items: WriteCounts;
}
