import type { Readable } from 'node:stream';

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
  Uploads,
} from '../../pipeline/collect/index.js';
import type { Principal } from '../../store/index.js';
import { requireRole } from '../auth.js';
import type { Metrics } from '../metrics.js';
import type { Services } from '../services.js';
import { requireDataType } from './data-type.js';

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
        requireDataType(request.headers['content-type']);
        const options = optionsOf(request.query);
        const shop = await services.store.forShop(principal.shopKey);
        const uploads = new Uploads(services.config.dataDir);
        const { id, path } = await uploads.keep(principal.shopKey, 'upload', request.body as Readable);
        try {
          const [report] = (await importFiles(shop, [path], options)).files;
          services.clocks.forget(shop);
          metrics.ingested('file', report.kept, report.rejected);
          return report;
        } finally {
          await uploads.remove(principal.shopKey, id);
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
