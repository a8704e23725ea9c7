import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { AppError } from '../errors.js';
import type { FileSource, ImportSettings } from '../jobs/index.js';
import {
  checkMapping,
  checkRates,
  checkTimeZone,
  downloadFile,
  GENERIC,
  guessImport,
  type ImportGuess,
  LAYOUTS,
  Uploads,
} from '../pipeline/collect/index.js';
import { given } from './inputs/checks.js';
import type { FileSourceInput, ImportSettingsInput } from './inputs/import.input.js';
import type { Services } from './services.js';

/** Bytes of a file at an address that are looked at to tell what it is. */
const ENOUGH_BYTES = 1 << 20;
/** Parquet is read from its end: all of it is fetched to be looked at. */
const MAX_GUESS_BYTES = 256 << 20;
const GUESS_TIMEOUT_MS = 15_000;

/** @throws AppError BAD_USER_INPUT for none or both, and for an address that holds a password or is none */
export function toFileSource(input: FileSourceInput): FileSource {
  const { uploadId, url } = given<FileSourceInput>(input);
  if ((uploadId === undefined) === (url === undefined))
    throw new AppError('BAD_USER_INPUT', 'source: expected uploadId or url, one of the two.');
  return uploadId === undefined ? { url: requireAddress('source.url', url ?? '') } : { uploadId };
}

/** @throws AppError BAD_USER_INPUT */
export function requireAddress(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || text.length > 2_000)
    throw new AppError(
      'BAD_USER_INPUT',
      `${name}: expected an address such as https://shop.example/; got ${text.slice(0, 200)}.`,
    );
  if (url.username !== '' || url.password !== '')
    throw new AppError('BAD_USER_INPUT', `${name}: an address with a password in it is not kept.`);
  return url.href;
}

/** What reports call a file of which nothing else is said. */
export function nameOf(source: FileSource, uploadName: string | null): string {
  if (uploadName !== null) return uploadName;
  const path = 'url' in source ? new URL(source.url).pathname : '';
  return basename(path) || ('url' in source ? new URL(source.url).host : 'upload');
}

/** @throws AppError BAD_USER_INPUT for what no import would take */
export function toImportSettings(input: ImportSettingsInput | null | undefined): ImportSettings {
  const { mapping, rates, ...rest } = given<ImportSettingsInput>(input ?? {});
  const { layout, timeZone, currency } = rest;
  if (layout !== undefined && layout !== GENERIC && !LAYOUTS.some(({ name }) => name === layout)) {
    const names = [...LAYOUTS.map(({ name }) => name), GENERIC].join(', ');
    throw new AppError('BAD_USER_INPUT', `There is no layout ${layout}; there are ${names}.`);
  }
  if (timeZone !== undefined) checkTimeZone(timeZone);
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency))
    throw new AppError('BAD_USER_INPUT', `currency: expected an ISO 4217 code such as EUR; got ${currency}.`);
  const byCode = rates && Object.fromEntries(rates.map(({ currency: code, rate }) => [code, rate]));
  checkRates(currency, byCode);
  return {
    ...rest,
    ...(mapping && { mapping: checkMapping(mapping.map(({ field, column }) => [field, column])) }),
    ...(byCode && { rates: byCode }),
  };
}

/** Says what an import would take a file for. @throws AppError as `guessImport`, `downloadFile` and `Uploads.find` */
export async function guessOf(
  { config }: Services,
  shopKey: string,
  source: FileSource,
  settings: ImportSettings,
): Promise<ImportGuess> {
  if ('uploadId' in source) {
    const { path, name } = await new Uploads(config.dataDir).find(shopKey, source.uploadId);
    return guessImport(path, name, settings);
  }
  const directory = await mkdtemp(join(tmpdir(), 'tandem-guess-'));
  try {
    const path = join(directory, 'file');
    await downloadFile(source.url, path, {
      allowPrivate: config.arePrivateSourcesOn ?? false,
      maxBytes: MAX_GUESS_BYTES,
      enoughBytes: ENOUGH_BYTES,
      maxTries: 1,
      timeoutMs: GUESS_TIMEOUT_MS,
      signal: AbortSignal.timeout(4 * GUESS_TIMEOUT_MS),
    });
    return await guessImport(path, nameOf(source, null), settings);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
