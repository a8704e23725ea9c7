/** What each kind of data job does. */
import { rename } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../errors.js';
import {
  accessOf,
  connectorOf,
  crawlCatalogue,
  downloadFile,
  importFiles,
  type ItemKey,
  MAX_UPLOAD_BYTES,
  pullConnector,
  replayQuarantine,
  type Resource,
  type Source,
  Uploads,
} from '../../pipeline/collect/index.js';
import { openSecretBox } from '../../secret-box.js';
import type { DataJobKind, JsonObject } from '../../store/index.js';
import type { CrawlRequest, ImportRequest } from './contract.js';
import type { DataJobContext } from './data-workshop.js';
import { sealContext } from './save-connection.js';

type Work = (context: DataJobContext) => Promise<JsonObject>;

const WORK: Readonly<Record<DataJobKind, Work>> = {
  IMPORT: importFile,
  PULL: pull,
  CRAWL: crawl,
  RETENTION: retain,
  REPLAY: replay,
};
/** Share of an import that fetching its file counts for. */
const FETCH_SHARE = 0.3;
/** Files that nobody has imported are kept so long. */
const UPLOAD_DAYS = 7;
const DAY_MS = 86_400_000;

export function workOf(kind: DataJobKind): Work {
  return WORK[kind];
}

async function importFile(context: DataJobContext): Promise<JsonObject> {
  const { shop, job, dataDir, signal } = context;
  const { source, name, keepBots, ...settings } = job.input as unknown as ImportRequest;
  const uploads = new Uploads(dataDir);
  const uploadId = 'uploadId' in source ? source.uploadId : job.id;
  const from = 'uploadId' in source ? 0 : FETCH_SHARE;
  if ('url' in source) await fetchFile(context, uploads, source.url, name);
  const { path } = await uploads.find(shop.shopKey, uploadId);
  const [report] = (
    await importFiles(shop, [path], {
      ...settings,
      name,
      leavesBotsOut: keepBots !== true,
      signal,
      onProgress: ({ share, lines }) =>
        context.report(from + (1 - from) * share, lines > 0 ? `${lines} lines` : 'looking for bots'),
    })
  ).files;
  await uploads.remove(shop.shopKey, uploadId);
  return plain(report);
}

/** Fetches the file of an import once, however often the import is taken up. */
async function fetchFile(
  context: DataJobContext,
  uploads: Uploads,
  url: string,
  name: string,
): Promise<void> {
  const { shop, job, arePrivateSourcesOn, signal } = context;
  if (await uploads.find(shop.shopKey, job.id).catch(() => null)) return;
  const folder = await uploads.make(shop.shopKey, job.id, name);
  const fetched = join(folder, 'fetched');
  await downloadFile(url, fetched, {
    allowPrivate: arePrivateSourcesOn,
    maxBytes: MAX_UPLOAD_BYTES,
    signal,
    onBytes: (read, total) =>
      context.report(
        total === null ? 0 : (FETCH_SHARE * read) / total,
        `${Math.round(read / 1e6)} MB fetched`,
      ),
  });
  await rename(fetched, join(folder, 'file'));
}

async function pull(context: DataJobContext): Promise<JsonObject> {
  const { shop, job, dataDir, arePrivateSourcesOn, signal } = context;
  const { connectionId, isFull } = job.input as { connectionId: string; isFull: boolean };
  const connection = await shop.connectionById(connectionId);
  if (connection === null) throw new AppError('NOT_FOUND', `The connection ${connectionId} was removed.`);
  const { url, sealedKey, resources, itemKey } = connection;
  const source = connection.source as Source;
  const api = (connection.api ?? undefined) as 'GRAPHQL' | 'REST' | undefined;
  const token = (await openSecretBox(dataDir)).open(sealedKey, sealContext(shop, source, url));
  const reports = await pullConnector(shop, connectorOf(source, api), accessOf(source, { url, token }), {
    resources: resources.length > 0 ? (resources as Resource[]) : undefined,
    itemKey: itemKey as ItemKey,
    isFull,
    allowPrivate: arePrivateSourcesOn,
    signal,
    // How much there is, no system says beforehand.
    onProgress: ({ resource, entities, requests }) =>
      context.report(0, `${resource}: ${entities} read, ${requests} requests`),
  });
  return plain({ resources: reports });
}

async function crawl(context: DataJobContext): Promise<JsonObject> {
  const { shop, job, arePrivateSourcesOn, signal } = context;
  const { url, maxPages = 1_000, ...limits } = job.input as unknown as CrawlRequest;
  const report = await crawlCatalogue(shop, url, {
    ...limits,
    maxPages,
    allowPrivate: arePrivateSourcesOn,
    signal,
    onProgress: ({ pages, waiting, items }) =>
      context.report(pages / Math.min(maxPages, pages + waiting), `${pages} pages, ${items} items`),
  });
  return plain({ ...report, failed: report.failed.slice(0, 100), failures: report.failed.length });
}

async function retain(context: DataJobContext): Promise<JsonObject> {
  const { shop, dataDir, signal } = context;
  const now = new Date();
  const kinds = await shop.applyRetention({ now, archiveDirectory: join(dataDir, 'archive'), signal });
  const { rows } = await shop.dataJobs(
    { first: 1_000 },
    { kinds: ['IMPORT'], statuses: ['QUEUED', 'RUNNING'] },
  );
  const needed = new Set(rows.map(({ id, input }) => (input.source as { uploadId?: string }).uploadId ?? id));
  const before = new Date(now.getTime() - UPLOAD_DAYS * DAY_MS);
  const uploads = await new Uploads(dataDir).sweep(shop.shopKey, before, (id) => needed.has(id));
  return plain({ kinds, uploads });
}

async function replay(context: DataJobContext): Promise<JsonObject> {
  const { shop, job, signal } = context;
  const source = (job.input.source as string | null) ?? undefined;
  const total = await shop.countQuarantined({ state: 'WAITING', source });
  const report = await replayQuarantine(
    shop,
    { source },
    {
      signal,
      onProgress: (rows) => context.report(total > 0 ? rows / total : 1, `${rows} rows`),
    },
  );
  return plain(report);
}

function plain(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
