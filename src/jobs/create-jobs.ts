import { AppError } from '../errors.js';
import { runIsActive, type RunRow, type ShopStore, type Store } from '../store/index.js';
import { PROGRESS_CHANNEL } from './channels.js';
import type { Jobs, RunProgressEvent } from './contract.js';
import { createDataJobs } from './data/create-data-jobs.js';
import { crossValidationRun, searchRun } from './evaluation-requests.js';
import { enqueueRun, openQueue } from './queue.js';
import type { NewRun } from './request-checks.js';
import { ensembleRun, trainingRun } from './requests.js';
import { waitForRun } from './wait-for-run.js';

export interface JobsOptions {
  readonly databaseUrl: string;
  readonly store: Store;
  /**
   * Whether models take a run's settings, asked before it is queued; answered where TensorFlow is.
   *
   * @throws AppError BAD_USER_INPUT
   */
  readonly checkPlan?: (plan: NewRun) => Promise<void>;
}

/** Opens the side of the queue that starts and cancels runs. Holds no TensorFlow. */
export async function createJobs({ databaseUrl, store, checkPlan }: JobsOptions): Promise<Jobs> {
  // A queue that cannot be reached shows at the next call.
  const boss = await openQueue(databaseUrl, () => undefined);

  const start = async (shopKey: string, make: (shop: ShopStore) => Promise<NewRun>): Promise<RunRow> => {
    const shop = await store.forShop(shopKey);
    const run = await make(shop);
    const active = await shop.activeRun(run.kind);
    if (active) throw runIsActive(active);
    if (checkPlan && hasOwnPlan(run)) await checkPlan(run);
    const row = await shop.startRun(run);
    await enqueueRun(boss, { shopKey, runId: row.id });
    return row;
  };

  const finish = async (shop: ShopStore, run: RunRow): Promise<RunRow> => {
    const ended = await waitForRun(shop, run.id);
    if (ended.status === 'SUCCEEDED') return ended;
    const reason = ended.error?.message ?? 'cancelled';
    throw new AppError('INTERNAL', `The ${ended.kind} run ended as ${ended.status}: ${reason}`);
  };

  const jobs: Jobs = {
    startTraining: (shopKey, request) => start(shopKey, (shop) => trainingRun(shop, request)),
    startEnsemble: (shopKey, request) => start(shopKey, (shop) => ensembleRun(shop, request)),
    startCrossValidation: (shopKey, request) => start(shopKey, (shop) => crossValidationRun(shop, request)),
    startSearch: (shopKey, request) => start(shopKey, (shop) => searchRun(shop, request)),
    cancel: async (shopKey, runId) => {
      const shop = await store.forShop(shopKey);
      const [run] = await shop.runsByIds([runId]);
      if (!run) throw new AppError('NOT_FOUND', `There is no run ${runId}.`);
      if (run.status !== 'QUEUED' && run.status !== 'RUNNING') {
        throw new AppError('CONFLICT', `The run ${runId} has ended as ${run.status}.`);
      }
      // A queued one ends at once; a running one when its worker sees the wish.
      return run.status === 'QUEUED'
        ? shop.updateRun(runId, { status: 'CANCELLED', cancelRequested: true, finishedAt: new Date() })
        : shop.updateRun(runId, { cancelRequested: true });
    },
    runFirstTraining: async (shopKey) => {
      const shop = await store.forShop(shopKey);
      const single = await jobs.startTraining(shopKey, { kind: 'SINGLE_TASK' });
      const multi = await jobs.startTraining(shopKey, { kind: 'MULTI_TASK' });
      const members = await Promise.all([finish(shop, single), finish(shop, multi)]);
      const ids = members.flatMap((run) => (run.modelVersionId ? [run.modelVersionId] : []));
      const ensemble = await jobs.startEnsemble(shopKey, {
        members: ids,
        method: 'WEIGHTED_AVERAGE',
        deploy: true,
      });
      await finish(shop, ensemble);
    },
    onProgress: (shopKey, listener) =>
      store.listen(PROGRESS_CHANNEL, (payload) => {
        const event = payload as unknown as RunProgressEvent;
        if (event.shopKey === shopKey) listener(event);
      }),
    data: createDataJobs(store, boss),
    close: () => boss.stop({ graceful: false }),
  };
  return jobs;
}

/** What a run of this kind does by default is known to work: only what the caller chose is worth asking about. */
function hasOwnPlan({ kind, config }: NewRun): boolean {
  if (kind === 'ENSEMBLE') return Boolean(config.distil);
  if (kind === 'COLLABORATIVE' || kind === 'SEARCH') return true;
  if (config.architectures) return true;
  const chosen = [config.hyperparameters, config.resampling].some(
    (settings) => settings && Object.keys(settings).length > 0,
  );
  return chosen || Boolean(config.architecture ?? config.lossBalancing);
}
