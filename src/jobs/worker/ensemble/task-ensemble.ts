/** One task's ensemble: members chosen, weighed and calibrated on validation, measured on test. */
import {
  type Combination,
  type CombinationPlan,
  combineHeldOut,
  decidingStatistic,
  fitCombination,
  type FittedCombination,
  type HeldOut,
  isHardVote,
  majorityThreshold,
  pruneMembers,
  takeMembers,
  thinned,
  valueOf,
} from '../../../pipeline/ensemble/index.js';
import {
  bootstrapInterval,
  calibrationMetric,
  chooseThreshold,
  type EvaluationReport,
  type Metric,
} from '../../../pipeline/evaluate/index.js';
import type { Pruning } from '../../../pipeline/index.js';
import type { TaskExamples } from '../task-examples.js';
import { combinePredictions, heldOutOf } from './held-examples.js';

const OPEN_THRESHOLD = 0.5;
/** Users whose rankings decide which members pay. */
const MOST_RANKINGS = 250;

export interface TaskEnsemblePlan extends CombinationPlan {
  readonly prune: Pruning;
}

/** What members predicted at the two cuts. */
export interface MemberPredictions {
  readonly validation: Float32Array;
  readonly test: Float32Array;
}

export interface TaskEnsembleExamples {
  readonly validation: TaskExamples;
  readonly test: TaskExamples;
  /** Members' out-of-fold predictions at cuts before validation, for stacking. */
  readonly earlier: HeldOut | null;
}

/** Some members as an ensemble, on both splits. */
export interface SubsetFigures {
  readonly members: readonly number[];
  readonly combination: Combination;
  readonly validation: Metric;
  readonly test: Metric;
}

export interface TaskEnsemble {
  /** Members that are left, ascending. */
  readonly kept: readonly number[];
  readonly combination: Combination;
  readonly threshold: number;
  /** By what was fitted without the example in question. */
  readonly predictions: MemberPredictions;
  readonly onValidation: EvaluationReport;
  readonly onTest: EvaluationReport;
  /** Each member alone, then the subsets that pruning went through, then all together. */
  readonly subsets: readonly SubsetFigures[];
}

/** Which members, weights and calibration: all by validation; the test split is only measured. @param members at least one */
export function makeTaskEnsemble(
  plan: TaskEnsemblePlan,
  { validation, test, earlier }: TaskEnsembleExamples,
  members: readonly MemberPredictions[],
): TaskEnsemble {
  const held = heldOutOf(
    validation,
    members.map((member) => member.validation),
  );
  const fit = (subset: readonly number[], examples = held): FittedCombination =>
    fitCombination(plan, takeMembers(examples, subset), earlier && takeMembers(earlier, subset));
  const seen = held.kind === 'RANKING' ? thinned(held, MOST_RANKINGS) : held;
  const pruned = pruneMembers(
    plan.prune,
    members.length,
    (subset) => ({ members: subset, statistic: decidingStatistic(seen, fit(subset, seen).honest) }),
    plan.seed,
  );
  const all = members.map((_, at) => at);
  const shown = [...all.map((member) => [member]), ...pruned.path.map((one) => one.members), all];
  const subsets = [...new Map(shown.map((subset) => [subset.join(), subset])).values()];
  const splits = {
    validation: held,
    test: heldOutOf(
      test,
      members.map((member) => member.test),
    ),
  };
  return {
    kept: pruned.kept,
    ...measureChosen(plan, fit(pruned.kept), pruned.kept, { validation, test }, members),
    subsets: subsets.map((subset) => figuresOf(plan, fit(subset), subset, splits)),
  };
}

/** The deciding figure of some members on both splits. */
function figuresOf(
  { seed }: TaskEnsemblePlan,
  { combination, honest }: FittedCombination,
  subset: readonly number[],
  { validation, test }: Record<keyof MemberPredictions, HeldOut>,
): SubsetFigures {
  const figure = (held: HeldOut, predictions: Float32Array): Metric => {
    const statistic = decidingStatistic(held, predictions);
    const interval = bootstrapInterval(statistic.units, (weights) => statistic.value(weights), { seed });
    return { name: statistic.metric, value: valueOf(statistic), ...interval };
  };
  return {
    members: subset,
    combination,
    validation: figure(validation, honest),
    test: figure(test, combineHeldOut(takeMembers(test, subset), combination)),
  };
}

/** All figures of what is served. */
function measureChosen(
  plan: TaskEnsemblePlan,
  { combination, honest, uncalibrated }: FittedCombination,
  subset: readonly number[],
  { validation, test }: Omit<TaskEnsembleExamples, 'earlier'>,
  members: readonly MemberPredictions[],
): Omit<TaskEnsemble, 'kept' | 'subsets'> {
  const predictAs = (how: Combination, split: keyof MemberPredictions) =>
    combinePredictions(
      split === 'test' ? test : validation,
      subset.map((member) => members[member][split]),
      how,
    );
  const onAll = predictAs(combination, 'validation');
  // Intervals of forecasts come behind the units, which alone are fitted in folds.
  const honestly = honest.length === onAll.length ? honest : withHead(onAll, honest);
  const predictions = { validation: honestly, test: predictAs(combination, 'test') };
  const threshold = isHardVote(combination)
    ? majorityThreshold(subset.length)
    : plan.rule && validation.labels
      ? chooseThreshold(plan.rule, validation.labels, onAll)
      : OPEN_THRESHOLD;
  const evaluated = {
    combination,
    threshold,
    predictions,
    onValidation: validation.evaluate(predictions.validation, threshold, plan.seed),
    onTest: test.evaluate(predictions.test, threshold, plan.seed),
  };
  if (!combination.calibration || !validation.labels || !test.labels) return evaluated;
  const before = predictAs({ ...combination, calibration: null }, 'test');
  return {
    ...evaluated,
    onValidation: withErrorBefore(evaluated.onValidation, validation.labels, uncalibrated, plan.seed),
    onTest: withErrorBefore(evaluated.onTest, test.labels, before, plan.seed),
  };
}

function withHead(values: Float32Array, head: Float32Array): Float32Array {
  const copy = values.slice();
  copy.set(head);
  return copy;
}

/** The calibration error as it was before calibrating, beside what it is after. */
function withErrorBefore(
  report: EvaluationReport,
  labels: Float32Array,
  uncalibrated: Float32Array,
  seed: number,
): EvaluationReport {
  const metric = { ...calibrationMetric(labels, uncalibrated, seed), name: 'ECE_UNCALIBRATED' };
  return { ...report, metrics: [...report.metrics, metric] };
}
