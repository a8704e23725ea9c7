/** The API process from the first line to a clean stop. */
import { fork } from 'node:child_process';
import { join } from 'node:path';

import { createApp } from './api/index.js';
import { createProgressBar } from './cli/output.js';
import type { Config } from './config.js';
import { coerceError } from './errors.js';
import type { Jobs } from './jobs/index.js';
import { createServingClient } from './pipeline/deploy/index.js';
import { formatComparison } from './pipeline/evaluate/index.js';
import { type ManagedProcess, startWorker } from './processes.js';
import { PROJECT_ROOT } from './root.js';
import { openRuntime, type Runtime } from './runtime.js';
import type { ShopStore } from './store/index.js';

const DEFAULT_SHOP = 'default';
/** Runs of a first training: a model a task, tasks together, and their ensemble. */
const FIRST_RUNS = 3;

/**
 * Serves until the process is told to stop: opens the store, answers from then on, and in the background imports the bundled
 * sample into an empty store and trains what nobody has trained yet.
 *
 * @param isTensorflowReady resolves when processes that load TensorFlow may start; until then nothing is trained or scored
 * @throws AppError when the database cannot be had or the port is in use
 */
export async function serve(
  config: Config,
  isTensorflowReady: Promise<unknown> = Promise.resolve(),
): Promise<void> {
  const runtime = await openRuntime(config, 'api');
  const { log, store, databaseUrl } = runtime;
  const { dataDir } = config;
  const serving = createServingClient({ databaseUrl, dataDir, log, startAfter: isTensorflowReady });
  const jobs = await runtime.openJobs((plan) => serving.checkPlan(plan));
  const app = await createApp({ config, store, jobs, serving, log });
  const workers: ManagedProcess[] = [];

  let isStopping = false;
  const stop = async (): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    await app.close();
    await Promise.all(workers.map((worker) => worker.stop()));
    await serving.close();
    await runtime.close();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stop().then(() => process.exit(0)));
  }
  try {
    const url = await app.listen();
    process.stderr.write(`Serving on ${url} (GraphQL at ${url}/graphql, explorer at ${url}/explorer)\n`);
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  void isTensorflowReady.then(() => {
    while (!isStopping && workers.length < config.workers) workers.push(startWorker(runtime));
  });
  prepareShop(runtime, jobs).catch((thrown: unknown) => {
    if (!isStopping) log.error({ err: coerceError(thrown) }, 'Preparing the shop failed; the API goes on.');
  });
}

/** Brings a new installation to its first predictions: sample, models, table of how good they are. */
async function prepareShop(runtime: Runtime, jobs: Jobs): Promise<void> {
  const shop = await runtime.store.forShop(DEFAULT_SHOP);
  if (runtime.config.isSampleOn && (await shop.latestBehaviourAt()) === null) await importSample(runtime);
  if ((await shop.latestBehaviourAt()) === null || (await shop.activeDeployments()).length > 0) return;
  const bar = createProgressBar('Training', { json: false });
  const progress = new Map<string, number>();
  const stopListening = await jobs.onProgress(DEFAULT_SHOP, (event) => {
    progress.set(event.runId, event.progress);
    const done = [...progress.values()].reduce((sum, share) => sum + share, 0);
    bar.update(done / Math.max(FIRST_RUNS, progress.size), event.message);
  });
  try {
    await jobs.runFirstTraining(DEFAULT_SHOP);
  } finally {
    await stopListening();
    bar.stop();
  }
  await printQuality(shop);
}

async function printQuality(shop: ShopStore): Promise<void> {
  const { rows } = await shop.modelVersions({ first: 10 });
  const evaluations = (await shop.evaluationsByModelVersions(rows.map((row) => row.id))).flat();
  process.stderr.write(`\n${formatComparison(evaluations)}\n`);
}

/** In a process of its own, so that parsing half a million lines never delays an answer. */
function importSample(runtime: Runtime): Promise<void> {
  const cli = join(PROJECT_ROOT, 'dist', 'src', 'cli.js');
  const file = join(PROJECT_ROOT, 'data', 'online-retail', 'online-retail.csv.gz');
  const child = fork(cli, ['import', file, '--layout', 'online-retail'], {
    env: { ...process.env, DATABASE_URL: runtime.databaseUrl },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`Importing the sample ended with code ${code}.`)),
    );
  });
}
