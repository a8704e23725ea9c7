/* eslint-disable max-lines -- Written by scripts/dashboard-types.mjs from graphql/; never edited by hand. */
import applyRetention from '../../../graphql/operations/admin-dashboard/apply-retention.graphql?raw';
import behaviourAnalytics from '../../../graphql/operations/admin-dashboard/behaviour-analytics.graphql?raw';
import cancelDataJob from '../../../graphql/operations/admin-dashboard/cancel-data-job.graphql?raw';
import cancelRun from '../../../graphql/operations/admin-dashboard/cancel-run.graphql?raw';
import compareModels from '../../../graphql/operations/admin-dashboard/compare-models.graphql?raw';
import customTasks from '../../../graphql/operations/admin-dashboard/custom-tasks.graphql?raw';
import dataJobProgress from '../../../graphql/operations/admin-dashboard/data-job-progress.graphql?raw';
import dataJobs from '../../../graphql/operations/admin-dashboard/data-jobs.graphql?raw';
import defineTask from '../../../graphql/operations/admin-dashboard/define-task.graphql?raw';
import deleteTask from '../../../graphql/operations/admin-dashboard/delete-task.graphql?raw';
import demandForecast from '../../../graphql/operations/admin-dashboard/demand-forecast.graphql?raw';
import deployModel from '../../../graphql/operations/admin-dashboard/deploy-model.graphql?raw';
import discardQuarantinedRows from '../../../graphql/operations/admin-dashboard/discard-quarantined-rows.graphql?raw';
import ensembleReports from '../../../graphql/operations/admin-dashboard/ensemble-reports.graphql?raw';
import evaluationCurves from '../../../graphql/operations/admin-dashboard/evaluation-curves.graphql?raw';
import finishedVersions from '../../../graphql/operations/admin-dashboard/finished-versions.graphql?raw';
import guessImport from '../../../graphql/operations/admin-dashboard/guess-import.graphql?raw';
import item from '../../../graphql/operations/admin-dashboard/item.graphql?raw';
import items from '../../../graphql/operations/admin-dashboard/items.graphql?raw';
import mendQuarantinedRow from '../../../graphql/operations/admin-dashboard/mend-quarantined-row.graphql?raw';
import modelHealth from '../../../graphql/operations/admin-dashboard/model-health.graphql?raw';
import modelVersion from '../../../graphql/operations/admin-dashboard/model-version.graphql?raw';
import monitoring from '../../../graphql/operations/admin-dashboard/monitoring.graphql?raw';
import monitoringAlerts from '../../../graphql/operations/admin-dashboard/monitoring-alerts.graphql?raw';
import overview from '../../../graphql/operations/admin-dashboard/overview.graphql?raw';
import pauseSchedule from '../../../graphql/operations/admin-dashboard/pause-schedule.graphql?raw';
import quarantine from '../../../graphql/operations/admin-dashboard/quarantine.graphql?raw';
import quarantineCounts from '../../../graphql/operations/admin-dashboard/quarantine-counts.graphql?raw';
import removeSchedule from '../../../graphql/operations/admin-dashboard/remove-schedule.graphql?raw';
import replayQuarantinedRows from '../../../graphql/operations/admin-dashboard/replay-quarantined-rows.graphql?raw';
import resumeSchedule from '../../../graphql/operations/admin-dashboard/resume-schedule.graphql?raw';
import retention from '../../../graphql/operations/admin-dashboard/retention.graphql?raw';
import rollbackDeployment from '../../../graphql/operations/admin-dashboard/rollback-deployment.graphql?raw';
import run from '../../../graphql/operations/admin-dashboard/run.graphql?raw';
import runProgress from '../../../graphql/operations/admin-dashboard/run-progress.graphql?raw';
import runs from '../../../graphql/operations/admin-dashboard/runs.graphql?raw';
import schedules from '../../../graphql/operations/admin-dashboard/schedules.graphql?raw';
import searchSpace from '../../../graphql/operations/admin-dashboard/search-space.graphql?raw';
import setRetention from '../../../graphql/operations/admin-dashboard/set-retention.graphql?raw';
import setSchedule from '../../../graphql/operations/admin-dashboard/set-schedule.graphql?raw';
import similarItems from '../../../graphql/operations/admin-dashboard/similar-items.graphql?raw';
import startCrossValidation from '../../../graphql/operations/admin-dashboard/start-cross-validation.graphql?raw';
import startEnsemble from '../../../graphql/operations/admin-dashboard/start-ensemble.graphql?raw';
import startImport from '../../../graphql/operations/admin-dashboard/start-import.graphql?raw';
import startReplay from '../../../graphql/operations/admin-dashboard/start-replay.graphql?raw';
import startSearch from '../../../graphql/operations/admin-dashboard/start-search.graphql?raw';
import startTraining from '../../../graphql/operations/admin-dashboard/start-training.graphql?raw';
import trainTrial from '../../../graphql/operations/admin-dashboard/train-trial.graphql?raw';
import user from '../../../graphql/operations/admin-dashboard/user.graphql?raw';
import userBehaviours from '../../../graphql/operations/admin-dashboard/user-behaviours.graphql?raw';
import userCustomPredictions from '../../../graphql/operations/admin-dashboard/user-custom-predictions.graphql?raw';
import userPredictions from '../../../graphql/operations/admin-dashboard/user-predictions.graphql?raw';
import userRecommendations from '../../../graphql/operations/admin-dashboard/user-recommendations.graphql?raw';
import userSessions from '../../../graphql/operations/admin-dashboard/user-sessions.graphql?raw';
import users from '../../../graphql/operations/admin-dashboard/users.graphql?raw';
import { type Json, operation } from './operation.js';

