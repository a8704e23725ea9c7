/**
 * The contract of everything that is trained. It speaks typed arrays, never tensors, so that jobs, evaluation and serving need not know
 * TensorFlow. A model never grades itself: whoever trains it hands its predictions to `evaluate`.
 */
import type { TaskName } from '../tasks/index.js';
import type { ExportableNetwork } from './exportable-network.js';
import { BEHAVIOUR_TYPES, type HistoryTransaction, type ShopHistory } from './history.js';
import type { TaskSharing } from './task-sharing.js';

/** Which way of learning a model belongs to; the first column of every comparison. */
export type ModelFamily = 'BASELINE' | 'SINGLE' | 'MULTI' | 'COLLABORATIVE' | 'ENSEMBLE';

/** Losses of one epoch; `task` null is the total. */
export interface EpochReport {
  readonly model: string;
  readonly epoch: number;
  readonly task: TaskName | null;
  readonly trainLoss: number;
  readonly validationLoss: number | null;
}

/** Keeps a training's state, so that another process can go on from it. */
export interface CheckpointStore {
  /** The bytes stored last under the name, or null. */
  read(name: string): Promise<Uint8Array | null>;
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** At most this often within a training; 15 unless said. */
  readonly everySeconds?: number;
}

export interface FitContext {
  readonly seed: number;
  /** Aborted on cancel: fit rejects with `signal.reason` soon after. */
  readonly signal: AbortSignal;
  readonly onEpoch: (report: EpochReport) => void;
  /** Share of this fit that is done, 0 to 1. */
  readonly onProgress: (share: number) => void;
  readonly checkpoints?: CheckpointStore;
  /** For models that `learnsInCycles`: which of the weights that the training passes by it ends with. */
  readonly snapshot?: { readonly cycles: number; readonly cycle: number };
  /**
   * Opens the shop's model version of an id, for a model that learns from it; the caller disposes its models.
   *
   * @throws AppError NOT_FOUND
   */
  readonly openVersion?: (id: string) => Promise<TrainedVersion>;
}

/** A model version's predictors. */
export interface TrainedVersion {
  /** Milliseconds: nothing at or after it was seen. */
  readonly cut: number;
  readonly models: Readonly<Partial<Record<TaskName, Model>>>;
  dispose(): void;
}

/** What a model may learn from: nothing at or after `cut` may be read, neither for features nor for labels. */
export interface TrainingData {
  readonly history: ShopHistory;
  /** Milliseconds since the epoch. */
  readonly cut: number;
}

/** Users to score as of a time. The history may hold only these users' behaviours (as in serving). */
export interface UserRequest {
  readonly history: ShopHistory;
  /** Indices into history.users. */
  readonly users: Int32Array;
  readonly asOf: number;
}

/** One feature's part in one prediction, in logits. */
export interface Contribution {
  readonly feature: string;
  readonly description: string;
  /** The feature's own value, in its unit. */
  readonly value: number;
  /** Logits added (or taken off) against the average user. */
  readonly contribution: number;
}

/** Users as of past times, each with the features that training gives it. */
export interface UserExampleRows {
  readonly history: ShopHistory;
  /** [examples] indices into history.users. */
  readonly users: Int32Array;
  /** [examples] milliseconds since the epoch: as of when each is. */
  readonly times: Float64Array;
  /** [examples × USER_FEATURES] standardised among the users of the same time. */
  readonly features: Float32Array;
}

/** Scores users for yes/no tasks. */
export interface UserScorer {
  /** Probability per user, by task; each array is [users]. */
  scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>>;
  /** Contributions per user, the largest magnitude first, at most `first` each. */
  explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]>;
  /** Probabilities for examples of the past, by task: [examples] each; for a model that learns from this one. */
  scoreExamples?(examples: UserExampleRows): Promise<Partial<Record<TaskName, Float32Array>>>;
}

/** Why an item is shown; `item` is the item that led to it, where there is one (index into the model's items). */
export interface RankReason {
  readonly kind: 'BOUGHT_TOGETHER' | 'BOUGHT_REGULARLY' | 'SIMILAR' | 'POPULAR' | 'TRENDING' | 'FOR_YOU';
  readonly itemId: string | null;
}

export interface RankedItem {
  /** The shop's own id of the item. */
  readonly itemId: string;
  readonly score: number;
  readonly reason: RankReason;
}

export interface RankOptions {
  readonly first: number;
  /** Items that may be shown, by the shop's id; null = all. */
  readonly allowed: ReadonlySet<string> | null;
  /** Leave out what the user bought before. */
  readonly excludeBought: boolean;
}

/** Users as of past times with the items they choose among, each with the features that training gives it. */
export interface RankingExampleRows extends UserExampleRows {
  readonly candidates: number;
  /** [examples × candidates] indices into history.items; -1 for padding. */
  readonly items: Int32Array;
  /** [examples × candidates × CANDIDATE_FEATURES] not standardised. */
  readonly candidateFeatures: Float32Array;
}

