import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';

import { checkPublicAddress, Uploads } from '../../pipeline/collect/index.js';
import { Access } from '../auth.js';
import type { Context } from '../context.js';
import { toCrawlRequest } from '../crawl-request.js';
import { guessOf, nameOf, toFileSource, toImportSettings } from '../import-request.js';
import {
  FileSourceInput,
  ImportSettingsInput,
  StartCrawlInput,
  StartImportInput,
} from '../inputs/import.input.js';
import { DataJob, toDataJob } from '../types/data-job.type.js';
import { ImportGuess } from '../types/import-guess.type.js';

@Resolver()
export class ImportResolver {
  @Access('INGEST')
  @Query(() => ImportGuess, { description: 'What an import would take a file for, before a row is written.' })
  guessImport(
    @Arg('source', () => FileSourceInput, { description: 'Where the file is.' }) source: FileSourceInput,
    @Arg('settings', () => ImportSettingsInput, {
      nullable: true,
      description: 'What is known of it already.',
    })
    settings: ImportSettingsInput | null,
    @Ctx() { services, shop }: Context,
  ): Promise<ImportGuess> {
    return guessOf(services, shop.shopKey, toFileSource(source), toImportSettings(settings));
  }

  @Access('INGEST')
  @Mutation(() => DataJob, {
    description:
      'Asks for the import of a file. Asked again, nothing is stored twice; one that breaks off goes on by itself.',
  })
  async startImport(
    @Arg('input', () => StartImportInput, { description: 'What to import.' }) input: StartImportInput,
    @Ctx() { services, shop }: Context,
  ): Promise<DataJob> {
    const source = toFileSource(input.source);
    if ('url' in source)
      checkPublicAddress(new URL(source.url), services.config.arePrivateSourcesOn ?? false);
    const settings = toImportSettings(input.settings);
    const upload =
      'uploadId' in source
        ? await new Uploads(services.config.dataDir).find(shop.shopKey, source.uploadId)
        : null;
    const name = input.name ?? nameOf(source, upload?.name ?? null);
    return toDataJob(await services.jobs.data.startImport(shop.shopKey, { source, name, ...settings }));
  }

  @Access('INGEST')
  @Mutation(() => DataJob, { description: "Asks for a shop's catalogue to be read from its web pages." })
  async startCrawl(
    @Arg('input', () => StartCrawlInput, { description: 'Which catalogue.' }) input: StartCrawlInput,
    @Ctx() { services, shop }: Context,
  ): Promise<DataJob> {
    return toDataJob(await services.jobs.data.startCrawl(shop.shopKey, toCrawlRequest(services, input)));
  }
}
