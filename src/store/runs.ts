/** Runs, their epochs, evaluations and checkpoints. */
import { AppError } from '../errors.js';
import { inOrder } from './catalogue.js';
import { decodeCursor, pageOf } from './cursor.js';
import type { Run } from './generated/client.js';
import { groupBy } from './group-by.js';
import { isUuid } from './row-checks.js';
import type { EpochMetricRow, JsonObject, RunRow, RunStatus } from './rows.js';
import type { ShopContext } from './shop-context.js';
import type { ShopStore } from './shop-store.js';

/** From which status a run may come into this one. RUNNING → QUEUED: its worker died. */
const COMES_FROM: Record<RunStatus, RunStatus[]> = {
  QUEUED: ['RUNNING', 'QUEUED'],
  RUNNING: ['QUEUED', 'RUNNING'],
  SUCCEEDED: ['RUNNING'],
  FAILED: ['QUEUED', 'RUNNING'],
  CANCELLED: ['QUEUED', 'RUNNING'],
};
const ACTIVE: RunStatus[] = ['QUEUED', 'RUNNING'];

type RunStore = Pick<
  ShopStore,
  | 'createRun'
  | 'runsByIds'
  | 'runs'
  | 'startRun'
  | 'activeRun'
  | 'updateRun'
  | 'claimRun'
  | 'addEpochMetrics'
  | 'epochMetricsByRuns'
  | 'releaseRun'
  | 'clearRunResults'
  | 'writeCheckpoint'
  | 'readCheckpoint'
  | 'deleteCheckpoints'
>;

/** What is said to who asks for a second run of a kind. */
export function runIsActive({ id, kind, status }: RunRow): AppError {
  const message = `A run of the kind ${kind} is ${status} already. Wait for it, or cancel it.`;
  return new AppError('CONFLICT', message, { runId: id });
}

/** Runs of one shop. */
export function runStore({ prisma, shopId }: ShopContext): RunStore {
  return {
    createRun: async (run) =>
      toRun(await prisma.run.create({ data: { ...run, config: run.config, shopId } })),
    startRun: (run) =>
      prisma.$transaction(async (transaction) => {
        // Two that start at once wait for each other here, so that the second sees the first.
        const name = `start ${shopId} ${run.kind}`;
        await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`;
        const active = await transaction.run.findFirst({
          where: { kind: run.kind, status: { in: ACTIVE } },
        });
        if (active) throw runIsActive(toRun(active));
        return toRun(await transaction.run.create({ data: { ...run, config: run.config, shopId } }));
      }),
    runsByIds: async (ids) => {
      const rows = await prisma.run.findMany({ where: { id: { in: ids.filter(isUuid) } } });
      return inOrder(ids, rows.map(toRun), (row) => row.id);
    },
    runs: async (page, filter = {}) => {
      const rows = await prisma.run.findMany({
        where: {
          kind: filter.kinds ? { in: [...filter.kinds] } : undefined,
          status: filter.statuses ? { in: [...filter.statuses] } : undefined,
          ...afterNewest(page.after, 'createdAt'),
        },
        orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
        take: page.first + 1,
      });
      return pageOf(rows.map(toRun), page.first, (row) => [row.createdAt.toISOString(), row.id]);
    },
    activeRun: async (kind) => {
      const row = await prisma.run.findFirst({
        where: { kind, status: { in: ACTIVE } },
        orderBy: { createdAt: 'desc' },
      });
      return row && toRun(row);
    },
    updateRun: async (id, change) => {
      const { error, status } = change;
      const { count } = await prisma.run.updateMany({
        where: { id, status: status ? { in: COMES_FROM[status] } : undefined },
        data: { ...change, error: error ?? undefined },
      });
      const row = await prisma.run.findUnique({ where: { id } });
      if (!row) throw new AppError('NOT_FOUND', `There is no run ${id}.`);
      if (count === 0)
        throw new AppError(
          'CONFLICT',
          `The run ${id} is ${row.status}; it cannot become ${status ?? 'changed'}.`,
        );
      return toRun(row);
    },
    claimRun: async (id) => {
      const now = new Date();
      const { count } = await prisma.run.updateMany({
        where: { id, status: 'QUEUED' },
        data: { status: 'RUNNING', attempts: { increment: 1 }, heartbeatAt: now, startedAt: now },
      });
      const row = count > 0 ? await prisma.run.findUnique({ where: { id } }) : null;
      return row && toRun(row);
    },
    addEpochMetrics: async (rows) => {
      await prisma.epochMetric.createMany({ data: rows.map((row) => ({ ...row, shopId })) });
    },
    epochMetricsByRuns: async (runIds) => {
      const rows = await prisma.epochMetric.findMany({
        where: { runId: { in: runIds.filter(isUuid) } },
        orderBy: [{ model: 'asc' }, { epoch: 'asc' }, { id: 'asc' }],
      });
      return groupBy(runIds, rows as unknown as EpochMetricRow[], (row) => row.runId);
    },
    releaseRun: async ({ id, heartbeatAt }) => {
      const { count } = await prisma.run.updateMany({
        where: { id, status: 'RUNNING', heartbeatAt },
        data: { status: 'QUEUED', heartbeatAt: new Date() },
      });
      return count > 0;
    },
    clearRunResults: async (runId) => {
      await prisma.$transaction([
        prisma.epochMetric.deleteMany({ where: { runId } }),
        prisma.evaluation.deleteMany({ where: { runId, modelVersionId: null } }),
      ]);
    },
    writeCheckpoint: async (runId, name, bytes) => {
      const data = { bytes: new Uint8Array(bytes), updatedAt: new Date() };
      await prisma.runCheckpoint.upsert({
        where: { runId_name: { runId, name } },
        create: { runId, name, shopId, ...data },
        update: data,
      });
    },
    readCheckpoint: async (runId, name) => {
      const row = await prisma.runCheckpoint.findUnique({ where: { runId_name: { runId, name } } });
      return row?.bytes ?? null;
    },
    deleteCheckpoints: async (runId) => {
      await prisma.runCheckpoint.deleteMany({ where: { runId } });
    },
  };
}

/** Condition of a keyset page, newest first. */
export function afterNewest<Field extends string>(cursor: string | null | undefined, field: Field): object {
  if (!cursor) return {};
  const [at, id] = decodeCursor(cursor, ['string', 'string']) as [string, string];
  const time = new Date(at);
  return { OR: [{ [field]: { lt: time } }, { [field]: time, id: { lt: id } }] };
}

function toRun(row: Run): RunRow {
  const { shopId: _shop, ...rest } = row;
  return {
    ...rest,
    kind: row.kind as RunRow['kind'],
    status: row.status as RunStatus,
    tasks: row.tasks as RunRow['tasks'],
    config: row.config as JsonObject,
    error: row.error as RunRow['error'],
  };
}
