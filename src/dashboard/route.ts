/** Where the page is: `#/users/14911?after=x` is page `users`, id `14911`. The server knows only `/`. */
export interface Route {
  readonly page: string;
  readonly id: string | null;
  readonly query: URLSearchParams;
}

/** Reads the part of an address after `#`. */
export function parseRoute(hash: string): Route {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [page = '', ...rest] = path.split('/');
  const id = rest.join('/');
  return {
    page: page || 'overview',
    id: id ? decoded(id) : null,
    query: new URLSearchParams(search),
  };
}

/** Address of a page, for links. */
export function href(page: string, id?: string, query?: Record<string, string>): string {
  const search = query ? `?${new URLSearchParams(query).toString()}` : '';
  return `#/${page}${id === undefined ? '' : `/${encodeURIComponent(id)}`}${search}`;
}

/** An address typed by hand may hold half an escape; it is then taken as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
