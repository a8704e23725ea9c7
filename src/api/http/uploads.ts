import type { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';

import { AppError } from '../../errors.js';
import { Uploads } from '../../pipeline/collect/index.js';
import type { Principal } from '../../store/index.js';
import { requireRole } from '../auth.js';
import type { Services } from '../services.js';
import { requireDataType } from './data-type.js';

/**
 * POST /uploads?name=…: keeps a file for an import by mutation, and says how it is called there. It lies in the data folder until it is
 * imported, a week at most.
 */
export async function serveUploads(
  app: FastifyInstance,
  services: Services,
  authenticate: (authorization: string | undefined) => Promise<Principal>,
): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post<{ Querystring: Record<string, string> }>('/uploads', async (request) => {
      const principal = await authenticate(request.headers.authorization);
      requireRole(principal, ['INGEST'], '/uploads');
      requireDataType(request.headers['content-type']);
      const unknown = Object.keys(request.query).filter((name) => name !== 'name');
      if (unknown.length > 0)
        throw new AppError('BAD_USER_INPUT', `There is no parameter ${unknown.join(', ')}; there is name.`);
      const name = (request.query.name ?? 'upload').slice(0, 200);
      const uploads = new Uploads(services.config.dataDir);
      const { id, bytes, name: kept } = await uploads.keep(principal.shopKey, name, request.body as Readable);
      return { id, name: kept, bytes };
    });
    done();
  });
}
