/** Evaluations of models, and what their deciding figures are made of. */
import { randomUUID } from 'node:crypto';

import { AppError } from '../errors.js';
import type { CurveKind, CurvePoint, EvaluationRow, EvaluationUnitsValue } from './evaluation-rows.js';
import type { Evaluation, Prisma } from './generated/client.js';
import { groupBy } from './group-by.js';
import { isUuid } from './row-checks.js';
import type { ShopContext } from './shop-context.js';

export interface EvaluationStore {
  addEvaluations(rows: readonly Omit<EvaluationRow, 'id'>[]): Promise<void>;
  evaluationsByRuns(runIds: readonly string[]): Promise<EvaluationRow[][]>;
  evaluationsByModelVersions(ids: readonly string[]): Promise<EvaluationRow[][]>;
  evaluationCurves(evaluationId: string, kind: CurveKind): Promise<CurvePoint[]>;
  /** What each evaluation's deciding figure is made of; null where it was not kept. */
  evaluationUnits(ids: readonly string[]): Promise<(EvaluationUnitsValue | null)[]>;
}

const ORDER: Prisma.EvaluationOrderByWithRelationInput[] = [
  { task: 'asc' },
  { family: 'asc' },
  { architecture: 'asc' },
  { split: 'asc' },
  { fold: 'asc' },
  { seed: 'asc' },
];

export function evaluationStore({ prisma, shopId }: ShopContext): EvaluationStore {
  return {
    addEvaluations: async (rows) => {
      const identified = rows.map((row) => ({ ...row, id: randomUUID() }));
      const units = identified.flatMap(({ id, units: own }) =>
        own ? [{ evaluationId: id, shopId, ...toUnitsData(own) }] : [],
      );
      await prisma.$transaction([
        prisma.evaluation.createMany({ data: identified.map((row) => ({ ...toData(row), shopId })) }),
        prisma.evaluationUnits.createMany({ data: units }),
      ]);
    },
    evaluationsByRuns: async (runIds) => {
      const where = { runId: { in: runIds.filter(isUuid) } };
      const rows = await prisma.evaluation.findMany({ where, orderBy: ORDER });
      return groupBy(runIds, rows.map(toEvaluation), (row) => row.runId);
    },
    evaluationsByModelVersions: async (ids) => {
      const where = { modelVersionId: { in: ids.filter(isUuid) } };
      const rows = await prisma.evaluation.findMany({ where, orderBy: ORDER });
      return groupBy(ids, rows.map(toEvaluation), (row) => row.modelVersionId ?? '');
    },
    evaluationCurves: async (id, kind) => {
      const row = isUuid(id)
        ? await prisma.evaluation.findUnique({ where: { id }, select: { curves: true } })
        : null;
      if (!row) throw new AppError('NOT_FOUND', `There is no evaluation ${id}.`);
      return (row.curves as unknown as EvaluationRow['curves'])[kind] ?? [];
    },
    evaluationUnits: async (ids) => {
      const rows = await prisma.evaluationUnits.findMany({
        where: { evaluationId: { in: ids.filter(isUuid) } },
      });
      const byId = new Map(rows.map((row) => [row.evaluationId, row]));
      return ids.map((id) => {
        const row = byId.get(id);
        if (!row) return null;
        const kind = row.kind as EvaluationUnitsValue['kind'];
        return { metric: row.metric, kind, key: row.key, columns: fromBytes(row.values, columnsOf(kind)) };
      });
    },
  };
}

const columnsOf = (kind: EvaluationUnitsValue['kind']): number => (kind === 'MEAN' ? 1 : 2);

function toUnitsData({ metric, kind, key, columns }: EvaluationUnitsValue) {
  const values = Float32Array.from(columns.flatMap((column) => [...column]));
  return { metric, kind, key, values: new Uint8Array(values.buffer) };
}

/** Columns of equal length that stand one after another, as float32. */
function fromBytes(bytes: Uint8Array, columns: number): Float32Array[] {
  const values = new Float32Array(bytes.slice().buffer);
  const length = values.length / columns;
  return Array.from({ length: columns }, (_, at) => values.slice(at * length, (at + 1) * length));
}

function toEvaluation(row: Evaluation): EvaluationRow {
  const { shopId: _shop, ...rest } = row;
  return rest as unknown as EvaluationRow;
}

function toData(row: EvaluationRow): Omit<Prisma.EvaluationCreateManyInput, 'shopId'> {
  const { units: _units, ...rest } = row;
  return {
    ...rest,
    metrics: row.metrics as unknown as Prisma.InputJsonValue,
    confusionMatrix: (row.confusionMatrix ?? undefined) as unknown as Prisma.InputJsonValue | undefined,
    curves: row.curves as unknown as Prisma.InputJsonValue,
    segments: (row.segments ?? []) as unknown as Prisma.InputJsonValue,
  };
}
