/** The target of the link with `rel="next"` (RFC 8288); null when there is none. */
export function nextLink(header: string | undefined): string | null {
  for (const [, target, parameters] of (header ?? '').matchAll(/<([^>]*)>([^<]*)/g)) {
    const relations = /;\s*rel\s*=\s*"?([^";,]+)"?/i.exec(parameters)?.[1] ?? '';
    if (relations.split(/\s+/).some((relation) => relation.toLowerCase() === 'next')) return target;
  }
  return null;
}
