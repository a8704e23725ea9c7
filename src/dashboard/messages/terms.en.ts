/** English words for the names of the API. */
export const TERM_MESSAGES = {
  'task.PURCHASE_INTENT': 'Purchase intent',
  'task.CHURN': 'Churn',
  'task.RECOMMENDATION': 'Recommendation',
  'task.FRAUD': 'Fraud',
  'task.DEMAND': 'Demand',
  'task.all': 'All tasks together',

  'kind.SINGLE_TASK': 'Single-task',
  'kind.MULTI_TASK': 'Multi-task',
  'kind.COLLABORATIVE': 'Collaborative',
  'kind.ENSEMBLE': 'Ensemble',
  'kind.CROSS_VALIDATION': 'Cross-validation',
  'kind.SEARCH': 'Search',

  'status.QUEUED': 'Queued',
  'status.RUNNING': 'Running',
  'status.SUCCEEDED': 'Succeeded',
  'status.FAILED': 'Failed',
  'status.CANCELLED': 'Cancelled',

  'family.BASELINE': 'Baseline',
  'family.SINGLE': 'Single-task',
  'family.MULTI': 'Multi-task',
  'family.ENSEMBLE': 'Ensemble',

  'split.TRAIN': 'Train',
  'split.VALIDATION': 'Validation',
  'split.TEST': 'Test',

  'behaviour.VIEW': 'View',
  'behaviour.SEARCH': 'Search',
  'behaviour.FAVOURITE': 'Favourite',
  'behaviour.ADD_TO_CART': 'Add to cart',
  'behaviour.REMOVE_FROM_CART': 'Remove from cart',
  'behaviour.PURCHASE': 'Purchase',
  'behaviour.REFUND': 'Refund',
  'behaviour.RATING': 'Rating',

  'curve.ROC': 'ROC',
  'curve.PRECISION_RECALL': 'Precision and recall',
  'curve.CALIBRATION': 'Calibration',
  'curve.LIFT': 'Lift',

  'curve.ROC.x': 'False positive rate',
  'curve.ROC.y': 'True positive rate',
  'curve.PRECISION_RECALL.x': 'Recall',
  'curve.PRECISION_RECALL.y': 'Precision',
  'curve.CALIBRATION.x': 'Predicted probability',
  'curve.CALIBRATION.y': 'Observed share',
  'curve.LIFT.x': 'Share of users, most likely first',
  'curve.LIFT.y': 'Lift over chance',
} as const;
