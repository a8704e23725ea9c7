/** Parameters that say where a visitor came from; the page is the same without them. */
const TRACKING =
  /^(utm_\w+|gclid|gbraid|wbraid|fbclid|msclkid|dclid|yclid|mc_[ce]id|_ga|_gl|ref|ref_src|igshid|srsltid|sid|session_?id|phpsessid|jsessionid)$/i;
/** What a catalogue's pages do not end in. */
const NO_PAGE =
  /\.(jpe?g|png|gif|webp|avif|svg|ico|css|m?js|json|pdf|zip|gz|tgz|rar|7z|exe|dmg|mp[34]|webm|mov|woff2?|ttf|eot|csv|xlsx?|docx?|pptx?)$/i;
const MAX_LENGTH = 2_000;
const MAX_SEGMENTS = 12;
const MAX_REPEATS = 3;
const MAX_PARAMETERS = 8;

/**
 * The one form of an address: without fragment, tracking parameters and doubled slashes, its parameters in order.
 *
 * @returns null for what no page of a catalogue has: files, very long addresses, paths that repeat themselves as endless ones do
 */
export function normaliseUrl(url: URL): URL | null {
  const normal = new URL(url.href);
  normal.hash = '';
  normal.username = '';
  normal.password = '';
  normal.pathname = normal.pathname.replace(/;jsessionid=[^/]*/i, '').replace(/\/{2,}/g, '/');
  for (const name of [...normal.searchParams.keys()])
    if (TRACKING.test(name)) normal.searchParams.delete(name);
  normal.searchParams.sort();
  if (normal.search === '?') normal.search = '';
  const segments = normal.pathname.split('/').filter((segment) => segment !== '');
  const counts = new Map<string, number>();
  for (const segment of segments) counts.set(segment, (counts.get(segment) ?? 0) + 1);
  const isTrap =
    normal.href.length > MAX_LENGTH ||
    segments.length > MAX_SEGMENTS ||
    [...counts.values()].some((count) => count >= MAX_REPEATS) ||
    [...normal.searchParams.keys()].length > MAX_PARAMETERS ||
    NO_PAGE.test(normal.pathname);
  return isTrap ? null : normal;
}
