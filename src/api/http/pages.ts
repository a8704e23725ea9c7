import { readFile } from 'node:fs/promises';
import { extname, join, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { AppError } from '../../errors.js';
import { PROJECT_ROOT } from '../../root.js';

/** Built by `npm run build`; everything that the pages load lies here, so that they work offline. */
export const PAGES_DIRECTORY = join(PROJECT_ROOT, 'src', 'dashboard', 'dist');

const NOT_BUILT =
  'The pages are not there yet: npm start builds them in its first seconds, and this page looks again by itself. The API itself answers at /graphql.';
const LOOK_AGAIN_SECONDS = 2;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ttf': 'font/ttf',
  '.woff2': 'font/woff2',
};
const COMPRESSIBLE = new Set(['.html', '.js', '.css', '.json', '.svg', '.ttf']);

/** Nothing from another host and no inline script; Monaco and React set styles while they run. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: https:",
  "font-src 'self' data:",
  "connect-src 'self' ws: wss:",
  "object-src 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface StaticFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** null for what gzip does not make smaller. */
  readonly gzipped: Buffer | null;
}

/** GET / (dashboard), /explorer and what the two load. */
export function servePages(app: FastifyInstance, directory = PAGES_DIRECTORY): void {
  const root = resolve(directory);
  // Names of assets hold a hash of what is in them, so what was read once stays right while the process runs.
  const assets = new Map<string, Promise<StaticFile | null>>();

  const sendPage = async (
    request: FastifyRequest,
    reply: FastifyReply,
    name: string,
  ): Promise<FastifyReply> => {
    const file = await readStatic(root, name);
    if (!file) {
      void reply.code(503).header('refresh', LOOK_AGAIN_SECONDS).header('retry-after', LOOK_AGAIN_SECONDS);
      return reply.type('text/plain; charset=utf-8').send(NOT_BUILT);
    }
    void reply
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache');
    return sendFile(request, reply, file);
  };
  const pages: Readonly<Record<string, string>> = {
    '/': 'index.html',
    '/explorer': 'explorer/index.html',
    '/explorer/': 'explorer/index.html',
    '/icon.svg': 'icon.svg',
  };
  for (const [path, name] of Object.entries(pages)) {
    app.get(path, (request, reply) => sendPage(request, reply, name));
  }

  app.get<{ Params: { '*': string } }>('/assets/*', async (request, reply) => {
    const name = join('assets', request.params['*']);
    const read = assets.get(name) ?? readStatic(root, name);
    const file = await read;
    if (!file) throw new AppError('NOT_FOUND', `There is nothing at ${request.url}.`);
    assets.set(name, read);
    void reply.header('cache-control', 'public, max-age=31536000, immutable');
    return sendFile(request, reply, file);
  });
}

const compress = promisify(gzip);

/** null for what is not there, or lies outside the folder. */
async function readStatic(root: string, name: string): Promise<StaticFile | null> {
  const path = resolve(root, name);
  if (!path.startsWith(root + sep) || path.includes('\0')) return null;
  try {
    const bytes = await readFile(path);
    const extension = extname(path);
    const gzipped = COMPRESSIBLE.has(extension) ? await compress(bytes) : null;
    return { type: TYPES[extension] ?? 'application/octet-stream', bytes, gzipped };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null;
    throw thrown;
  }
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: StaticFile): FastifyReply {
  void reply.type(file.type).header('x-content-type-options', 'nosniff').header('vary', 'accept-encoding');
  const isGzip = file.gzipped !== null && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  return isGzip ? reply.header('content-encoding', 'gzip').send(file.gzipped) : reply.send(file.bytes);
}
