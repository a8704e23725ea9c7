import { type WriteCounts } from '../row-buffer.js';

export interface CrawlOptions {
  /** Pages of one run; the next run goes on with those that are left. Default 1,000. */
  readonly maxPages?: number;
  /** Links from the start that are followed. Default 20. */
  readonly maxDepth?: number;
  /** Pause between two requests, milliseconds; robots.txt may ask for more. Default 500. */
  readonly delayMs?: number;
  /** Largest page, bytes. Default 5 MiB. */
  readonly maxBytes?: number;
  /** Milliseconds that a page may take, from the request to its last byte. Default 15,000. */
  readonly timeoutMs?: number;
  /** Lets the catalogue lie at a private address, such as localhost. */
  readonly allowPrivate?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { pages: number; waiting: number; items: number; url: string }) => void;
}

export interface CrawlReport {
  /** Pages asked for = read + unchanged + gone + failed. */
  readonly pages: number;
  readonly read: number;
  /** Said not to have changed (304), or held the same bytes. */
  readonly unchanged: number;
  /** Answered that they are no more (404, 410). */
  readonly gone: number;
  readonly failed: { readonly url: string; readonly reason: string }[];
  /** Addresses that robots.txt closes. */
  readonly disallowed: number;
  /** Addresses left out as traps: endless paths, too many variants of a list, files. */
  readonly trapped: number;
  /** Whether addresses were left when `maxPages` was reached; the next run goes on with them. */
  readonly isCutShort: boolean;
  /** Whether this run went on where one before was broken off. */
  readonly isResumed: boolean;
  readonly items: WriteCounts;
  /** Items that no page describes any longer: marked as not available. */
  readonly vanished: number;
}
