/**
 * What the API asks of the serving host (a process of its own, which alone holds TensorFlow and the deployed models).
 * Every call is batched: one call scores any number of users.
 */
import type { RunRow } from '../../store/index.js';
import type { TaskName } from '../../tasks/index.js';
import type {
  Contribution,
  DemandForecastValues,
  DemandSeries,
  RankedItem,
  RankOptions,
  SessionRequest,
  SessionScores,
  ShopHistory,
  TransactionContext,
} from '../index.js';

/** Which version answered, and the decision threshold it carries for the task. */
export interface ServedBy {
  readonly modelVersionId: string;
  /** Threshold for yes/no tasks; 0.5 where the task has none. */
  readonly threshold: number;
}

export type SessionTaskName = keyof SessionScores;

export interface UserScores {
  /** [users] by task, in the order of the request. */
  readonly probabilities: Partial<Record<TaskName, Float32Array>>;
  /** Per task and user: who answered (with a traffic share below 1, users differ). */
  readonly servedBy: Partial<Record<TaskName, ServedBy[]>>;
}

export interface ServingStatus {
  readonly ready: boolean;
  readonly pid: number | null;
  readonly isNative: boolean;
  readonly loaded: readonly { shopKey: string; modelVersionId: string; tasks: readonly TaskName[] }[];
  readonly calls: number;
}

/** What decides which models a run fits, and with which settings. */
export type RunPlan = Pick<RunRow, 'kind' | 'tasks' | 'config'>;

export interface ServingClient {
  /** Makes the models of a run without fitting them. @throws AppError BAD_USER_INPUT for what no model takes */
  checkPlan(plan: RunPlan): Promise<void>;
  /** @throws AppError NOT_READY when no deployed version has a task asked for. */
  scoreUsers(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    tasks: readonly TaskName[],
  ): Promise<UserScores>;
  explainUsers(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    task: TaskName,
    first: number,
  ): Promise<Contribution[][]>;
  rankItems(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    options: RankOptions,
  ): Promise<{ items: RankedItem[][]; servedBy: ServedBy[] }>;
  similarItems(
    shopKey: string,
    itemId: string,
    options: RankOptions,
  ): Promise<{ items: RankedItem[]; servedBy: ServedBy }>;
  trendingItems(shopKey: string, options: RankOptions): Promise<{ items: RankedItem[]; servedBy: ServedBy }>;
  forecast(
    shopKey: string,
    series: DemandSeries,
    horizonDays: number,
  ): Promise<{ values: DemandForecastValues; servedBy: ServedBy }>;
  assessTransactions(
    shopKey: string,
    transactions: readonly TransactionContext[],
    explainFirst: number,
  ): Promise<{ probabilities: Float32Array; contributions: Contribution[][]; servedBy: ServedBy }>;
  /** How open sessions go on: [sessions × answers of the task], and by session who answered. */
  scoreSessions(
    shopKey: string,
    request: SessionRequest,
    task: SessionTaskName,
  ): Promise<{ values: Float32Array; servedBy: ServedBy[] }>;
  explainSessions(
    shopKey: string,
    request: SessionRequest,
    task: SessionTaskName,
    first: number,
  ): Promise<Contribution[][]>;
  /** Loads what is deployed now; called after a deployment or rollback. */
  reload(shopKey: string): Promise<void>;
  status(): Promise<ServingStatus>;
  close(): Promise<void>;
}
