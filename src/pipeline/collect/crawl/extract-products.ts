import { type CheerioAPI, load } from 'cheerio';

import { type ItemWrite, type JsonObject } from '../../../store/index.js';
import { decimalString, numberFrom, textOf } from '../values.js';

/** What a page holds for a crawler. */
export interface PageContents {
  readonly items: ItemWrite[];
  readonly links: URL[];
}

type Node = Readonly<Record<string, unknown>>;

const MAX_TITLE = 2_000;
const MAX_ID = 256;

/**
 * Products and links of a page. Products are read from JSON-LD (schema.org Product, also within @graph or a list), else from
 * OpenGraph; broken blocks are passed over.
 */
export function extractPage(html: string, pageUrl: URL): PageContents {
  const $ = load(html);
  const base = resolve($('base[href]').attr('href'), pageUrl) ?? pageUrl;
  const canonical = resolve($('link[rel="canonical"]').attr('href'), base) ?? pageUrl;
  const found = jsonLdProducts($).flatMap((node) => productItem(node, canonical, base) ?? []);
  const items = found.length > 0 ? found : (openGraphItem($, canonical, base) ?? []);
  const isNofollow = /nofollow/i.test($('meta[name="robots"]').attr('content') ?? '');
  const links = isNofollow
    ? []
    : $('a[href]')
        .toArray()
        .filter((element) => !/nofollow/i.test($(element).attr('rel') ?? ''))
        .flatMap((element) => resolve($(element).attr('href'), base) ?? []);
  return { items: Array.isArray(items) ? items : [items], links };
}

function jsonLdProducts($: CheerioAPI): Node[] {
  const products: Node[] = [];
  $('script[type="application/ld+json"]').each((_, element) => {
    let parsed: unknown;
    try {
      parsed = JSON.parse($(element).text());
    } catch {
      return; // a broken block says nothing; the page may have others
    }
    collectProducts(parsed, products, 0);
  });
  return products;
}

function collectProducts(value: unknown, products: Node[], depth: number): void {
  if (depth > 6 || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const part of value) collectProducts(part, products, depth + 1);
    return;
  }
  const node = value as Node;
  const types = [node['@type']].flat().map((type) => textOf(type).replace(/^https?:\/\/schema\.org\//, ''));
  if (types.includes('Product') || types.includes('ProductGroup')) products.push(node);
  else
    for (const key of ['@graph', 'mainEntity', 'itemListElement', 'item'])
      collectProducts(node[key], products, depth + 1);
}

function productItem(node: Node, page: URL, base: URL): ItemWrite | null {
  const title = textOf(node.name).slice(0, MAX_TITLE);
  const id = (textOf(node.sku) || textOf(node.productID) || page.pathname).slice(0, MAX_ID);
  if (title === '') return null;
  const offer = firstNode(node.offers);
  const price = numberFrom(offer?.price ?? offer?.lowPrice);
  const currency = textOf(offer?.priceCurrency).toUpperCase();
  const availability = textOf(offer?.availability);
  const image = firstNode(node.image)?.url ?? [node.image].flat()[0];
  const brand = textOf(firstNode(node.brand)?.name ?? node.brand);
  const attributes: JsonObject = { url: page.href, ...(brand === '' ? {} : { brand }) };
  return {
    id,
    title,
    category: textOf(node.category)
      .split(/\s*[>/|]\s*/)
      .filter((part) => part !== ''),
    price: price >= 0 ? decimalString(price) : null,
    currency: /^[A-Z]{3}$/.test(currency) ? currency : null,
    available:
      availability === '' ||
      /(InStock|LimitedAvailability|OnlineOnly|PreOrder|PreSale|BackOrder)$/i.test(availability),
    imageUrl: resolve(textOf(image) || undefined, base)?.href ?? null,
    attributes,
  };
}

function openGraphItem($: CheerioAPI, page: URL, base: URL): ItemWrite | null {
  const meta = (name: string) => ($(`meta[property="${name}"]`).attr('content') ?? '').trim();
  if (!/product/i.test(meta('og:type')) || meta('og:title') === '') return null;
  const price = numberFrom(meta('product:price:amount') || meta('og:price:amount'));
  const currency = (meta('product:price:currency') || meta('og:price:currency')).toUpperCase();
  const availability = meta('product:availability') || meta('og:availability');
  return {
    id: (meta('product:retailer_item_id') || page.pathname).slice(0, MAX_ID),
    title: meta('og:title').slice(0, MAX_TITLE),
    category: meta('product:category')
      .split(/\s*>\s*/)
      .filter((part) => part !== ''),
    price: price >= 0 ? decimalString(price) : null,
    currency: /^[A-Z]{3}$/.test(currency) ? currency : null,
    available: !/^(oos|out of stock|discontinued)$/i.test(availability),
    imageUrl: resolve(meta('og:image') || undefined, base)?.href ?? null,
    attributes: { url: page.href },
  };
}

/** An object, or the first of a list of objects. */
function firstNode(value: unknown): Node | undefined {
  const first: unknown = [value].flat()[0];
  return typeof first === 'object' && first !== null ? (first as Node) : undefined;
}

/** The address without its fragment; null for what is none or is not of the web. */
function resolve(href: string | undefined, base: URL): URL | null {
  if (href === undefined || !URL.canParse(href, base.href)) return null;
  const url = new URL(href, base);
  url.hash = '';
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
}
