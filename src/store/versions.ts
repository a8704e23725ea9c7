/** Model versions, deployments and alerts. */
import { AppError } from '../errors.js';
import { inOrder } from './catalogue.js';
import { pageOf } from './cursor.js';
import type { Deployment, ModelVersion, Prisma } from './generated/client.js';
import { isUuid } from './row-checks.js';
import type { AlertRow, DeploymentRow, ModelVersionRow, ShopCheckRow } from './rows.js';
import { afterNewest } from './runs.js';
import type { ShopContext } from './shop-context.js';
import type { ShopStore } from './shop-store.js';

type VersionStore = Pick<
  ShopStore,
  | 'createModelVersion'
  | 'modelVersionsByIds'
  | 'modelVersions'
  | 'createDeployment'
  | 'activeDeployments'
  | 'rollbackDeployment'
  | 'addAlert'
  | 'alerts'
  | 'addShopCheck'
  | 'shopChecks'
>;

/** Model versions, deployments, checks and alerts of one shop. */
export function versionStore({ prisma, shopId }: ShopContext): VersionStore {
  return {
    createModelVersion: async (row) => {
      const manifest = row.manifest as Prisma.InputJsonObject;
      return toVersion(await prisma.modelVersion.create({ data: { ...row, manifest, shopId } }));
    },
    modelVersionsByIds: async (ids) => {
      const rows = await prisma.modelVersion.findMany({ where: { id: { in: ids.filter(isUuid) } } });
      return inOrder(ids, rows.map(toVersion), (row) => row.id);
    },
    modelVersions: async (page) => {
      const rows = await prisma.modelVersion.findMany({
        where: afterNewest(page.after, 'createdAt'),
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: page.first + 1,
      });
      return pageOf(rows.map(toVersion), page.first, (row) => [row.createdAt.toISOString(), row.id]);
    },
    createDeployment: async (row) => {
      const previous = await prisma.deployment.findFirst({ where: { endedAt: null }, orderBy: NEWEST_FIRST });
      return toDeployment(
        await prisma.deployment.create({ data: { ...row, previousId: previous?.id, shopId } }),
      );
    },
    activeDeployments: async () =>
      (await prisma.deployment.findMany({ where: { endedAt: null }, orderBy: NEWEST_FIRST })).map(
        toDeployment,
      ),
    rollbackDeployment: async () => {
      const [newest, previous] = await prisma.deployment.findMany({
        where: { endedAt: null },
        orderBy: NEWEST_FIRST,
        take: 2,
      });
      if (!newest || !previous) {
        throw new AppError('CONFLICT', 'There is no earlier deployment to go back to.');
      }
      await prisma.deployment.update({ where: { id: newest.id }, data: { endedAt: new Date() } });
      return toDeployment(previous);
    },
    addAlert: async (alert) =>
      (await prisma.alert.create({ data: { ...alert, shopId } })) as unknown as AlertRow,
    alerts: async (from, to) =>
      (await prisma.alert.findMany({
        where: { createdAt: { gte: from, lt: to } },
        orderBy: { createdAt: 'desc' },
      })) as unknown as AlertRow[],
    addShopCheck: async (check) =>
      (await prisma.shopCheck.create({
        data: { ...check, result: check.result, shopId },
      })) as unknown as ShopCheckRow,
    shopChecks: async (first) =>
      (await prisma.shopCheck.findMany({
        orderBy: { checkedAt: 'desc' },
        take: first,
      })) as unknown as ShopCheckRow[],
  };
}

const NEWEST_FIRST = [{ deployedAt: 'desc' as const }, { id: 'desc' as const }];

function toVersion(row: ModelVersion): ModelVersionRow {
  const { shopId: _shop, ...rest } = row;
  return { ...rest, sizeBytes: Number(row.sizeBytes) } as unknown as ModelVersionRow;
}

function toDeployment(row: Deployment): DeploymentRow {
  const { shopId: _shop, ...rest } = row;
  return rest as unknown as DeploymentRow;
}