export type AlertSeverity = 'CRITICAL' | 'INFO' | 'WARNING';
export type BehaviourType =
  'ADD_TO_CART' | 'FAVOURITE' | 'PURCHASE' | 'RATING' | 'REFUND' | 'REMOVE_FROM_CART' | 'SEARCH' | 'VIEW';
export type CalibrationMethod = 'ISOTONIC' | 'NONE' | 'TEMPERATURE';
export type CountedUnit = 'BEHAVIOURS' | 'ITEMS';
export interface CrossValidationInput {
  readonly architecture?: string | null;
  readonly architectures?: readonly string[] | null;
  readonly customTask?: string | null;
  readonly folds?: number | null;
  readonly hyperparameters?: Json | null;
  readonly method?: CrossValidationMethod | null;
  readonly seed?: number | null;
  readonly seeds?: number | null;
  readonly stepDays?: number | null;
  readonly task: Task;
  readonly thresholds?: readonly ThresholdInput[] | null;
}
export type CrossValidationMethod = 'BY_USER' | 'ROLLING_ORIGIN';
export interface CurrencyRateInput {
  readonly currency: string;
  readonly rate: number;
}
export type CurveKind = 'CALIBRATION' | 'LIFT' | 'PRECISION_RECALL' | 'ROC';
export type DataJobKind = 'CRAWL' | 'IMPORT' | 'PULL' | 'REPLAY' | 'RETENTION';
export type DateOrder = 'DMY' | 'MDY' | 'YMD';
export interface DateRange {
  readonly from: string;
  readonly to: string;
}
export interface DefineTaskInput {
  readonly activeDays?: number | null;
  readonly atLeast?: number | null;
  readonly behaviours: readonly BehaviourType[];
  readonly category?: string | null;
  readonly counts?: CountedUnit | null;
  readonly description?: string | null;
  readonly name: string;
  readonly threshold?: Json | null;
  readonly title?: string | null;
  readonly windowDays: number;
}
export type EnsembleMethod =
  'HARD_VOTING' | 'SNAPSHOT' | 'SOFT_VOTING' | 'STACKING' | 'VOTING' | 'WEIGHTED_AVERAGE';
export interface FieldMappingInput {
  readonly column: string;
  readonly field: string;
}
export interface FileSourceInput {
  readonly uploadId?: string | null;
  readonly url?: string | null;
}
export interface ImportSettingsInput {
  readonly currency?: string | null;
  readonly dateOrder?: DateOrder | null;
  readonly keepBots?: boolean | null;
  readonly kind?: RecordKind | null;
  readonly layout?: string | null;
  readonly mapping?: readonly FieldMappingInput[] | null;
  readonly rates?: readonly CurrencyRateInput[] | null;
  readonly timeZone?: string | null;
}
export interface ItemFilter {
  readonly available?: boolean | null;
  readonly category?: readonly string[] | null;
  readonly excludeIds?: readonly string[] | null;
  readonly ids?: readonly string[] | null;
  readonly maxPrice?: string | null;
  readonly minPrice?: string | null;
  readonly search?: string | null;
}
export interface LossBalancingInput {
  readonly method: string;
  readonly weights?: readonly TaskWeightInput[] | null;
}
export type NextBehaviour =
  | 'ADD_TO_CART'
  | 'END'
  | 'FAVOURITE'
  | 'PURCHASE'
  | 'RATING'
  | 'REFUND'
  | 'REMOVE_FROM_CART'
  | 'SEARCH'
  | 'VIEW';
export type Pruning = 'BACKWARD_ELIMINATION' | 'FORWARD_SELECTION' | 'NONE';
export type Ranking = 'ALONE' | 'ONE_SEED' | 'RANKED' | 'UNDECIDED';
export type RecordKind = 'BEHAVIOURS' | 'ITEMS' | 'TRANSACTIONS' | 'USERS';
export type RetentionKind = 'BEHAVIOURS' | 'FEEDBACK' | 'IMPRESSIONS' | 'TRANSACTIONS';
export type RunKind =
  'AUTO' | 'COLLABORATIVE' | 'CROSS_VALIDATION' | 'ENSEMBLE' | 'MULTI_TASK' | 'SEARCH' | 'SINGLE_TASK';
