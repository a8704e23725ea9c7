import { gunzipSync } from 'node:zlib';

import { XMLParser } from 'fast-xml-parser';

/** Addresses that a sitemap names: of pages, and of further sitemaps (sitemaps.org, protocol 0.9). */
export interface Sitemap {
  readonly pages: string[];
  readonly sitemaps: string[];
}

/** A sitemap may have 50 MiB unpacked; a packed one that unpacks to more is a bomb. */
const MAX_UNPACKED = 50 * 1024 * 1024;

/** Addresses that one sitemap may name (sitemaps.org); what stands behind them is left out. */
const MAX_ADDRESSES = 50_000;

/** Reads a sitemap, gzip or not; one that cannot be read, or that defines entities of its own, names nothing. */
export function parseSitemap(body: Buffer): Sitemap {
  try {
    const isGzip = body[0] === 0x1f && body[1] === 0x8b;
    const text = (isGzip ? gunzipSync(body, { maxOutputLength: MAX_UNPACKED }) : body).toString();
    // Entities that name each other unfold to gigabytes; no sitemap needs a definition.
    if (/<!(DOCTYPE|ENTITY)/i.test(text)) return { pages: [], sitemaps: [] };
    const parsed = new XMLParser({
      processEntities: true,
      isArray: (name) => name === 'url' || name === 'sitemap',
    }).parse(text) as { urlset?: { url?: Entry[] }; sitemapindex?: { sitemap?: Entry[] } };
    return { pages: locations(parsed.urlset?.url), sitemaps: locations(parsed.sitemapindex?.sitemap) };
  } catch {
    return { pages: [], sitemaps: [] }; // links lead to the pages, too
  }
}

interface Entry {
  readonly loc?: unknown;
}

function locations(entries: readonly Entry[] | undefined): string[] {
  return (entries ?? [])
    .slice(0, MAX_ADDRESSES)
    .flatMap(({ loc }) => (typeof loc === 'string' && loc.trim() !== '' ? [loc.trim()] : []));
}
