import { AppError } from '../../errors.js';
import type { DeploymentRow, ShopStore, Store } from '../../store/index.js';

/** Channel on which serving hosts hear that what is deployed has changed: `{ shopKey }`. */
export const DEPLOYMENTS_CHANNEL = 'deployments';

/**
 * Serves a model version from now on, for all tasks it has.
 *
 * @param trafficShare share of users, above 0 up to 1; the others stay with what served before
 * @throws AppError NOT_FOUND; BAD_USER_INPUT for a share out of range; CONFLICT when nothing served before that could take the rest
 */
export async function deployModel(
  store: Store,
  shop: ShopStore,
  modelVersionId: string,
  trafficShare = 1,
): Promise<DeploymentRow> {
  if (!(trafficShare > 0 && trafficShare <= 1)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `trafficShare: expected a number above 0 up to 1, got ${trafficShare}.`,
    );
  }
  const [version] = await shop.modelVersionsByIds([modelVersionId]);
  if (!version) throw new AppError('NOT_FOUND', `There is no model version ${modelVersionId}.`);
  if (trafficShare < 1) {
    const served = new Set((await shop.activeDeployments()).flatMap((deployment) => deployment.tasks));
    const alone = version.tasks.filter((task) => !served.has(task));
    if (alone.length > 0) {
      const message = `Nothing serves ${alone.join(', ')} yet, so that no version could take the other users. Deploy it for all first.`;
      throw new AppError('CONFLICT', message);
    }
  }
  const deployment = await shop.createDeployment({ modelVersionId, tasks: version.tasks, trafficShare });
  await store.notify(DEPLOYMENTS_CHANNEL, { shopKey: shop.shopKey });
  return deployment;
}

/** Ends the newest deployment; what served before it serves again. @throws AppError CONFLICT when there is none before it */
export async function rollbackDeployment(store: Store, shop: ShopStore): Promise<DeploymentRow> {
  const deployment = await shop.rollbackDeployment();
  await store.notify(DEPLOYMENTS_CHANNEL, { shopKey: shop.shopKey });
  return deployment;
}