export type RunStatus = 'CANCELLED' | 'FAILED' | 'QUEUED' | 'RUNNING' | 'SUCCEEDED';
export interface SearchBudgetInput {
  readonly least: number;
  readonly most: number;
}
export interface SearchInput {
  readonly architecture?: string | null;
  readonly budget?: SearchBudgetInput | null;
  readonly customTask?: string | null;
  readonly hyperparameters?: Json | null;
  readonly method?: SearchMethod | null;
  readonly parallel?: number | null;
  readonly parameters?: readonly SearchParameterInput[] | null;
  readonly seed?: number | null;
  readonly space?: Json | null;
  readonly task: Task;
  readonly thresholds?: readonly ThresholdInput[] | null;
  readonly trials?: number | null;
}
export type SearchMethod = 'ASHA' | 'RANDOM' | 'TPE';
export interface SearchParameterInput {
  readonly default?: Json | null;
  readonly high?: number | null;
  readonly low?: number | null;
  readonly name: string;
  readonly type: SearchParameterType;
  readonly values?: readonly Json[] | null;
}
export type SearchParameterType = 'CHOICE' | 'FLOAT' | 'INT' | 'LOG';
export type SegmentDimension = 'COUNTRY' | 'ITEMS' | 'LEVEL' | 'PAYMENT_METHOD' | 'USERS';
export interface SourceScheduleInput {
  readonly connectionId?: string | null;
  readonly crawl?: StartCrawlInput | null;
  readonly cron?: string | null;
  readonly everyMinutes?: number | null;
  readonly timeZone?: string | null;
}
export type SourceSystem = 'SHOPIFY' | 'WOOCOMMERCE';
export type Split = 'TEST' | 'TRAIN' | 'VALIDATION';
export interface StartCrawlInput {
  readonly delayMs?: number | null;
  readonly maxDepth?: number | null;
  readonly maxPages?: number | null;
  readonly url: string;
}
export interface StartEnsembleInput {
  readonly calibration?: CalibrationMethod | null;
  readonly deploy?: boolean | null;
  readonly distil?: string | null;
  readonly members: readonly string[];
  readonly method: EnsembleMethod;
  readonly prune?: Pruning | null;
  readonly seed?: number | null;
  readonly snapshots?: number | null;
  readonly thresholds?: readonly ThresholdInput[] | null;
}
export interface StartImportInput {
  readonly name?: string | null;
  readonly settings?: ImportSettingsInput | null;
  readonly source: FileSourceInput;
}
export interface StartTrainingInput {
  readonly architecture?: string | null;
  readonly collaboration?: string | null;
  readonly customTasks?: readonly string[] | null;
  readonly cut?: string | null;
  readonly deploy?: boolean | null;
  readonly hyperparameters?: Json | null;
  readonly kind: RunKind;
  readonly lossBalancing?: LossBalancingInput | null;
  readonly resampling?: readonly TaskResamplingInput[] | null;
  readonly seed?: number | null;
  readonly tasks?: readonly Task[] | null;
  readonly thresholds?: readonly ThresholdInput[] | null;
}
export type Task =
  | 'CHURN'
  | 'CUSTOM'
  | 'DEMAND'
  | 'FRAUD'
  | 'NEXT_BEHAVIOUR'
  | 'PURCHASE_INTENT'
  | 'RECOMMENDATION'
  | 'SESSION_OUTCOME';
export interface TaskResamplingInput {
  readonly customTask?: string | null;
  readonly method: string;
  readonly task: Task;
}
export interface TaskWeightInput {
  readonly customTask?: string | null;
  readonly task: Task;
  readonly weight: number;
}
export type ThresholdBy = 'COST' | 'F1' | 'PRECISION';
export interface ThresholdInput {
  readonly by: ThresholdBy;
  readonly costOfFalseAlarm?: number | null;
  readonly costOfMiss?: number | null;
  readonly customTask?: string | null;
  readonly target?: number | null;
  readonly task: Task;
}
export type TrialStatus = 'FAILED' | 'PAUSED' | 'RUNNING' | 'SUCCEEDED' | 'WAITING';
export interface UserFilter {
  readonly ids?: readonly string[] | null;
  readonly search?: string | null;
}

export type ApplyRetentionData = { readonly applyRetention: { readonly id: string } };
export type ApplyRetentionVariables = Record<string, never>;
export const APPLY_RETENTION = operation<ApplyRetentionData, ApplyRetentionVariables>(
  'ApplyRetention',
  applyRetention,
);
export type BehaviourAnalyticsData = {
  readonly behaviourAnalytics: {
    readonly funnel: readonly {
      readonly type: BehaviourType;
      readonly users: number;
      readonly behaviours: number;
      readonly rate: number;
    }[];
    readonly cohorts: readonly {
      readonly month: string;
      readonly users: number;
      readonly retention: readonly number[];
    }[];
    readonly segments: readonly {
      readonly name: string;
      readonly users: number;
      readonly recencyDays: number;
      readonly frequency: number;
      readonly monetary: string;
      readonly share: number;
    }[];
    readonly topItems: readonly {
      readonly item: { readonly id: string; readonly title: string; readonly currency: string | null };
      readonly behaviours: number;
      readonly users: number;
      readonly units: number;
      readonly revenue: string;
    }[];
    readonly topPaths: readonly { readonly steps: readonly BehaviourType[]; readonly sessions: number }[];
  };
};
export type BehaviourAnalyticsVariables = { readonly range: DateRange };
export const BEHAVIOUR_ANALYTICS = operation<BehaviourAnalyticsData, BehaviourAnalyticsVariables>(
  'BehaviourAnalytics',
  behaviourAnalytics,
);
export type CancelDataJobData = {
  readonly cancelDataJob: { readonly id: string; readonly status: RunStatus };
};
export type CancelDataJobVariables = { readonly id: string };
export const CANCEL_DATA_JOB = operation<CancelDataJobData, CancelDataJobVariables>(
  'CancelDataJob',
  cancelDataJob,
);
export type CancelRunData = { readonly cancelRun: { readonly id: string; readonly status: RunStatus } };
export type CancelRunVariables = { readonly id: string };
export const CANCEL_RUN = operation<CancelRunData, CancelRunVariables>('CancelRun', cancelRun);
export type CompareModelsData = {
  readonly compareModels: {
    readonly tasks: readonly {
      readonly task: Task;
      readonly customTask: string | null;
      readonly metric: string;
      readonly higherIsBetter: boolean;
      readonly protocol: string;
      readonly ranking: Ranking;
      readonly entries: readonly {
        readonly model: string;
        readonly family: string;
        readonly architecture: string;
        readonly isServed: boolean;
        readonly value: number;
        readonly low: number;
        readonly high: number;
        readonly modelVersion: { readonly id: string };
      }[];
      readonly models: readonly {
        readonly model: string;
        readonly seeds: number;
        readonly metrics: readonly { readonly name: string; readonly mean: number }[];
      }[];
      readonly differences: readonly {
        readonly better: string;
        readonly worse: string;
        readonly seeds: number;
        readonly isClear: boolean;
      }[];
    }[];
  };
};
export type CompareModelsVariables = { readonly ids: readonly string[] };
export const COMPARE_MODELS = operation<CompareModelsData, CompareModelsVariables>(
  'CompareModels',
  compareModels,
);
export type CustomTasksData = {
  readonly customTasks: readonly {
    readonly name: string;
    readonly title: string;
    readonly description: string;
    readonly windowDays: number;
    readonly atLeast: number | null;
  }[];
};
export type CustomTasksVariables = Record<string, never>;
export const CUSTOM_TASKS = operation<CustomTasksData, CustomTasksVariables>('CustomTasks', customTasks);
export type DataJobProgressData = {
  readonly dataJobProgress: {
    readonly jobId: string;
    readonly status: RunStatus;
    readonly progress: number;
    readonly message: string;
  };
};
export type DataJobProgressVariables = { readonly id: string };
export const DATA_JOB_PROGRESS = operation<DataJobProgressData, DataJobProgressVariables>(
  'DataJobProgress',
  dataJobProgress,
);
export type DataJobsData = {
  readonly dataJobs: {
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly kind: DataJobKind;
        readonly subject: string;
        readonly status: RunStatus;
        readonly progress: number;
        readonly message: string;
        readonly error: string | null;
        readonly createdAt: string;
        readonly startedAt: string | null;
        readonly finishedAt: string | null;
        readonly importReport: {
          readonly lines: number;
          readonly kept: number;
          readonly dropped: number;
          readonly rejected: number;
          readonly rules: readonly {
            readonly name: string;
            readonly description: string;
            readonly lines: number;
          }[];
        } | null;
      };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};
