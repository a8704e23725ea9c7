/** What every process of ours opens first: settings, log, PostgreSQL, store; and what it may open on top. */
import { join } from 'node:path';

import type { Config } from './config.js';
import { createJobs, type Jobs, type JobsOptions } from './jobs/index.js';
import { createLogger, type Logger } from './log.js';
import { migrate, openStore, startEmbeddedPostgres, type Store } from './store/index.js';

export interface Runtime {
  readonly config: Config;
  readonly log: Logger;
  readonly databaseUrl: string;
  readonly isEmbedded: boolean;
  readonly store: Store;
  /** The queue, opened once. @param checkPlan see JobsOptions */
  openJobs(checkPlan: JobsOptions['checkPlan']): Promise<Jobs>;
  close(): Promise<void>;
}

/**
 * Opens PostgreSQL (the embedded one, unless DATABASE_URL is set; one that already runs is joined, not started again), applies
 * migrations and opens the store.
 *
 * @throws AppError with a message for the user when the database cannot be reached or started
 */
export async function openRuntime(config: Config, name: string): Promise<Runtime> {
  const log = createLogger({ name, level: config.logLevel, pretty: Boolean(process.stderr.isTTY) });
  const embedded = config.databaseUrl
    ? undefined
    : await startEmbeddedPostgres({ directory: join(config.dataDir, 'pg') });
  const databaseUrl = config.databaseUrl ?? embedded?.url ?? '';
  let jobs: Promise<Jobs> | undefined;
  let store: Store | undefined;
  try {
    await migrate(databaseUrl);
    store = await openStore({ databaseUrl });
  } catch (thrown) {
    await embedded?.stop();
    throw thrown;
  }
  const opened = store;
  return {
    config,
    log,
    databaseUrl,
    isEmbedded: embedded !== undefined,
    store: opened,
    openJobs: (checkPlan) => (jobs ??= createJobs({ databaseUrl, store: opened, checkPlan })),
    close: async () => {
      await (await jobs)?.close();
      await opened.close();
      await embedded?.stop();
    },
  };
}
