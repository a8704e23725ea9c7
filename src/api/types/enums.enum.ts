import { registerEnumType } from 'type-graphql';

import {
  BEHAVIOUR_TYPES,
  type BehaviourType,
  type CalibrationMethod,
  CALIBRATIONS,
  ENSEMBLE_METHODS,
  type EnsembleMethod,
  type Pruning,
  PRUNINGS,
} from '../../pipeline/index.js';
import {
  CURVE_KINDS,
  type CurveKind,
  RUN_KINDS,
  RUN_STATUSES,
  type RunKind,
  type RunStatus,
} from '../../store/index.js';
import { FEEDBACK_KINDS, type FeedbackKind, type Split, SPLITS } from '../../store/index.js';
import { type BuiltInTask, COUNTED_UNITS, type CountedUnit, TASKS } from '../../tasks/index.js';

export type EnumObject<Name extends string> = { readonly [K in Name]: K };

/** Makes a GraphQL enum of names; each has to be described. */
export function enumOf<Name extends string>(
  name: string,
  description: string,
  names: readonly Name[],
  descriptions: Record<Name, string>,
): EnumObject<Name> {
  const values = Object.fromEntries(names.map((value) => [value, value])) as EnumObject<Name>;
  const valuesConfig = Object.fromEntries(
    names.map((value) => [value, { description: descriptions[value] }]),
  ) as Record<Name, { description: string }>;
  registerEnumType(values, { name, description, valuesConfig });
  return values;
}

/** A task as the API names it: those of a shop's own are CUSTOM, and told apart by `customTask` beside it. */
export type ApiTask = BuiltInTask | 'CUSTOM';

export const TaskEnum = enumOf<ApiTask>('Task', 'What a model can be asked.', [...TASKS, 'CUSTOM'], {
  PURCHASE_INTENT: 'Does the user buy within 30 days?',
  CHURN: 'Does the user buy nothing within 90 days?',
  RECOMMENDATION: 'Which items does the user take next?',
  FRAUD: 'Is the transaction fraud?',
  DEMAND: 'How many units of the item are sold a day?',
  NEXT_BEHAVIOUR: 'What does the user do next in the session?',
  SESSION_OUTCOME: 'Will the session have a purchase?',
  CUSTOM: 'What the shop has defined itself; `customTask` or `customTasks` beside it says which.',
});

export const BehaviourTypeEnum = enumOf<BehaviourType>('BehaviourType', 'What a user did.', BEHAVIOUR_TYPES, {
  VIEW: 'Looked at an item or page.',
  SEARCH: 'Searched the shop.',
  FAVOURITE: 'Marked an item as a favourite.',
  ADD_TO_CART: 'Put an item into the cart.',
  REMOVE_FROM_CART: 'Took an item out of the cart.',
  PURCHASE: 'Bought an item.',
  REFUND: 'Gave an item back.',
  RATING: 'Rated an item; the quantity is the rating.',
});

export const CountedUnitEnum = enumOf<CountedUnit>('CountedUnit', 'What a task counts.', COUNTED_UNITS, {
  BEHAVIOURS: 'Every behaviour.',
  ITEMS: 'The different items that behaviours name.',
});

export const RunKindEnum = enumOf<RunKind>('RunKind', 'What a run does.', RUN_KINDS, {
  SINGLE_TASK: 'Trains a baseline and a net for each task by itself.',
  MULTI_TASK: 'Trains one net for several tasks.',
  COLLABORATIVE: 'Trains models that learn from each other.',
  ENSEMBLE: 'Combines trained models.',
  CROSS_VALIDATION: 'Measures a model on several folds.',
  SEARCH: 'Searches hyper-parameters.',
  AUTO: 'Measures which tasks help each other, learns those together and keeps the best model of each task.',
});

export const RunStatusEnum = enumOf<RunStatus>('RunStatus', 'How far a run is.', RUN_STATUSES, {
  QUEUED: 'Waits for a worker.',
  RUNNING: 'A worker is at it.',
  SUCCEEDED: 'Ended with a result.',
  FAILED: 'Ended with an error.',
  CANCELLED: 'Was cancelled.',
});

