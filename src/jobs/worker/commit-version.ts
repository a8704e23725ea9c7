import {
  type EnsembleReport,
  type Manifest,
  MANIFEST_VERSION,
  type PredictorEntry,
  type SharingEntry,
  writeManifest,
} from '../../pipeline/deploy/index.js';
import type { ShopHistory } from '../../pipeline/index.js';
import type { TransferReport } from '../../pipeline/multi-task/index.js';
import type { EvaluationRow, JsonObject, ModelVersionRow } from '../../store/index.js';
import { type CustomTask, customTaskName, type TaskName, TASKS } from '../../tasks/index.js';
import type { RunContext } from './run-context.js';

export interface NewVersion {
  /** Chosen beforehand, where others had to name it; otherwise the store chooses. */
  readonly id?: string;
  /** Staged directory with the predictors' files. */
  readonly root: string;
  readonly cut: number;
  readonly architecture: string;
  readonly tasks: Partial<Record<TaskName, PredictorEntry>>;
  /** Definitions of those of the tasks that the shop has made. */
  readonly customTasks?: readonly CustomTask[];
  readonly history: Pick<ShopHistory, 'users' | 'items' | 'behaviours' | 'transactions'> | null;
  readonly transfer?: TransferReport;
  readonly sharing?: readonly SharingEntry[];
  readonly ensembles?: Partial<Record<TaskName, EnsembleReport>>;
  readonly evaluations: readonly Omit<EvaluationRow, 'id' | 'runId' | 'modelVersionId'>[];
}

/** Seals a run's result: manifest, files under their hash, the version's row and its evaluations. */
export async function commitVersion(context: RunContext, version: NewVersion): Promise<ModelVersionRow> {
  const { run, shop, files } = context;
  const { history } = version;
  const isSimulated = version.evaluations.some(
    ({ task, protocol }) => task === 'FRAUD' && protocol.includes('simulated'),
  );
  const custom = (version.customTasks ?? []).filter(({ name }) => version.tasks[customTaskName(name)]);
  const manifest: Manifest = {
    version: MANIFEST_VERSION,
    tasks: version.tasks,
    cut: new Date(version.cut).toISOString(),
    seed: run.seed,
    data: history
      ? {
          users: history.users.length,
          items: history.items.length,
          behaviours: history.behaviours.count,
          transactions: history.transactions.length,
        }
      : {},
    ...(custom.length > 0 && { customTasks: custom as Manifest['customTasks'] }),
    ...(version.transfer && { transfer: version.transfer as Manifest['transfer'] }),
    ...(version.sharing?.length && { sharing: [...version.sharing] }),
    ...(version.ensembles && { ensembles: version.ensembles }),
    notes: isSimulated ? ['Fraud was learnt from and measured on simulated transactions.'] : [],
  };
  await writeManifest(version.root, manifest);
  const { contentHash, sizeBytes } = await files.commit(version.root);
  const row = await shop.createModelVersion({
    ...(version.id !== undefined && { id: version.id }),
    runId: run.id,
    contentHash,
    sizeBytes,
    tasks: [
      ...TASKS.filter((task) => version.tasks[task]),
      ...custom.map(({ name }) => customTaskName(name)),
    ],
    architecture: version.architecture,
    dataUntil: new Date(version.cut),
    manifest: manifest as unknown as JsonObject,
  });
  await shop.addEvaluations(
    version.evaluations.map((evaluation) => ({
      ...evaluation,
      seed: run.seed,
      runId: run.id,
      modelVersionId: row.id,
    })),
  );
  return row;
}
