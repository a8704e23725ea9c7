import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { FastifyInstance } from 'fastify';

import { AppError } from '../../errors.js';
import {
  DATE_ORDERS,
  type FileReport,
  importFiles,
  type ImportOptions,
  parseMapping,
  parseRates,
  RECORD_KINDS,
} from '../../pipeline/collect/index.js';
import type { Principal } from '../../store/index.js';
import { requireRole } from '../auth.js';
import type { Metrics } from '../metrics.js';
import type { Services } from '../services.js';

/** Bytes of one upload: it lies on the disk until it is read. Larger files are brought in by the command line. */
const MAX_UPLOAD_BYTES = 2 * 1024 ** 3;
const FORM_TYPES = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'];
const PARAMETERS = [
  'name',
  'layout',
  'kind',
  'map',
  'currency',
  'rates',
  'timeZone',
  'dateOrder',
  'keepBots',
] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], string>>;

/**
 * POST /ingest/file: a whole file of any layout that `tandem import` knows, told from its contents or by `?layout=`; answered with the
 * report. The file is kept on the disk while it is read: Parquet is read from its end, and bots are looked for before a row is written.
 */
export async function serveImportUpload(
  app: FastifyInstance,
  services: Services,
  metrics: Metrics,
  authenticate: (authorization: string | undefined) => Promise<Principal>,
): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, parsed) => parsed(null, payload));
    scope.post<{ Querystring: Record<string, string> }>(
      '/ingest/file',
      async (request): Promise<FileReport> => {
        const principal = await authenticate(request.headers.authorization);
        requireRole(principal, ['INGEST'], '/ingest/file');
        const contentType = request.headers['content-type'];
        // What a page of another site could send without asking is never a file.
        if (!contentType || FORM_TYPES.some((type) => contentType.toLowerCase().startsWith(type)))
          throw new AppError(
            'BAD_USER_INPUT',
            'Content-Type must name the file’s kind, such as text/csv or application/octet-stream.',
          );
        const options = optionsOf(request.query);
        const shop = await services.store.forShop(principal.shopKey);
        const directory = await mkdtemp(join(tmpdir(), 'tandem-upload-'));
        try {
          const path = join(directory, 'file');
          await pipeline(request.body as Readable, limited(), createWriteStream(path));
          const [report] = (await importFiles(shop, [path], options)).files;
          services.clocks.forget(shop);
          metrics.ingested('file', report.kept, report.rejected);
          return report;
        } finally {
          await rm(directory, { recursive: true, force: true });
        }
      },
    );
    done();
  });
}

/** @throws AppError BAD_USER_INPUT for a parameter that is unknown or wrong */
function optionsOf(query: Readonly<Record<string, string>>): ImportOptions {
  const unknown = Object.keys(query).filter((name) => !PARAMETERS.includes(name as keyof Parameters));
  if (unknown.length > 0)
    throw new AppError(
      'BAD_USER_INPUT',
      `There is no parameter ${unknown.join(', ')}; there are ${PARAMETERS.join(', ')}.`,
    );
  const {
    name = 'upload',
    layout,
    kind,
    map,
    currency,
    rates,
    timeZone,
    dateOrder,
    keepBots,
  } = query as Parameters;
  return {
    name,
    layout,
    kind: oneOf('kind', RECORD_KINDS, kind),
    mapping: map === undefined ? undefined : parseMapping(map),
    currency,
    rates: rates === undefined ? undefined : parseRates(rates),
    timeZone,
    dateOrder: oneOf('dateOrder', DATE_ORDERS, dateOrder),
    leavesBotsOut: keepBots !== 'true',
  };
}

function oneOf<Name extends string>(what: string, names: readonly Name[], text?: string): Name | undefined {
  if (text === undefined) return undefined;
  const found = names.find((name) => name === text.toUpperCase());
  if (found !== undefined) return found;
  throw new AppError('BAD_USER_INPUT', `${what} must be one of ${names.join(', ')}; it is ${text}.`);
}

function limited(): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, passOn) {
      bytes += chunk.length;
      if (bytes <= MAX_UPLOAD_BYTES) return passOn(null, chunk);
      const message = `A file may have at most ${MAX_UPLOAD_BYTES} bytes; tandem import takes any size.`;
      passOn(new AppError('LIMIT_EXCEEDED', message, { limit: MAX_UPLOAD_BYTES }));
    },
  });
}
