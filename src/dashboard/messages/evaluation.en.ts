/** English texts about searches, folds and segments. */
export const EVALUATION_MESSAGES = {
  'search.trials': 'Trials',
  'search.hint': 'Chosen on the validation window; only the best is judged on the test window, once.',
  'search.trial': 'Trial',
  'search.best': 'Best so far',
  'search.value': 'On validation',
  'search.budget': 'Budget',
  'search.seconds': 'Seconds',
  'search.train': 'Train',
  'search.trainNumber': 'Train trial {number}',

  'folds.title': 'Cross-validation',
  'folds.means': 'Mean and spread over folds and seeds',
  'folds.each': 'Fold by fold',
  'folds.differences': 'The best against each other: paired bootstrap over examples and seeds',
  'folds.mean': 'Mean',
  'folds.overFolds': 'Deviation over folds',
  'folds.overSeeds': 'Deviation over seeds',
  'folds.range': 'Lowest to highest',
  'folds.fold': 'Fold',
  'folds.cut': 'Cut',
  'folds.better': 'Ahead',
  'folds.worse': 'Behind',
  'folds.difference': 'By',
  'folds.seeds': 'Seeds',

  'version.undefined': '{metric}: not defined here. {reason}',

  'segments.title': 'By segment',
  'segments.segment': 'Segment',
  'segments.examples': 'Examples',
} as const;
