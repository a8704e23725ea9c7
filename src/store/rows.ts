/** Rows as the rest of the product sees them: plain values, the shop's own ids beside the internal ones. */
import type { ErrorCode } from '../errors.js';
import type { BehaviourType } from '../pipeline/history.js';
import type { TaskName } from '../tasks/index.js';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface UserRow {
  readonly id: number;
  readonly externalId: string;
  readonly attributes: JsonObject;
  readonly createdAt: Date;
}

export interface ItemRow {
  readonly id: number;
  readonly externalId: string;
  readonly title: string;
  readonly category: string[];
  /** Decimal string, or null when unknown. */
  readonly price: string | null;
  readonly currency: string | null;
  readonly available: boolean;
  readonly imageUrl: string | null;
  readonly attributes: JsonObject;
}

export interface BehaviourRecord {
  readonly eventId: string;
  readonly userId: number;
  readonly itemId: number | null;
  readonly type: BehaviourType;
  readonly occurredAt: Date;
  readonly sessionId: string | null;
  readonly quantity: number | null;
  readonly value: string | null;
  readonly context: JsonObject | null;
}

export interface OrderLine {
  readonly itemId: string;
  readonly quantity: number;
  readonly price: string | null;
}

export interface UserWrite {
  readonly id: string;
  readonly attributes?: JsonObject;
}

export interface ItemWrite {
  readonly id: string;
  readonly title: string;
  readonly category?: string[];
  readonly price?: string | null;
  readonly currency?: string | null;
  readonly available?: boolean;
  readonly imageUrl?: string | null;
  readonly attributes?: JsonObject;
}

/** Users and items that are not stored yet are made on the way (an item gets its id as title). */
export interface BehaviourWrite {
  readonly eventId: string;
  readonly userId: string;
  readonly itemId?: string | null;
  readonly type: BehaviourType;
  readonly occurredAt: Date;
  readonly sessionId?: string | null;
  readonly quantity?: number | null;
  readonly value?: string | null;
  readonly context?: JsonObject | null;
}

export interface TransactionWrite {
  readonly id: string;
  readonly userId: string;
  readonly amount: string;
  readonly currency: string;
  readonly occurredAt: Date;
  readonly items?: OrderLine[];
  readonly paymentMethod?: string | null;
  readonly deviceId?: string | null;
  readonly ipCountry?: string | null;
  readonly billingCountry?: string | null;
  readonly shippingCountry?: string | null;
  readonly isFraud?: boolean | null;
}

/** What happened to something that was shown. */
export const FEEDBACK_KINDS = ['SHOWN', 'CLICKED', 'BOUGHT'] as const;
export type FeedbackKind = (typeof FEEDBACK_KINDS)[number];

export interface FeedbackWrite {
  readonly eventId: string;
  readonly userId: string;
  readonly impressionId?: string | null;
  readonly itemId?: string | null;
  readonly kind: FeedbackKind;
  readonly occurredAt: Date;
}

export interface ImpressionWrite {
  readonly id: string;
  readonly userId: string;
  readonly itemId: string;
  readonly modelVersionId: string;
  readonly rank: number;
  readonly score: number;
  readonly reason: string;
  readonly shownAt: Date;
}

export interface RowError {
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** accepted + duplicates + rejected = rows sent. `accepted` counts rows that were stored or changed. */
export interface WriteResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly errors: RowError[];
}

export const RUN_KINDS = [
  'SINGLE_TASK',
  'MULTI_TASK',
  'COLLABORATIVE',
  'ENSEMBLE',
  'CROSS_VALIDATION',
  'SEARCH',
  'AUTO',
] as const;
export type RunKind = (typeof RUN_KINDS)[number];
export const RUN_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface RunRow {
  readonly id: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  /** 0 to 1. */
  readonly progress: number;
  readonly tasks: TaskName[];
  readonly config: JsonObject;
  readonly seed: number;
  readonly error: { code: ErrorCode; message: string } | null;
  readonly modelVersionId: string | null;
  readonly cancelRequested: boolean;
  /** How often a worker has taken the run up. */
  readonly attempts: number;
  readonly heartbeatAt: Date | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export interface EpochMetricRow {
  readonly runId: string;
  readonly model: string;
  readonly epoch: number;
  readonly task: TaskName | null;
  readonly trainLoss: number;
  readonly validationLoss: number | null;
}

export interface ModelVersionRow {
  readonly id: string;
  readonly runId: string;
  /** SHA-256 over the files of the version, lower-case hex. */
  readonly contentHash: string;
  readonly tasks: TaskName[];
  readonly architecture: string;
  /** The cut: nothing from then on was seen in training. */
  readonly dataUntil: Date;
  readonly sizeBytes: number;
  readonly manifest: JsonObject;
  readonly createdAt: Date;
}

export interface DeploymentRow {
  readonly id: string;
  readonly modelVersionId: string;
  readonly tasks: TaskName[];
  /** Share of users served by this version, 0 to 1; the rest stays with `previousId`'s. */
  readonly trafficShare: number;
  readonly previousId: string | null;
  readonly deployedAt: Date;
  readonly endedAt: Date | null;
}

export interface AlertRow {
  readonly id: string;
  readonly kind: string;
  readonly severity: 'INFO' | 'WARNING' | 'CRITICAL';
  readonly message: string;
  readonly value: number | null;
  readonly threshold: number | null;
  readonly createdAt: Date;
}

/** What a scheduled look at the models in service found. */
export interface ShopCheckRow {
  readonly id: string;
  /** The shop's clock at the check. */
  readonly asOf: Date;
  readonly checkedAt: Date;
  /** Drift of features, live figures, tasks that are not due, alerts. */
  readonly result: JsonObject;
}

export interface ErasureRow {
  readonly id: string;
  readonly erasedAt: Date;
  /** Rows removed by table. */
  readonly removed: Record<string, number>;
  /** Model versions trained while the user's data was there. */
  readonly modelVersionIds: string[];
}
