import { type Jobs, waitForRun } from '../jobs/index.js';
import { createServingClient, type RunPlan } from '../pipeline/deploy/index.js';
import { formatComparison } from '../pipeline/evaluate/index.js';
import { startWorkerIfNone } from '../processes.js';
import type { Runtime } from '../runtime.js';
import type { RunRow, ShopStore } from '../store/index.js';
import type { GlobalOptions } from './command.js';
import { withShop } from './command.js';
import { createProgressBar, EXIT, printResult } from './output.js';

/** What a run brought: the parts of the JSON answer beside `run`, and the same for people. */
export interface RunReport {
  readonly value: object;
  readonly text: string;
}

async function reportVersion(shop: ShopStore, { id }: RunRow): Promise<RunReport> {
  const [evaluations] = await shop.evaluationsByRuns([id]);
  return { value: { evaluations }, text: formatComparison(evaluations) };
}

const endOf = ({ id, modelVersionId }: RunRow): string =>
  modelVersionId ? `Run ${id} made model version ${modelVersionId}.` : `Run ${id} has ended.`;

/**
 * Starts a run, shows its progress until it ends, and prints its evaluation. Where no worker is running, one is started for
 * the length of the command.
 */
export async function followRun(
  options: GlobalOptions,
  start: (jobs: Jobs, shopKey: string, shop: ShopStore) => Promise<RunRow>,
  report: (shop: ShopStore, run: RunRow) => Promise<RunReport> = reportVersion,
): Promise<void> {
  await withShop(options, async (shop, runtime) => {
    const jobs = await runtime.openJobs((plan) => checkPlan(runtime, plan));
    const run = await start(jobs, options.shop, shop);
    const worker = await startWorkerIfNone(runtime);
    const stop = () => void jobs.cancel(options.shop, run.id).catch(() => undefined);
    process.once('SIGINT', stop);
    try {
      const ended = await showUntilEnd(shop, jobs, run, options);
      const { value, text } = await report(shop, ended);
      printResult(
        options,
        { run: ended, ...value },
        ended.status === 'SUCCEEDED'
          ? `${text}\n${endOf(ended)}`
          : `Run ${run.id} ended as ${ended.status}: ${ended.error?.message ?? 'cancelled'}`,
      );
      if (ended.status !== 'SUCCEEDED') process.exitCode = EXIT.failed;
    } finally {
      process.off('SIGINT', stop);
      await worker?.stop();
    }
  });
}

/** By a serving host for the length of the check. */
async function checkPlan({ databaseUrl, config, log }: Runtime, plan: RunPlan): Promise<void> {
  const serving = createServingClient({ databaseUrl, dataDir: config.dataDir, log });
  try {
    await serving.checkPlan(plan);
  } finally {
    await serving.close();
  }
}

async function showUntilEnd(
  shop: ShopStore,
  jobs: Jobs,
  run: RunRow,
  options: GlobalOptions,
): Promise<RunRow> {
  const bar = createProgressBar(run.kind.toLowerCase().replaceAll('_', ' '), options);
  const stopListening = await jobs.onProgress(options.shop, (event) => {
    if (event.runId === run.id) bar.update(event.progress, event.message);
  });
  try {
    return await waitForRun(shop, run.id);
  } finally {
    await stopListening();
    bar.stop();
  }
}
