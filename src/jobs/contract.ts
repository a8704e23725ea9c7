/** What the API and the command line ask of the queue. Work itself happens in worker processes. */
import type { CalibrationMethod, EnsembleMethod, EpochReport, Pruning } from '../pipeline/index.js';
import type { JsonObject, RunRow, RunStatus } from '../store/index.js';
import type { TaskName } from '../tasks/index.js';
import type { DataJobs } from './data/contract.js';
import type { CrossValidationRequest, SearchRequest, Thresholds } from './evaluation-contract.js';

export interface TrainingRequest {
  readonly kind: 'SINGLE_TASK' | 'MULTI_TASK' | 'COLLABORATIVE' | 'AUTO';
  /** Empty or absent = every task that the kind and the shop's data allow. */
  readonly tasks?: readonly TaskName[];
  /** Tasks that the shop has defined, by the names that it gave them. */
  readonly customTasks?: readonly string[];
  readonly architecture?: string;
  readonly lossBalancing?: { readonly method: string; readonly weights?: Partial<Record<TaskName, number>> };
  readonly resampling?: Partial<Record<TaskName, string>>;
  readonly collaboration?: string;
  readonly hyperparameters?: JsonObject;
  readonly thresholds?: Thresholds;
  readonly seed?: number;
  /** Train as of this time; default the shop's clock. */
  readonly cut?: Date;
  /** Deploy what comes out when it succeeds. */
  readonly deploy?: boolean;
}

export interface EnsembleRequest {
  readonly members: readonly string[];
  readonly method: EnsembleMethod;
  /** For SNAPSHOT: cycles of the learning rate; 4 unless said. */
  readonly snapshots?: number;
  /** After combining; NONE unless said. */
  readonly calibration?: CalibrationMethod;
  /** Members that do not pay are left out; NONE unless said. */
  readonly prune?: Pruning;
  /** Also distil the ensemble to one net of this architecture, which becomes a version of its own. */
  readonly distil?: string;
  /** Rules for thresholds by task; those of the members' runs unless said. */
  readonly thresholds?: Thresholds;
  readonly seed?: number;
  readonly deploy?: boolean;
}

/** Sent on the channel `run_progress` on every change worth showing. */
export interface RunProgressEvent {
  readonly shopKey: string;
  readonly runId: string;
  readonly status: RunStatus;
  readonly progress: number;
  readonly message: string;
  readonly epoch: EpochReport | null;
}

export interface Jobs {
  /** @throws AppError CONFLICT while a run of the kind is queued or running; BAD_USER_INPUT; TOO_FEW_DATA */
  startTraining(shopKey: string, request: TrainingRequest): Promise<RunRow>;
  startEnsemble(shopKey: string, request: EnsembleRequest): Promise<RunRow>;
  startCrossValidation(shopKey: string, request: CrossValidationRequest): Promise<RunRow>;
  startSearch(shopKey: string, request: SearchRequest): Promise<RunRow>;
  /** @throws AppError NOT_FOUND; CONFLICT when it has ended. */
  cancel(shopKey: string, runId: string): Promise<RunRow>;
  /**
   * Trains what a new shop needs and deploys it: a model a task, the multi-task models, and their ensemble. Resolves when it serves.
   *
   * @throws AppError when one of the runs fails
   */
  runFirstTraining(shopKey: string): Promise<void>;
  /** Progress of every run of the shop; @returns stops listening. */
  onProgress(shopKey: string, listener: (event: RunProgressEvent) => void): Promise<() => Promise<void>>;
  /** Imports, pulls, crawls, retention. */
  readonly data: DataJobs;
  close(): Promise<void>;
}