/** Ranks items for users. */
export interface ItemRanker {
  /** The shop's ids of the items that it can rank, in an order of its own that saving and loading keep. */
  readonly itemIds: readonly string[];
  /**
   * Scores of all items of `request.history` known at asOf, for evaluation by full ranking:
   * [users × history.items.length], row by row; -Infinity for items not known before asOf.
   */
  scoreItems(request: UserRequest): Promise<Float32Array>;
  /** The same scores of the ranker's own items: [users × itemIds.length]. For serving; not all rankers have it. */
  scoreKnown?(request: UserRequest): Promise<Float32Array>;
  /** Why each item of the users' lists would be shown. @param lists [users] the shop's ids of items that the ranker knows */
  reasons?(request: UserRequest, lists: readonly (readonly string[])[]): Promise<RankReason[][]>;
  /** The best items per user, for serving. A user without behaviours gets popular items. */
  rankItems(request: UserRequest, options: RankOptions): Promise<RankedItem[][]>;
  similarItems(itemId: string, options: RankOptions): Promise<RankedItem[]>;
  trendingItems(options: RankOptions): Promise<RankedItem[]>;
  /** Logits of the candidates of past examples, [examples × candidates]; for a model that learns from this one. */
  scoreExamples?(examples: RankingExampleRows): Promise<Float32Array>;
}

/** Units sold per item and day up to (not including) `asOf`'s day. */
export interface DemandSeries {
  /** The shop's ids of the items. */
  readonly itemIds: readonly string[];
  /** First day, milliseconds since the epoch at 00:00 UTC. */
  readonly startDay: number;
  readonly days: number;
  /** [items × days], row by row. */
  readonly units: Float32Array;
}

export interface DemandForecastValues {
  /** [items × horizonDays] expected units a day, with a central 80 % interval. */
  readonly units: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

export interface DemandForecaster {
  forecast(series: DemandSeries, horizonDays: number): Promise<DemandForecastValues>;
}

/** A transaction to assess, with the user's earlier ones (sorted by time) as context. */
export interface TransactionContext {
  readonly transaction: HistoryTransaction;
  readonly earlier: readonly HistoryTransaction[];
}

export interface FraudScorer {
  /** Probability of fraud per transaction: [transactions]. */
  scoreTransactions(transactions: readonly TransactionContext[]): Promise<Float32Array>;
  explainTransactions(transactions: readonly TransactionContext[], first: number): Promise<Contribution[][]>;
}

/** What a user may do next in a session: a behaviour of one of the types, or nothing more. */
export const NEXT_BEHAVIOURS = [...BEHAVIOUR_TYPES, 'END'] as const;
export type NextBehaviour = (typeof NEXT_BEHAVIOURS)[number];

/** A session so far. */
export interface OpenSession {
  /** Index into history.users. */
  readonly user: number;
  /** Its behaviours by time, at least one: rows of history.behaviours. Of those rows and the user's earlier ones nothing later is read. */
  readonly rows: Int32Array;
}

export interface SessionRequest {
  readonly history: ShopHistory;
  readonly sessions: readonly OpenSession[];
}

export interface SessionScores {
  /** [sessions] probability of a purchase before the session ends. */
  readonly SESSION_OUTCOME?: Float32Array;
  /** [sessions × NEXT_BEHAVIOURS.length] probabilities, row by row. */
  readonly NEXT_BEHAVIOUR?: Float32Array;
}

/** Tells how open sessions go on. */
export interface SessionScorer {
  scoreSessions(request: SessionRequest): Promise<SessionScores>;
}

/** Everything trained: it fits, saves, and offers a scorer for each entity that its tasks are about. */
export interface Model {
  /** Architecture, e.g. 'logistic-regression', 'dense', 'shared-bottom', 'weighted-average'. */
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly tasks: readonly TaskName[];
  readonly users?: UserScorer;
  readonly items?: ItemRanker;
  readonly demand?: DemandForecaster;
  readonly fraud?: FraudScorer;
  readonly sessions?: SessionScorer;
  readonly learnsInCycles?: boolean;
  /** @throws AppError TOO_FEW_DATA with have and need; signal.reason when aborted. */
  fit(data: TrainingData, context: FitContext): Promise<void>;
  /** Writes everything that `load` needs into an existing empty directory. */
  save(directory: string): Promise<void>;
  /** Its networks, after fit or load; without it the model is none (counts, lists). They live as long as the model does. */
  networks?(): readonly ExportableNetwork[];
  /** How its nets part themselves between their tasks, after fit or load; without it no net of it learns several. */
  sharing?(): readonly TaskSharing[];
  dispose(): void;
}

/** How a saved model comes back: the registry maps an architecture's name to this. */
export interface ModelType {
  readonly architecture: string;
  readonly family: ModelFamily;
  /** Way of learning from each other that COLLABORATIVE runs ask for it by, such as MUTUAL_LEARNING; no other run takes it. */
  readonly collaboration?: string;
  create(tasks: readonly TaskName[], hyperparameters: Readonly<Record<string, unknown>>): Model;
  load(directory: string): Promise<Model>;
}