export type DataJobsVariables = { readonly first: number; readonly after?: string | null };
export const DATA_JOBS = operation<DataJobsData, DataJobsVariables>('DataJobs', dataJobs);
export type DefineTaskData = { readonly defineTask: { readonly name: string } };
export type DefineTaskVariables = { readonly input: DefineTaskInput };
export const DEFINE_TASK = operation<DefineTaskData, DefineTaskVariables>('DefineTask', defineTask);
export type DeleteTaskData = { readonly deleteTask: { readonly name: string } };
export type DeleteTaskVariables = { readonly name: string };
export const DELETE_TASK = operation<DeleteTaskData, DeleteTaskVariables>('DeleteTask', deleteTask);
export type DemandForecastData = {
  readonly demandForecast: {
    readonly total: number;
    readonly days: readonly {
      readonly date: string;
      readonly units: number;
      readonly low: number;
      readonly high: number;
    }[];
    readonly history: readonly { readonly date: string; readonly units: number }[];
  };
};
export type DemandForecastVariables = { readonly id: string; readonly horizonDays: number };
export const DEMAND_FORECAST = operation<DemandForecastData, DemandForecastVariables>(
  'DemandForecast',
  demandForecast,
);
export type DeployModelData = {
  readonly deployModel: {
    readonly id: string;
    readonly deployedAt: string;
    readonly trafficShare: number;
    readonly modelVersion: { readonly id: string };
  };
};
export type DeployModelVariables = { readonly id: string; readonly trafficShare: number };
export const DEPLOY_MODEL = operation<DeployModelData, DeployModelVariables>('DeployModel', deployModel);
export type DiscardQuarantinedRowsData = { readonly discardQuarantinedRows: number };
export type DiscardQuarantinedRowsVariables = { readonly ids: readonly string[] };
export const DISCARD_QUARANTINED_ROWS = operation<
  DiscardQuarantinedRowsData,
  DiscardQuarantinedRowsVariables
>('DiscardQuarantinedRows', discardQuarantinedRows);
export type EnsembleReportsData = {
  readonly modelVersion: {
    readonly id: string;
    readonly ensembleReports: readonly {
      readonly task: Task;
      readonly customTask: string | null;
      readonly method: EnsembleMethod;
      readonly prune: Pruning;
      readonly metric: string;
      readonly isLessBetter: boolean;
      readonly studentVersionId: string | null;
      readonly members: readonly {
        readonly modelVersionId: string;
        readonly architecture: string;
        readonly isKept: boolean;
        readonly weight: number | null;
      }[];
      readonly outOfFold: {
        readonly by: string;
        readonly cuts: readonly string[];
        readonly reason: string | null;
      } | null;
      readonly calibration: {
        readonly method: CalibrationMethod;
        readonly temperature: number | null;
        readonly validationBefore: number | null;
        readonly validationAfter: number | null;
        readonly testBefore: number | null;
        readonly testAfter: number | null;
      } | null;
      readonly subsets: readonly {
        readonly kind: string;
        readonly members: readonly number[];
        readonly isChosen: boolean;
        readonly validation: { readonly value: number; readonly low: number; readonly high: number } | null;
        readonly test: { readonly value: number; readonly low: number; readonly high: number } | null;
        readonly p50Ms: number | null;
        readonly p99Ms: number | null;
        readonly bytes: number;
      }[];
    }[];
  } | null;
};
export type EnsembleReportsVariables = { readonly id: string };
export const ENSEMBLE_REPORTS = operation<EnsembleReportsData, EnsembleReportsVariables>(
  'EnsembleReports',
  ensembleReports,
);
export type EvaluationCurvesData = {
  readonly modelVersion: {
    readonly id: string;
    readonly evaluations: readonly {
      readonly id: string;
      readonly curve: readonly { readonly x: number; readonly y: number }[];
    }[];
  } | null;
};
export type EvaluationCurvesVariables = { readonly id: string; readonly kind: CurveKind };
export const EVALUATION_CURVES = operation<EvaluationCurvesData, EvaluationCurvesVariables>(
  'EvaluationCurves',
  evaluationCurves,
);
export type FinishedVersionsData = {
  readonly trainingRuns: {
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly kind: RunKind;
        readonly finishedAt: string | null;
        readonly modelVersion: { readonly id: string; readonly architecture: string } | null;
      };
    }[];
  };
};
export type FinishedVersionsVariables = Record<string, never>;
export const FINISHED_VERSIONS = operation<FinishedVersionsData, FinishedVersionsVariables>(
  'FinishedVersions',
  finishedVersions,
);
export type GuessImportData = {
  readonly guessImport: {
    readonly layout: string;
    readonly title: string;
    readonly format: string;
    readonly encoding: string;
    readonly kind: RecordKind | null;
    readonly columns: readonly string[];
    readonly fields: readonly {
      readonly field: string;
      readonly column: string | null;
      readonly isNeeded: boolean;
    }[];
    readonly sample: readonly Json[];
  };
};
export type GuessImportVariables = {
  readonly source: FileSourceInput;
  readonly settings?: ImportSettingsInput | null;
};
export const GUESS_IMPORT = operation<GuessImportData, GuessImportVariables>('GuessImport', guessImport);
export type ItemData = {
  readonly item: {
    readonly id: string;
    readonly title: string;
    readonly category: readonly string[];
    readonly price: string | null;
    readonly currency: string | null;
    readonly available: boolean;
    readonly attributes: Json;
  } | null;
};
export type ItemVariables = { readonly id: string };
export const ITEM = operation<ItemData, ItemVariables>('Item', item);
export type ItemsData = {
  readonly items: {
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly title: string;
        readonly category: readonly string[];
        readonly price: string | null;
        readonly currency: string | null;
        readonly available: boolean;
      };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};
