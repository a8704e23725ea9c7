import { registerEnumType } from 'type-graphql';

import { CROSS_VALIDATION_METHODS, type CrossValidationMethod } from '../../jobs/index.js';
import {
  PARAMETER_TYPES,
  type ParameterType,
  SEARCH_METHODS,
  type SearchMethod,
  SEGMENT_DIMENSIONS,
  type SegmentDimension,
} from '../../pipeline/evaluate/index.js';
import { TRIAL_STATUSES, type TrialStatus } from '../../store/index.js';
import type { ThresholdRule } from '../../tasks/index.js';

type EnumObject<Name extends string> = { readonly [K in Name]: K };

/** Makes a GraphQL enum of names; each is described. */
function enumOf<Name extends string>(
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

export type ThresholdBy = ThresholdRule['by'];
export const ThresholdByEnum = enumOf<ThresholdBy>(
  'ThresholdBy',
  'What a threshold is chosen by.',
  ['F1', 'PRECISION', 'COST'],
  {
    F1: 'The best F1.',
    PRECISION: 'The lowest threshold that reaches a precision, so that most are found.',
    COST: 'The least cost of misses and false alarms.',
  },
);

export const CrossValidationMethodEnum = enumOf<CrossValidationMethod>(
  'CrossValidationMethod',
  'How folds are made.',
  CROSS_VALIDATION_METHODS,
  {
    ROLLING_ORIGIN: 'Several cuts; each fold is trained on what lies before its cut and measured after it.',
    BY_USER: 'One cut; each fold is trained on other users than it is measured on.',
  },
);

export const SearchMethodEnum = enumOf<SearchMethod>(
  'SearchMethod',
  'How a search chooses what to try.',
  SEARCH_METHODS,
  {
    RANDOM: 'Drawn evenly, each trained in full length.',
    ASHA: 'Drawn evenly and trained briefly; the best third goes on three times as long, and so on (asynchronous successive halving).',
    TPE: 'Drawn where good ones were, each trained in full length (tree-structured Parzen estimator).',
  },
);

export const ParameterTypeEnum = enumOf<ParameterType>(
  'SearchParameterType',
  'What values a hyper-parameter may have.',
  PARAMETER_TYPES,
  {
    INT: 'Whole numbers from low to high.',
    FLOAT: 'Numbers from low to high.',
    LOG: 'Numbers from low to high, drawn evenly by their logarithm.',
    CHOICE: 'One of a list of values.',
  },
);

export const TrialStatusEnum = enumOf<TrialStatus>('TrialStatus', 'How far a trial is.', TRIAL_STATUSES, {
  WAITING: 'Its worker ended; another goes on from its last checkpoint.',
  RUNNING: 'A worker is at it.',
  PAUSED: 'Measured with a part of the budget; goes on when it is among the best.',
  SUCCEEDED: 'Measured with the whole budget.',
  FAILED: 'Came to no result.',
});

export const SegmentDimensionEnum = enumOf<SegmentDimension>(
  'SegmentDimension',
  'What parts of the examples are told apart by.',
  SEGMENT_DIMENSIONS,
  {
    USERS: 'NEW (one time of buying before the cut) or RETURNING users.',
    ITEMS: 'HEAD (the most popular items, half of all purchases) or TAIL.',
    COUNTRY: 'Country of a transaction.',
    PAYMENT_METHOD: 'Payment method of a transaction.',
    LEVEL: 'Thirds of the items by units sold: LOW, MIDDLE, HIGH.',
  },
);
