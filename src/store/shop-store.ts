/**
 * What the product asks of the store for one shop. Every statement behind it runs under that shop's row-level security, so no
 * method takes a shop. Methods whose name ends in `…ByIds` or takes a list are batched: one SQL statement whatever the length.
 */
import type { DemandSeries, ShopHistory } from '../pipeline/index.js';
import type { BehaviourType, HistoryTransaction } from '../pipeline/index.js';
import type { CustomTask, TaskName } from '../tasks/index.js';
import type { ApiKeyStore } from './api-keys.js';
import type { IdentityStore, QuarantineStore, SourceStore } from './collect-store.js';
import type { ConnectionStore } from './connections.js';
import type { DataJobStore } from './data-job-store.js';
import type { EvaluationStore } from './evaluations.js';
import type { HistoryFiles, HistoryFilesOptions } from './history-files.js';
import type { ImportPositionStore } from './import-positions.js';
import type { RetentionStore } from './retention.js';
import type {
  AlertRow,
  BehaviourRecord,
  BehaviourWrite,
  DeploymentRow,
  EpochMetricRow,
  ErasureRow,
  FeedbackWrite,
  ImpressionWrite,
  ItemRow,
  ItemWrite,
  JsonObject,
  ModelVersionRow,
  RunKind,
  RunRow,
  RunStatus,
  ShopCheckRow,
  TransactionWrite,
  UserRow,
  UserWrite,
  WriteResult,
} from './rows.js';
import type { ScheduleStore } from './schedule-store.js';
import type { TrialStore } from './trials.js';

/** Keyset page: rows after an opaque cursor; `hasNextPage` without a count. */
export interface PageRequest {
  readonly first: number;
  readonly after?: string | null;
}
export interface Page<Row> {
  readonly rows: readonly (Row & { readonly cursor: string })[];
  readonly hasNextPage: boolean;
}

export interface UserFilter {
  readonly ids?: readonly string[];
  readonly search?: string;
}
export interface ItemFilter {
  readonly ids?: readonly string[];
  readonly excludeIds?: readonly string[];
  readonly search?: string;
  readonly category?: readonly string[];
  readonly minPrice?: string;
  readonly maxPrice?: string;
  readonly available?: boolean;
}
export interface BehaviourFilter {
  readonly userId?: string;
  readonly itemId?: string;
  readonly types?: readonly BehaviourType[];
  readonly from?: Date;
  readonly to?: Date;
}
export interface RunFilter {
  readonly kinds?: readonly RunKind[];
  readonly statuses?: readonly RunStatus[];
}

/** Users' histories, and the shop's id of each number in `behaviours.session`. */
export interface UserSessions {
  readonly history: ShopHistory;
  readonly sessionIds: readonly string[];
}