export const SplitEnum = enumOf<Split>('Split', 'Which examples were measured, split by time.', SPLITS, {
  TRAIN: 'The examples the model learned from.',
  VALIDATION: 'Later examples, which choices were made on.',
  TEST: 'The latest examples, which nothing was chosen on.',
});

export const CurveKindEnum = enumOf<CurveKind>('CurveKind', 'A curve over all thresholds.', CURVE_KINDS, {
  ROC: 'x: false positive rate, y: true positive rate.',
  PRECISION_RECALL: 'x: recall, y: precision.',
  CALIBRATION: 'x: mean predicted probability of a bin, y: share that came true.',
  LIFT: 'x: share of users taken in order of score, y: how many times more positives than a random pick has.',
});

export const FeedbackKindEnum = enumOf<FeedbackKind>(
  'FeedbackKind',
  'What happened to something that was shown.',
  FEEDBACK_KINDS,
  { SHOWN: 'It came into view.', CLICKED: 'It was clicked.', BOUGHT: 'It was bought.' },
);

export const EnsembleMethodEnum = enumOf<EnsembleMethod>(
  'EnsembleMethod',
  'How an ensemble combines its members.',
  ENSEMBLE_METHODS,
  {
    WEIGHTED_AVERAGE:
      'Average of logits (rankings: of log probabilities, demand: of units), weights chosen on the validation split.',
    VOTING: 'Older name of HARD_VOTING.',
    SOFT_VOTING: 'Mean of the probabilities.',
    HARD_VOTING:
      'Each member votes by its own threshold, the majority decides; rankings by reciprocal ranks, demand by the median.',
    STACKING:
      'A small model learns from out-of-fold predictions of the members: fitted again on earlier cuts where the history is long enough.',
    SNAPSHOT:
      'Fits each net again with a cyclic learning rate, once; the weights at the end of each cycle are the members of a soft vote.',
  },
);

export const CalibrationMethodEnum = enumOf<CalibrationMethod>(
  'CalibrationMethod',
  'Calibration after combining, fitted on the validation split.',
  CALIBRATIONS,
  {
    NONE: 'Nothing is calibrated.',
    TEMPERATURE: 'Logits are divided by one number; the order stays.',
    ISOTONIC:
      'Isotonic regression for yes/no tasks; tasks that choose among several get a temperature instead.',
  },
);

export const PruningEnum = enumOf<Pruning>('Pruning', 'How members that do not pay are found.', PRUNINGS, {
  NONE: 'All members stay.',
  FORWARD_SELECTION:
    'From the best member on, one is added for as long as the gain is above its standard error.',
  BACKWARD_ELIMINATION:
    'From all members on, one is left out for as long as the best so far is not better by more than the standard error.',
});

export type AlertSeverity = 'INFO' | 'WARNING' | 'CRITICAL';
export const AlertSeverityEnum = enumOf<AlertSeverity>(
  'AlertSeverity',
  'How urgent an alert is.',
  ['INFO', 'WARNING', 'CRITICAL'],
  { INFO: 'Worth knowing.', WARNING: 'Look at it soon.', CRITICAL: 'Predictions may be wrong now.' },
);

export type ReasonKind =
  'BOUGHT_TOGETHER' | 'BOUGHT_REGULARLY' | 'SIMILAR' | 'POPULAR' | 'TRENDING' | 'FOR_YOU';
export const ReasonKindEnum = enumOf<ReasonKind>(
  'RecommendationReasonKind',
  'Why an item is shown.',
  ['BOUGHT_TOGETHER', 'BOUGHT_REGULARLY', 'SIMILAR', 'POPULAR', 'TRENDING', 'FOR_YOU'],
  {
    BOUGHT_TOGETHER: 'Others bought it together with an item the user bought.',
    BOUGHT_REGULARLY: 'The user buys it again and again.',
    SIMILAR: 'It is like an item of the user.',
    POPULAR: 'Many buy it.',
    TRENDING: 'It sells more than before.',
    FOR_YOU: 'The model ranks it high for all that the user did.',
  },
);