export type ItemsVariables = {
  readonly first: number;
  readonly after?: string | null;
  readonly filter?: ItemFilter | null;
};
export const ITEMS = operation<ItemsData, ItemsVariables>('Items', items);
export type MendQuarantinedRowData = { readonly mendQuarantinedRow: { readonly id: string } };
export type MendQuarantinedRowVariables = { readonly id: string; readonly row: Json };
export const MEND_QUARANTINED_ROW = operation<MendQuarantinedRowData, MendQuarantinedRowVariables>(
  'MendQuarantinedRow',
  mendQuarantinedRow,
);
export type ModelHealthData = {
  readonly monitoring: {
    readonly drift: readonly { readonly feature: string; readonly psi: number }[];
    readonly calibration: readonly {
      readonly task: Task;
      readonly customTask: string | null;
      readonly expectedCalibrationError: number;
      readonly points: readonly { readonly x: number; readonly y: number }[];
    }[];
  };
};
export type ModelHealthVariables = { readonly range: DateRange };
export const MODEL_HEALTH = operation<ModelHealthData, ModelHealthVariables>('ModelHealth', modelHealth);
export type ModelVersionData = {
  readonly modelVersion: {
    readonly id: string;
    readonly architecture: string;
    readonly tasks: readonly Task[];
    readonly customTasks: readonly string[];
    readonly contentHash: string;
    readonly dataUntil: string;
    readonly sizeBytes: number;
    readonly createdAt: string;
    readonly sharing: readonly {
      readonly architecture: string;
      readonly tasks: readonly Task[];
      readonly customTasks: readonly string[];
      readonly gates: readonly {
        readonly task: string;
        readonly sources: readonly { readonly name: string; readonly share: number }[];
      }[];
      readonly weights: readonly {
        readonly task: Task;
        readonly customTask: string | null;
        readonly weight: number;
      }[];
      readonly affinities: readonly {
        readonly task: string;
        readonly other: string;
        readonly cosine: number;
      }[];
    }[];
    readonly evaluations: readonly {
      readonly id: string;
      readonly task: Task;
      readonly customTask: string | null;
      readonly split: Split;
      readonly family: string;
      readonly architecture: string;
      readonly isServed: boolean;
      readonly protocol: string;
      readonly examples: number;
      readonly loss: number;
      readonly metrics: readonly {
        readonly name: string;
        readonly value: number;
        readonly low: number;
        readonly high: number;
      }[];
      readonly undefinedMetrics: readonly { readonly name: string; readonly reason: string }[];
      readonly segments: readonly {
        readonly dimension: SegmentDimension;
        readonly name: string;
        readonly examples: number;
        readonly metrics: readonly {
          readonly name: string;
          readonly value: number;
          readonly low: number;
          readonly high: number;
        }[];
      }[];
      readonly confusionMatrix: {
        readonly labels: readonly string[];
        readonly counts: readonly (readonly number[])[];
        readonly threshold: number;
      } | null;
    }[];
  } | null;
  readonly deployments: readonly {
    readonly id: string;
    readonly tasks: readonly Task[];
    readonly customTasks: readonly string[];
    readonly trafficShare: number;
    readonly deployedAt: string;
    readonly modelVersion: { readonly id: string };
  }[];
};
export type ModelVersionVariables = { readonly id: string };
export const MODEL_VERSION = operation<ModelVersionData, ModelVersionVariables>('ModelVersion', modelVersion);
export type MonitoringData = {
  readonly monitoring: {
    readonly clickThrough: {
      readonly shown: number;
      readonly clicked: number;
      readonly bought: number;
      readonly rate: number;
    };
    readonly latency: readonly {
      readonly operation: string;
      readonly count: number;
      readonly p50Ms: number;
      readonly p95Ms: number;
      readonly p99Ms: number;
    }[];
    readonly errors: readonly { readonly code: string; readonly count: number }[];
    readonly alerts: readonly {
      readonly id: string;
      readonly kind: string;
      readonly severity: AlertSeverity;
      readonly message: string;
      readonly value: number | null;
      readonly threshold: number | null;
      readonly createdAt: string;
    }[];
  };
};
export type MonitoringVariables = { readonly range: DateRange };
export const MONITORING = operation<MonitoringData, MonitoringVariables>('Monitoring', monitoring);
export type MonitoringAlertsData = {
  readonly monitoringAlerts: {
    readonly id: string;
    readonly kind: string;
    readonly severity: AlertSeverity;
    readonly message: string;
    readonly value: number | null;
    readonly threshold: number | null;
    readonly createdAt: string;
  };
};
export type MonitoringAlertsVariables = Record<string, never>;
export const MONITORING_ALERTS = operation<MonitoringAlertsData, MonitoringAlertsVariables>(
  'MonitoringAlerts',
  monitoringAlerts,
);
export type OverviewData = {
  readonly users: { readonly totalCount: number };
  readonly items: { readonly totalCount: number };
  readonly behaviours: {
    readonly totalCount: number;
    readonly edges: readonly { readonly node: { readonly occurredAt: string } }[];
  };
  readonly deployments: readonly {
    readonly id: string;
    readonly tasks: readonly Task[];
    readonly customTasks: readonly string[];
    readonly trafficShare: number;
    readonly deployedAt: string;
    readonly modelVersion: {
      readonly id: string;
      readonly architecture: string;
      readonly tasks: readonly Task[];
      readonly customTasks: readonly string[];
      readonly dataUntil: string;
    };
  }[];
};
export type OverviewVariables = Record<string, never>;
export const OVERVIEW = operation<OverviewData, OverviewVariables>('Overview', overview);
export type PauseScheduleData = { readonly pauseSourceSchedule: { readonly id: string } };
export type PauseScheduleVariables = { readonly id: string };
export const PAUSE_SCHEDULE = operation<PauseScheduleData, PauseScheduleVariables>(
  'PauseSchedule',
  pauseSchedule,
);
export type QuarantineData = {
  readonly quarantinedRows: {
    readonly totalCount: number;
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly source: string;
        readonly line: number | null;
        readonly index: number | null;
        readonly row: Json;
        readonly reason: string;
      };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};
