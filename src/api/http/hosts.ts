/** Who may talk to a server through a browser. */
import type { IncomingMessage } from 'node:http';

const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Apollo's explorer in the browser, which reads the schema by introspection. */
export const STUDIO_ORIGIN = 'https://studio.apollographql.com';

/** Whether a request is addressed to this machine by a name of its own: a name of somebody's that points here is not one. */
export function isLocalHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  return LOCAL_HOSTS.has(host.replace(/:\d+$/, '').toLowerCase());
}

/** Whether the page that asks comes from the host it asks (no page at all is fine too). */
export function isSameOrigin(request: IncomingMessage): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false; // such as "null", of a page without an origin
  }
}
