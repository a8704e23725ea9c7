import type { AlertRow, EvaluationRow, ModelVersionRow, ShopStore, Store } from '../../store/index.js';
import type { TaskName } from '../../tasks/index.js';
import { shopClock } from '../index.js';
import { type FeatureDrift, transactionFeatureDrift, userFeatureDrift } from './feature-drift.js';
import { type LiveQuality, liveQuality, type NotDue, type Scorers } from './live-quality.js';
import { raiseAlerts } from './raise-alerts.js';
import {
  type AlertDraft,
  calibrationAlerts,
  type ClickCounts,
  clickThroughAlerts,
  DEFAULT_LIMITS,
  driftAlerts,
  type Limits,
  qualityAlerts,
} from './rules.js';

export interface ShopCheckOptions {
  readonly store: Pick<Store, 'notify'>;
  readonly shop: ShopStore;
  readonly scorers: Scorers;
  /** What became of what was shown, before and of late; left out, click-through is not judged. */
  readonly clicks?: { readonly before: ClickCounts; readonly recent: ClickCounts };
  readonly limits?: Limits;
  readonly seed?: number;
}

export interface ShopCheck {
  /** The shop's clock at the check. */
  readonly asOf: Date;
  /** Largest shift first. */
  readonly drift: readonly FeatureDrift[];
  readonly live: readonly LiveQuality[];
  /** Tasks in service that cannot be judged yet, and why. */
  readonly notDue: readonly NotDue[];
  /** Everything that is out of its limits now; `raised` are those that nobody had been told yet. */
  readonly alerts: readonly AlertDraft[];
  readonly raised: readonly AlertRow[];
}

const USER_TASKS: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'];

/**
 * Looks after the models in service: how far their inputs have moved since training, and how good their predictions were where labels
 * have come due. Raises alerts. Nothing deployed: everything is empty.
 */
export async function checkShop(options: ShopCheckOptions): Promise<ShopCheck> {
  const { shop, store, scorers, limits = DEFAULT_LIMITS, seed = 1 } = options;
  const versions = await servedVersions(shop);
  const history = await shop.readHistory();
  const clock = shopClock(history);
  const drift: FeatureDrift[] = [];
  const oldest = (tasks: readonly TaskName[]) => oldestCut(versions, tasks);
  const userCut = oldest(USER_TASKS);
  const fraudCut = oldest(['FRAUD']);
  if (userCut !== null) drift.push(...userFeatureDrift(history, userCut, clock, seed));
  if (fraudCut !== null) drift.push(...transactionFeatureDrift(history, fraudCut, clock));
  const judged = await liveQuality({ shopKey: shop.shopKey, history, clock, versions, scorers, seed });
  const live = judged.filter((result): result is LiveQuality => 'metrics' in result);
  const tests = await evaluationsOf(shop, versions);
  const alerts = [
    ...driftAlerts(drift, limits),
    ...calibrationAlerts(live, tests, limits),
    ...qualityAlerts(live, tests),
    ...(options.clicks ? clickThroughAlerts(options.clicks.before, options.clicks.recent, limits) : []),
  ];
  return {
    asOf: new Date(clock),
    drift: drift.sort((a, b) => b.psi - a.psi),
    live,
    notDue: judged.filter((result): result is NotDue => !('metrics' in result)),
    alerts,
    raised: await raiseAlerts(store, shop, alerts),
  };
}

/** The version that serves each task: that of the newest deployment that has it. */
export async function servedVersions(shop: ShopStore): Promise<Map<TaskName, ModelVersionRow>> {
  const deployments = await shop.activeDeployments();
  const rows = await shop.modelVersionsByIds(deployments.map(({ modelVersionId }) => modelVersionId));
  const served = new Map<TaskName, ModelVersionRow>();
  deployments.forEach(({ tasks }, at) => {
    const version = rows[at];
    for (const task of tasks) if (version && !served.has(task)) served.set(task, version);
  });
  return served;
}

function oldestCut(
  versions: ReadonlyMap<TaskName, ModelVersionRow>,
  tasks: readonly TaskName[],
): number | null {
  const cuts = tasks.flatMap((task) => versions.get(task)?.dataUntil.getTime() ?? []);
  return cuts.length > 0 ? Math.min(...cuts) : null;
}

async function evaluationsOf(
  shop: ShopStore,
  versions: ReadonlyMap<TaskName, ModelVersionRow>,
): Promise<EvaluationRow[]> {
  const ids = [...new Set([...versions.values()].map(({ id }) => id))];
  return ids.length === 0 ? [] : (await shop.evaluationsByModelVersions(ids)).flat();
}