export type QuarantineVariables = { readonly first: number; readonly after?: string | null };
export const QUARANTINE = operation<QuarantineData, QuarantineVariables>('Quarantine', quarantine);
export type QuarantineCountsData = {
  readonly quarantineCounts: readonly {
    readonly source: string;
    readonly reason: string;
    readonly rows: number;
  }[];
};
export type QuarantineCountsVariables = Record<string, never>;
export const QUARANTINE_COUNTS = operation<QuarantineCountsData, QuarantineCountsVariables>(
  'QuarantineCounts',
  quarantineCounts,
);
export type RemoveScheduleData = { readonly removeSourceSchedule: boolean };
export type RemoveScheduleVariables = { readonly id: string };
export const REMOVE_SCHEDULE = operation<RemoveScheduleData, RemoveScheduleVariables>(
  'RemoveSchedule',
  removeSchedule,
);
export type ReplayQuarantinedRowsData = {
  readonly replayQuarantinedRows: {
    readonly rows: number;
    readonly replayed: number;
    readonly discarded: number;
    readonly waiting: number;
    readonly problems: readonly { readonly id: string; readonly reason: string }[];
  };
};
export type ReplayQuarantinedRowsVariables = { readonly ids: readonly string[] };
export const REPLAY_QUARANTINED_ROWS = operation<ReplayQuarantinedRowsData, ReplayQuarantinedRowsVariables>(
  'ReplayQuarantinedRows',
  replayQuarantinedRows,
);
export type ResumeScheduleData = { readonly resumeSourceSchedule: { readonly id: string } };
export type ResumeScheduleVariables = { readonly id: string };
export const RESUME_SCHEDULE = operation<ResumeScheduleData, ResumeScheduleVariables>(
  'ResumeSchedule',
  resumeSchedule,
);
export type RetentionData = {
  readonly retentionPolicies: readonly {
    readonly kind: RetentionKind;
    readonly keepDays: number;
    readonly isArchived: boolean;
  }[];
};
export type RetentionVariables = Record<string, never>;
export const RETENTION = operation<RetentionData, RetentionVariables>('Retention', retention);
export type RollbackDeploymentData = {
  readonly rollbackDeployment: {
    readonly id: string;
    readonly deployedAt: string;
    readonly trafficShare: number;
    readonly modelVersion: { readonly id: string };
  };
};
export type RollbackDeploymentVariables = Record<string, never>;
export const ROLLBACK_DEPLOYMENT = operation<RollbackDeploymentData, RollbackDeploymentVariables>(
  'RollbackDeployment',
  rollbackDeployment,
);
export type RunData = {
  readonly trainingRun: {
    readonly id: string;
    readonly kind: RunKind;
    readonly status: RunStatus;
    readonly progress: number;
    readonly tasks: readonly Task[];
    readonly customTasks: readonly string[];
    readonly config: Json;
    readonly error: string | null;
    readonly createdAt: string;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
    readonly epochs: readonly {
      readonly model: string;
      readonly epoch: number;
      readonly task: Task | null;
      readonly customTask: string | null;
      readonly trainLoss: number;
      readonly validationLoss: number | null;
    }[];
    readonly modelVersion: { readonly id: string; readonly architecture: string } | null;
    readonly trials: readonly {
      readonly number: number;
      readonly status: TrialStatus;
      readonly settings: Json;
      readonly budget: number | null;
      readonly value: number | null;
      readonly isBest: boolean;
      readonly attempts: number;
      readonly error: string | null;
      readonly results: readonly { readonly seconds: number }[];
    }[];
    readonly crossValidation: {
      readonly metric: string;
      readonly ranking: Ranking;
      readonly models: readonly {
        readonly model: string;
        readonly folds: number;
        readonly seeds: number;
        readonly metrics: readonly {
          readonly name: string;
          readonly mean: number;
          readonly overFolds: number | null;
          readonly overSeeds: number | null;
          readonly lowest: number;
          readonly highest: number;
        }[];
      }[];
      readonly folds: readonly {
        readonly fold: number;
        readonly cut: string;
        readonly examples: number;
        readonly protocol: string;
        readonly models: readonly {
          readonly model: string;
          readonly metrics: readonly {
            readonly name: string;
            readonly mean: number;
            readonly overSeeds: number | null;
          }[];
        }[];
      }[];
      readonly differences: readonly {
        readonly better: string;
        readonly worse: string;
        readonly metric: string;
        readonly difference: number;
        readonly low: number;
        readonly high: number;
        readonly seeds: number;
        readonly isClear: boolean;
      }[];
    } | null;
    readonly evaluations: readonly {
      readonly id: string;
      readonly split: Split;
      readonly protocol: string;
      readonly examples: number;
      readonly metrics: readonly {
        readonly name: string;
        readonly value: number;
        readonly low: number;
        readonly high: number;
      }[];
    }[];
  } | null;
};
export type RunVariables = { readonly id: string };
export const RUN = operation<RunData, RunVariables>('Run', run);
export type RunProgressData = {
  readonly runProgress: {
    readonly runId: string;
    readonly status: RunStatus;
    readonly progress: number;
    readonly message: string;
    readonly epoch: {
      readonly model: string;
      readonly epoch: number;
      readonly task: Task | null;
      readonly customTask: string | null;
      readonly trainLoss: number;
      readonly validationLoss: number | null;
    } | null;
  };
};
export type RunProgressVariables = { readonly id: string };
export const RUN_PROGRESS = operation<RunProgressData, RunProgressVariables>('RunProgress', runProgress);
export type RunsData = {
  readonly trainingRuns: {
    readonly edges: readonly {
      readonly node: {
        readonly id: string;
        readonly kind: RunKind;
        readonly status: RunStatus;
        readonly progress: number;
        readonly tasks: readonly Task[];
        readonly customTasks: readonly string[];
        readonly error: string | null;
        readonly createdAt: string;
        readonly startedAt: string | null;
        readonly finishedAt: string | null;
        readonly modelVersion: { readonly id: string; readonly architecture: string } | null;
      };
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};
export type RunsVariables = { readonly first: number; readonly after?: string | null };
export const RUNS = operation<RunsData, RunsVariables>('Runs', runs);
export type SchedulesData = {
  readonly sourceSchedules: readonly {
    readonly id: string;
    readonly kind: DataJobKind;
    readonly subject: string;
    readonly cron: string | null;
    readonly everyMinutes: number | null;
    readonly timeZone: string;
    readonly isPaused: boolean;
    readonly nextAt: string | null;
    readonly failures: number;
    readonly jobStatus: RunStatus | null;
    readonly jobError: string | null;
  }[];
  readonly sourceConnections: readonly {
    readonly id: string;
    readonly system: SourceSystem;
    readonly url: string;
    readonly pulledAt: string | null;
  }[];
};
export type SchedulesVariables = Record<string, never>;
export const SCHEDULES = operation<SchedulesData, SchedulesVariables>('Schedules', schedules);
export type SearchSpaceData = {
  readonly searchSpace: {
    readonly parameters: readonly {
      readonly name: string;
      readonly type: SearchParameterType;
      readonly low: number | null;
      readonly high: number | null;
      readonly values: readonly Json[] | null;
      readonly default: Json | null;
    }[];
    readonly budget: { readonly parameter: string; readonly least: number; readonly most: number } | null;
  };
};
export type SearchSpaceVariables = { readonly architecture: string };
export const SEARCH_SPACE = operation<SearchSpaceData, SearchSpaceVariables>('SearchSpace', searchSpace);
export type SetRetentionData = {
  readonly setRetention: readonly {
    readonly kind: RetentionKind;
    readonly keepDays: number;
    readonly isArchived: boolean;
  }[];
};
export type SetRetentionVariables = {
  readonly kind: RetentionKind;
  readonly keepDays?: number | null;
  readonly isArchived?: boolean | null;
};
export const SET_RETENTION = operation<SetRetentionData, SetRetentionVariables>('SetRetention', setRetention);
export type SetScheduleData = { readonly setSourceSchedule: { readonly id: string } };
export type SetScheduleVariables = { readonly input: SourceScheduleInput };
export const SET_SCHEDULE = operation<SetScheduleData, SetScheduleVariables>('SetSchedule', setSchedule);
export type SimilarItemsData = {
  readonly similarItems: readonly {
    readonly rank: number;
    readonly score: number;
    readonly item: {
      readonly id: string;
      readonly title: string;
      readonly price: string | null;
      readonly currency: string | null;
    };
    readonly reason: { readonly text: string };
  }[];
};
export type SimilarItemsVariables = { readonly id: string; readonly first: number };
export const SIMILAR_ITEMS = operation<SimilarItemsData, SimilarItemsVariables>('SimilarItems', similarItems);
export type StartCrossValidationData = { readonly startCrossValidation: { readonly id: string } };
export type StartCrossValidationVariables = { readonly input: CrossValidationInput };
export const START_CROSS_VALIDATION = operation<StartCrossValidationData, StartCrossValidationVariables>(
  'StartCrossValidation',
  startCrossValidation,
);
export type StartEnsembleData = {
  readonly startEnsemble: { readonly id: string; readonly kind: RunKind; readonly status: RunStatus };
};
export type StartEnsembleVariables = { readonly input: StartEnsembleInput };
export const START_ENSEMBLE = operation<StartEnsembleData, StartEnsembleVariables>(
  'StartEnsemble',
  startEnsemble,
);
export type StartImportData = { readonly startImport: { readonly id: string } };
export type StartImportVariables = { readonly input: StartImportInput };
export const START_IMPORT = operation<StartImportData, StartImportVariables>('StartImport', startImport);
export type StartReplayData = { readonly startReplay: { readonly id: string } };
export type StartReplayVariables = Record<string, never>;
export const START_REPLAY = operation<StartReplayData, StartReplayVariables>('StartReplay', startReplay);
export type StartSearchData = { readonly startSearch: { readonly id: string } };
export type StartSearchVariables = { readonly input: SearchInput };
export const START_SEARCH = operation<StartSearchData, StartSearchVariables>('StartSearch', startSearch);
export type StartTrainingData = {
  readonly startTraining: { readonly id: string; readonly kind: RunKind; readonly status: RunStatus };
};
export type StartTrainingVariables = { readonly input: StartTrainingInput };
export const START_TRAINING = operation<StartTrainingData, StartTrainingVariables>(
  'StartTraining',
  startTraining,
);
export type TrainTrialData = { readonly trainTrial: { readonly id: string; readonly status: RunStatus } };
export type TrainTrialVariables = { readonly runId: string; readonly number?: number | null };
export const TRAIN_TRIAL = operation<TrainTrialData, TrainTrialVariables>('TrainTrial', trainTrial);
export type UserData = { readonly user: { readonly id: string; readonly attributes: Json } | null };
export type UserVariables = { readonly id: string };
export const USER = operation<UserData, UserVariables>('User', user);
export type UserBehavioursData = {
  readonly user: {
    readonly id: string;
    readonly behaviours: {
      readonly edges: readonly {
        readonly node: {
          readonly eventId: string;
          readonly type: BehaviourType;
          readonly occurredAt: string;
          readonly quantity: number | null;
          readonly value: string | null;
          readonly item: {
            readonly id: string;
            readonly title: string;
            readonly currency: string | null;
          } | null;
        };
      }[];
      readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    };
  } | null;
};
export type UserBehavioursVariables = {
  readonly id: string;
  readonly first: number;
  readonly after?: string | null;
};
export const USER_BEHAVIOURS = operation<UserBehavioursData, UserBehavioursVariables>(
  'UserBehaviours',
  userBehaviours,
);
export type UserCustomPredictionsData = {
  readonly user: {
    readonly id: string;
    readonly predictions: {
      readonly allCustom: readonly {
        readonly task: { readonly name: string; readonly title: string; readonly description: string };
        readonly probability: number | null;
        readonly label: boolean | null;
        readonly threshold: number | null;
        readonly expectedCount: number | null;
        readonly modelVersion: { readonly id: string; readonly architecture: string };
        readonly explanation: readonly {
          readonly feature: string;
          readonly description: string;
          readonly value: number;
          readonly contribution: number;
        }[];
      }[];
    } | null;
  } | null;
};
export type UserCustomPredictionsVariables = { readonly id: string };
export const USER_CUSTOM_PREDICTIONS = operation<UserCustomPredictionsData, UserCustomPredictionsVariables>(
  'UserCustomPredictions',
  userCustomPredictions,
);
export type UserPredictionsData = {
  readonly user: {
    readonly id: string;
    readonly predictions: {
      readonly purchaseIntent: {
        readonly probability: number;
        readonly label: boolean;
        readonly threshold: number;
        readonly modelVersion: { readonly id: string; readonly architecture: string };
        readonly explanation: readonly {
          readonly feature: string;
          readonly description: string;
          readonly value: number;
          readonly contribution: number;
        }[];
      };
      readonly churn: {
        readonly probability: number;
        readonly label: boolean;
        readonly threshold: number;
        readonly modelVersion: { readonly id: string; readonly architecture: string };
        readonly explanation: readonly {
          readonly feature: string;
          readonly description: string;
          readonly value: number;
          readonly contribution: number;
        }[];
      };
    } | null;
  } | null;
};
export type UserPredictionsVariables = { readonly id: string };
export const USER_PREDICTIONS = operation<UserPredictionsData, UserPredictionsVariables>(
  'UserPredictions',
  userPredictions,
);
export type UserRecommendationsData = {
  readonly recommendations: readonly {
    readonly rank: number;
    readonly score: number;
    readonly item: {
      readonly id: string;
      readonly title: string;
      readonly price: string | null;
      readonly currency: string | null;
    };
    readonly reason: { readonly text: string };
  }[];
};
export type UserRecommendationsVariables = { readonly id: string; readonly first: number };
export const USER_RECOMMENDATIONS = operation<UserRecommendationsData, UserRecommendationsVariables>(
  'UserRecommendations',
  userRecommendations,
);
export type UserSessionsData = {
  readonly user: {
    readonly id: string;
    readonly sessions: readonly {
      readonly id: string | null;
      readonly startedAt: string;
      readonly latestAt: string;
      readonly behaviourCount: number;
      readonly isOpen: boolean;
      readonly hasPurchase: boolean;
      readonly nextBehaviour: {
        readonly label: NextBehaviour;
        readonly probabilities: readonly { readonly type: NextBehaviour; readonly probability: number }[];
        readonly modelVersion: { readonly id: string; readonly architecture: string };
        readonly explanation: readonly {
          readonly feature: string;
          readonly description: string;
          readonly value: number;
          readonly contribution: number;
        }[];
      } | null;
      readonly outcome: {
        readonly probability: number;
        readonly label: boolean;
        readonly threshold: number;
        readonly modelVersion: { readonly id: string; readonly architecture: string };
        readonly explanation: readonly {
          readonly feature: string;
          readonly description: string;
          readonly value: number;
          readonly contribution: number;
        }[];
      } | null;
    }[];
  } | null;
};
export type UserSessionsVariables = { readonly id: string };
export const USER_SESSIONS = operation<UserSessionsData, UserSessionsVariables>('UserSessions', userSessions);
export type UsersData = {
  readonly users: {
    readonly edges: readonly { readonly node: { readonly id: string; readonly attributes: Json } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
};
export type UsersVariables = {
  readonly first: number;
  readonly after?: string | null;
  readonly filter?: UserFilter | null;
};
export const USERS = operation<UsersData, UsersVariables>('Users', users);