export interface ShopStore
  extends
    SourceStore,
    QuarantineStore,
    IdentityStore,
    RetentionStore,
    DataJobStore,
    ConnectionStore,
    ScheduleStore,
    ImportPositionStore,
    EvaluationStore,
    TrialStore {
  readonly shopId: number;
  readonly shopKey: string;

  // people, items, behaviours
  usersByIds(ids: readonly number[]): Promise<(UserRow | null)[]>;
  usersByExternalIds(ids: readonly string[]): Promise<(UserRow | null)[]>;
  users(page: PageRequest, filter?: UserFilter): Promise<Page<UserRow>>;
  countUsers(filter?: UserFilter): Promise<number>;
  itemsByIds(ids: readonly number[]): Promise<(ItemRow | null)[]>;
  itemsByExternalIds(ids: readonly string[]): Promise<(ItemRow | null)[]>;
  items(page: PageRequest, filter?: ItemFilter): Promise<Page<ItemRow>>;
  countItems(filter?: ItemFilter): Promise<number>;
  /** External ids of all items that pass the filter, for ranking under a filter. */
  itemExternalIds(filter: ItemFilter): Promise<string[]>;
  /** Newest first. */
  behaviours(page: PageRequest, filter?: BehaviourFilter): Promise<Page<BehaviourRecord>>;
  countBehaviours(filter?: BehaviourFilter): Promise<number>;
  /** One page of the newest behaviours for each user, in one statement. */
  behavioursByUsers(userIds: readonly number[], page: PageRequest): Promise<Page<BehaviourRecord>[]>;

  // writes: idempotent, batched, valid rows stored even when others are rejected; rows carry their index in the errors
  upsertUsers(rows: readonly UserWrite[]): Promise<WriteResult>;
  upsertItems(rows: readonly ItemWrite[]): Promise<WriteResult>;
  recordBehaviours(rows: readonly BehaviourWrite[]): Promise<WriteResult>;
  recordTransactions(rows: readonly TransactionWrite[]): Promise<WriteResult>;
  recordFeedback(rows: readonly FeedbackWrite[]): Promise<WriteResult>;
  recordImpressions(rows: readonly ImpressionWrite[]): Promise<void>;
  /** Removes the person's rows everywhere and keeps a receipt without personal data. @throws AppError NOT_FOUND */
  eraseUser(externalId: string): Promise<ErasureRow>;

  // columns for training and serving
  /** All users, items, behaviours and transactions up to `before`, streamed by COPY into typed arrays. */
  readHistory(options?: { before?: Date }): Promise<ShopHistory>;
  /** The history in column files of a folder, kept up by reading what is new: for more behaviours than memory holds. */
  openHistoryFiles(directory: string, options?: HistoryFilesOptions): Promise<HistoryFiles>;
  /** The history of these users alone (items limited to theirs), in at most two statements; unknown ids become users without behaviours. */
  readUserHistories(externalIds: readonly string[]): Promise<ShopHistory>;
  /** The same, and the shop's ids of the sessions. */
  readUserSessions(externalIds: readonly string[]): Promise<UserSessions>;
  /** Units sold a day of these items over the last `days` days of the shop's clock. */
  readDemandSeries(externalIds: readonly string[], days: number): Promise<DemandSeries>;
  /** A user's transactions before a time, oldest first, at most 200. */
  readTransactions(externalUserId: string, before: Date): Promise<HistoryTransaction[]>;
  /** Latest behaviour; null for an empty shop. */
  latestBehaviourAt(): Promise<Date | null>;
  counts(): Promise<{ users: number; items: number; behaviours: number; transactions: number }>;

  // tasks of the shop's own
  /** By name. */
  customTasks(): Promise<CustomTask[]>;
  /**
   * Stores a definition. One of the same name is changed, where what it asks stays the same: its words, whom it is asked about, how yes is decided.
   *
   * @throws AppError CONFLICT where a task of the name asks something else; LIMIT_EXCEEDED
   */
  defineTask(task: CustomTask): Promise<CustomTask>;
  /** @throws AppError NOT_FOUND */
  deleteTask(name: string): Promise<CustomTask>;

  // runs
  createRun(run: { kind: RunKind; tasks: TaskName[]; config: JsonObject; seed: number }): Promise<RunRow>;
  /** The same, where no run of its kind is queued or running. @throws AppError CONFLICT with that run's id, also where both start at once */
  startRun(run: { kind: RunKind; tasks: TaskName[]; config: JsonObject; seed: number }): Promise<RunRow>;
  runsByIds(ids: readonly string[]): Promise<(RunRow | null)[]>;
  runs(page: PageRequest, filter?: RunFilter): Promise<Page<RunRow>>;
  activeRun(kind: RunKind): Promise<RunRow | null>;
  /** Changes the given fields; `status` only along QUEUED → RUNNING → SUCCEEDED | FAILED | CANCELLED (RUNNING → QUEUED when a worker died). */
  updateRun(
    id: string,
    change: Partial<
      Pick<
        RunRow,
        | 'status'
        | 'progress'
        | 'error'
        | 'modelVersionId'
        | 'cancelRequested'
        | 'attempts'
        | 'heartbeatAt'
        | 'startedAt'
        | 'finishedAt'
      >
    >,
  ): Promise<RunRow>;
  /** Takes a QUEUED run up: RUNNING, one attempt more, heartbeat now. null when another worker was first or it is not queued. */
  claimRun(id: string): Promise<RunRow | null>;
  /**
   * Puts a running run back, unless a worker has given a sign of life since it was read.
   *
   * @returns whether it was put back
   */
  releaseRun(run: Pick<RunRow, 'id' | 'heartbeatAt'>): Promise<boolean>;
  /** Takes away the epochs and evaluations that a run stored, except those of a model version. */
  clearRunResults(runId: string): Promise<void>;
  addEpochMetrics(rows: readonly EpochMetricRow[]): Promise<void>;
  epochMetricsByRuns(runIds: readonly string[]): Promise<EpochMetricRow[][]>;
  /** A run's saved training state; written whole or not at all. */
  writeCheckpoint(runId: string, name: string, bytes: Uint8Array): Promise<void>;
  readCheckpoint(runId: string, name: string): Promise<Uint8Array | null>;
  deleteCheckpoints(runId: string): Promise<void>;

  // versions and deployments
  createModelVersion(
    row: Omit<ModelVersionRow, 'id' | 'createdAt'> & { readonly id?: string },
  ): Promise<ModelVersionRow>;
  modelVersionsByIds(ids: readonly string[]): Promise<(ModelVersionRow | null)[]>;
  modelVersions(page: PageRequest): Promise<Page<ModelVersionRow>>;
  createDeployment(row: {
    modelVersionId: string;
    tasks: TaskName[];
    trafficShare: number;
  }): Promise<DeploymentRow>;
  /** The deployments in force: newest first; a task is served by the newest that has it. */
  activeDeployments(): Promise<DeploymentRow[]>;
  /** Ends the newest active deployment; @throws AppError CONFLICT when there is none before it. */
  rollbackDeployment(): Promise<DeploymentRow>;

  addAlert(alert: Omit<AlertRow, 'id' | 'createdAt'>): Promise<AlertRow>;
  alerts(from: Date, to: Date): Promise<AlertRow[]>;
  addShopCheck(check: Pick<ShopCheckRow, 'asOf' | 'result'>): Promise<ShopCheckRow>;
  /** The newest first. */
  shopChecks(first: number): Promise<ShopCheckRow[]>;

  /** Rows of a read-only statement under the shop's row-level security; for `analytics`, where SQL aggregates. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** All shops of one installation. */
export interface Store {
  /** @throws AppError NOT_FOUND for a shop that was never made; `default` always is. */
  forShop(key: string): Promise<ShopStore>;
  createShop(key: string, name: string): Promise<ShopStore>;
  shops(): Promise<{ key: string; name: string }[]>;
  /** Publishes to every process of the installation (LISTEN / NOTIFY); payload ≤ 7,000 bytes of JSON. */
  notify(channel: string, payload: JsonObject): Promise<void>;
  /** @returns stops listening */
  listen(channel: string, onPayload: (payload: JsonObject) => void): Promise<() => Promise<void>>;
  /**
   * Holds a name until it is let go, this process ends (however it ends) or the store closes; any number of processes may hold it
   * together.
   *
   * @returns lets it go
   */
  hold(name: string): Promise<() => Promise<void>>;
  /**
   * Holds a name alone, while the process and its connection to the database live.
   *
   * @returns lets it go; null where the name is held already
   */
  holdAlone(name: string): Promise<(() => Promise<void>) | null>;
  /** Whether any process holds the name. */
  isHeld(name: string): Promise<boolean>;
  /** Number of SQL statements sent since the store was opened; tests count with it. */
  statementCount(): number;
  ping(): Promise<void>;
  readonly apiKeys: ApiKeyStore;
  close(): Promise<void>;
}
