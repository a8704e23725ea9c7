import { type CheerioAPI } from 'cheerio';

import { textOf } from '../values.js';

/** A schema.org node, from JSON-LD or microdata alike: properties are texts, nodes, or lists of these. */
export type ProductNode = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 6;
const MAX_NODES = 2_000;

/** Products and breadcrumbs in a page's JSON-LD; broken blocks are passed over. */
export function jsonLdNodes($: CheerioAPI): { products: ProductNode[]; breadcrumbs: ProductNode[] } {
  const found = { products: [] as ProductNode[], breadcrumbs: [] as ProductNode[] };
  $('script[type="application/ld+json" i]').each((_, element) => {
    const parsed = parseLoosely($(element).text());
    if (parsed !== undefined) collect(parsed, found, 0);
  });
  return found;
}

/** JSON as shops really write it: within comments or CDATA, with a comma too many or raw line ends in texts. */
function parseLoosely(text: string): unknown {
  const bare = text
    .replace(/^\s*(<!--|\/\*)?\s*(<!\[CDATA\[)?\s*(\*\/)?/, '')
    .replace(/(\/\*)?\s*(\]\]>)?\s*(\*\/|-->)?\s*;?\s*$/, '');
  // eslint-disable-next-line no-control-regex -- raw line ends and tabs are what is looked for
  const mended = bare.replace(/[\u0000-\u001f]+/g, ' ').replace(/,\s*([}\]])/g, '$1');
  for (const candidate of [text, bare, mended]) {
    try {
      return JSON.parse(candidate) as unknown;
    } catch {
      // The next form may do; a block that none fits says nothing, and the page may have others.
    }
  }
  return undefined;
}

function collect(
  value: unknown,
  found: { products: ProductNode[]; breadcrumbs: ProductNode[] },
  depth: number,
): void {
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null || found.products.length >= MAX_NODES)
    return;
  if (Array.isArray(value)) {
    for (const part of value) collect(part, found, depth + 1);
    return;
  }
  const node = value as ProductNode;
  const types = typesOf(node['@type']);
  if (types.includes('Product') || types.includes('ProductGroup')) found.products.push(node);
  else if (types.includes('BreadcrumbList')) found.breadcrumbs.push(node);
  else
    for (const key of ['@graph', 'mainEntity', 'itemListElement', 'item'])
      collect(node[key], found, depth + 1);
}

export function typesOf(type: unknown): string[] {
  return [type].flat().map((name) => textOf(name).replace(/^https?:\/\/schema\.org\//, ''));
}

/** Products in a page's microdata (HTML, section 5): `itemscope`, `itemtype`, `itemprop`. */
export function microdataProducts($: CheerioAPI): ProductNode[] {
  return $('[itemscope][itemtype*="schema.org/Product" i]')
    .toArray()
    .slice(0, MAX_NODES)
    .map((element) => microdataNode($, element, 0));
}

function microdataNode($: CheerioAPI, scope: Parameters<CheerioAPI>[0], depth: number): ProductNode {
  const node: Record<string, unknown> = {};
  const own = $(scope)
    .find('[itemprop]')
    .toArray()
    .filter((element) => $(element).parent().closest('[itemscope]').is($(scope)));
  for (const element of own.slice(0, MAX_NODES)) {
    const value = $(element).is('[itemscope]')
      ? depth < MAX_DEPTH
        ? microdataNode($, element, depth + 1)
        : undefined
      : microdataValue($, element);
    for (const name of ($(element).attr('itemprop') ?? '').split(/\s+/)) {
      if (name === '' || value === undefined) continue;
      node[name] = node[name] === undefined ? value : [node[name], value].flat();
    }
  }
  return node;
}

function microdataValue($: CheerioAPI, element: Parameters<CheerioAPI>[0]): string {
  const of = (name: string) => $(element).attr(name);
  return (
    of('content') ??
    of('src') ??
    of('href') ??
    of('data') ??
    of('value') ??
    of('datetime') ??
    $(element).text()
  ).trim();
}
