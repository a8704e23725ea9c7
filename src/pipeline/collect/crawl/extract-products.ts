import { type CheerioAPI, loadBuffer } from 'cheerio';

import { type ItemWrite, type JsonObject } from '../../../store/index.js';
import { currencyFrom, decimalString, moneyFrom, textOf } from '../values.js';
import { jsonLdNodes, microdataProducts, type ProductNode } from './product-data.js';

/** What a page holds for a crawler. */
export interface PageContents {
  readonly items: ItemWrite[];
  readonly links: URL[];
}

const MAX_TITLE = 2_000;
const MAX_ID = 256;
const MAX_URL = 2_000;
const MAX_LINKS = 5_000;
const AVAILABLE =
  /(InStock|InStoreOnly|LimitedAvailability|OnlineOnly|PreOrder|PreSale|BackOrder|MadeToOrder)$/i;

/**
 * Products and links of a page. Products are read from JSON-LD (schema.org Product, also within @graph or a list), else from microdata,
 * else from OpenGraph; broken blocks are passed over. The encoding is the one that the header or the page itself names.
 *
 * @param robotsTag the header X-Robots-Tag; `nofollow` in it or in the page leaves the links out
 */
export function extractPage(html: Buffer, pageUrl: URL, contentType = '', robotsTag = ''): PageContents {
  const charset = /charset\s*=\s*"?([\w-]+)/i.exec(contentType)?.[1];
  const $ = loadBuffer(html, { encoding: { transportLayerEncodingLabel: charset } });
  const base = resolve($('base[href]').attr('href'), pageUrl) ?? pageUrl;
  const canonical = resolve($('link[rel="canonical"]').attr('href'), base) ?? pageUrl;
  const { products, breadcrumbs } = jsonLdNodes($);
  const trail = breadcrumbTrail(breadcrumbs);
  const read = (nodes: readonly ProductNode[]) =>
    nodes.flatMap((node) => productItem(node, canonical, base, nodes.length === 1 ? trail : []) ?? []);
  let items = read(products);
  if (items.length === 0) items = read(microdataProducts($));
  if (items.length === 0) items = [openGraphItem($, canonical, base)].filter((item) => item !== null);
  items = items.map(storable);
  const isNofollow = /nofollow|none/i.test(
    `${$('meta[name="robots" i]').attr('content') ?? ''} ${robotsTag}`,
  );
  const links = isNofollow
    ? []
    : $('a[href]')
        .toArray()
        .filter((element) => !/nofollow/i.test($(element).attr('rel') ?? ''))
        .slice(0, MAX_LINKS)
        .flatMap((element) => resolve($(element).attr('href'), base) ?? []);
  return { items, links };
}

/** The item without what the store cannot hold: one odd character or an address without end must not cost the item. */
function storable(item: ItemWrite): ItemWrite {
  const title = storableText(item.title);
  return {
    ...item,
    id: storableText(item.id),
    title: title === '' ? item.id : title,
    category: item.category?.map((part) => storableText(part).slice(0, MAX_ID)).filter((part) => part !== ''),
    imageUrl: (item.imageUrl ?? '').length > MAX_URL ? null : item.imageUrl,
    ...(item.attributes && {
      attributes: JSON.parse(
        JSON.stringify(item.attributes, (_, value: unknown) =>
          typeof value === 'string' ? storableText(value).slice(0, MAX_URL) : value,
        ),
      ) as JsonObject,
    }),
  };
}

/** PostgreSQL holds no zero characters and no halves of surrogate pairs. */
function storableText(text: string): string {
  // eslint-disable-next-line no-control-regex -- the zero character is what is looked for
  return text.replace(/\u0000|\p{Surrogate}/gu, '').trim();
}

/** Names on the way from the home page to the product, without these two. */
function breadcrumbTrail(breadcrumbs: readonly ProductNode[]): string[] {
  const elements = [breadcrumbs[0]?.itemListElement].flat();
  const names = elements.map((element) => {
    const node = firstNode(element);
    return textOf(node?.name) || textOf(firstNode(node?.item)?.name);
  });
  return names
    .filter((name) => name !== '')
    .slice(1, -1)
    .map((name) => name.slice(0, MAX_ID));
}

function productItem(node: ProductNode, page: URL, base: URL, trail: readonly string[]): ItemWrite | null {
  const title = textOf(node.name).slice(0, MAX_TITLE);
  const id = (textOf(node.sku) || textOf(node.productID) || page.pathname).slice(0, MAX_ID);
  if (title === '') return null;
  const direct = [
    ...nodesOf(node.offers),
    ...nodesOf(node.hasVariant).flatMap((variant) => nodesOf(variant.offers)),
  ];
  // An AggregateOffer may hold the offers that it sums up.
  const offers = direct.flatMap((offer) => [offer, ...nodesOf(offer.offers)]);
  const priced = offers.map((offer) => ({ offer, ...priceOf(offer) })).filter(({ amount }) => amount >= 0);
  const best = priced.sort((a, b) => a.amount - b.amount).at(0);
  const availabilities = offers.map((offer) => textOf(offer.availability)).filter((text) => text !== '');
  const image = firstNode(node.image)?.url ?? [node.image].flat()[0];
  const brand = textOf(firstNode(node.brand)?.name ?? node.brand);
  const attributes: JsonObject = { url: page.href, ...(brand === '' ? {} : { brand }) };
  return {
    id,
    title,
    category: categoryOf(node.category, trail),
    price: best === undefined ? null : decimalString(best.amount),
    currency: best?.currency ?? null,
    available: availabilities.length === 0 || availabilities.some((text) => AVAILABLE.test(text)),
    imageUrl: resolve(textOf(image) || undefined, base)?.href ?? null,
    attributes,
  };
}

function priceOf(offer: ProductNode): { amount: number; currency: string | null } {
  const specification = firstNode(offer.priceSpecification);
  const money = moneyFrom(offer.price ?? offer.lowPrice ?? specification?.price);
  const named = currencyFrom(textOf(offer.priceCurrency ?? specification?.priceCurrency));
  return { amount: money.amount, currency: named ?? money.currency };
}

/** A text with separators, a name or names; where there is none, the way that the breadcrumbs lead. */
function categoryOf(value: unknown, trail: readonly string[]): string[] {
  const text =
    textOf(firstNode(value)?.name) ||
    [value].flat().map((part) => (typeof part === 'string' ? part : ''))[0] ||
    '';
  const parts = text
    .split(/\s*[>/|]\s*/)
    .map((part) => part.trim().slice(0, MAX_ID))
    .filter((part) => part !== '');
  return parts.length > 0 ? parts : [...trail];
}

function openGraphItem($: CheerioAPI, page: URL, base: URL): ItemWrite | null {
  const meta = (name: string) => ($(`meta[property="${name}"]`).attr('content') ?? '').trim();
  if (!/product/i.test(meta('og:type')) || meta('og:title') === '') return null;
  const price = moneyFrom(meta('product:price:amount') || meta('og:price:amount')).amount;
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

/** The objects of a list, or the one object. */
function nodesOf(value: unknown): ProductNode[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((entry): entry is ProductNode => typeof entry === 'object' && entry !== null);
}

/** An object, or the first of a list of objects. */
function firstNode(value: unknown): ProductNode | undefined {
  const first: unknown = [value].flat()[0];
  return typeof first === 'object' && first !== null ? (first as ProductNode) : undefined;
}

/** The address without its fragment; null for what is none or is not of the web. */
function resolve(href: string | undefined, base: URL): URL | null {
  if (href === undefined || !URL.canParse(href, base.href)) return null;
  const url = new URL(href, base);
  url.hash = '';
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
}
