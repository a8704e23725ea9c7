/** One point of the learning curves, in a process of its own: models fitted on a share of the users, or of the features, at one cut with one seed. */
import { Random } from '../src/nn/random.js';
import { readOnlineRetail } from '../src/pipeline/collect/index.js';
import { auc, rankingFigures, topK } from '../src/pipeline/evaluate/index.js';
import { type FitContext, type Model, type ModelType, type ShopHistory } from '../src/pipeline/index.js';
import { partOfHistory } from '../src/pipeline/monitor/part-of-history.js';
import { boostedHazards } from '../src/pipeline/multi-task/index.js';
import {
  buyersBefore,
  itemTargets,
  purchaseLabels,
  USER_FEATURE_COUNT,
  userExamples,
  userFeatures,
  userPopulation,
} from '../src/pipeline/preprocess/index.js';
import {
  boostedTrees,
  dense,
  hazardTarget,
  logisticRegression,
  softmaxRanker,
  type UserTask,
} from '../src/pipeline/single-task/index.js';
import { boost, boostedLogits } from '../src/pipeline/single-task/trees/boosting.js';
import { BOOSTING_DEFAULTS } from '../src/pipeline/single-task/trees/boosting-settings.js';
import { TASK_DEFINITIONS, type TaskName } from '../src/tasks/index.js';

const USER_MODELS = [logisticRegression, dense, boostedTrees, boostedHazards];
const TASKS: readonly UserTask[] = ['PURCHASE_INTENT', 'CHURN'];
const RANKING_DAYS = TASK_DEFINITIONS.RECOMMENDATION.labelWindowDays;
const LIST = 10;

export interface CurveUnit {
  readonly file: string;
  readonly cut: number;
  readonly seed: number;
  readonly of: 'USERS' | 'FEATURES';
  /** Of the users or features that are learnt from: 0 to 1. */
  readonly share: number;
}

/** By `model figure`, such as `dense churn_auc`. */
export type CurvePoint = Readonly<Record<string, number>>;

/** Learns from the share, and measures on all users. */
export default async function measurePoint(unit: CurveUnit): Promise<CurvePoint> {
  const { history } = await readOnlineRetail(unit.file, { keepDuplicates: true });
  return unit.of === 'USERS' ? fromUsers(history, unit) : fromFeatures(history, unit);
}

async function fromUsers(history: ShopHistory, { cut, seed, share }: CurveUnit): Promise<CurvePoint> {
  const everyone = Int32Array.from(history.users, (_, user) => user);
  const drawn = new Random(seed).fork('users').permutation(everyone.length);
  const some = share < 1 ? drawn.subarray(0, Math.round(share * everyone.length)).sort() : everyone;
  const learnt = partOfHistory(history, Int32Array.from(some), cut);
  const fit = async (type: ModelType, tasks: TaskName[]): Promise<Model> => {
    const model = type.create(tasks, {});
    await model.fit({ history: learnt, cut }, contextOf(seed));
    return model;
  };
  const point: Record<string, number> = {};
  const users = buyersBefore(history, cut);
  for (const type of USER_MODELS) {
    const sets = type.family === 'MULTI' ? [[...TASKS]] : TASKS.map((task) => [task]);
    for (const tasks of sets) {
      const model = await fit(type, tasks);
      const scores = await model.users!.scoreUsers({ history, users, asOf: cut });
      for (const task of tasks)
        point[`${type.architecture} ${figureOf(task)}`] = aucOf(history, cut, task, scores[task]!);
      model.dispose();
    }
  }
  const ranker = await fit(softmaxRanker, ['RECOMMENDATION']);
  Object.assign(point, await rankingPoint(ranker, history, cut));
  ranker.dispose();
  return point;
}

/** Boosted trees on hazards, as in `boosted-hazards`, that see the drawn features alone. */
async function fromFeatures(history: ShopHistory, { cut, seed, share }: CurveUnit): Promise<CurvePoint> {
  const drawn = new Random(seed).fork('features').permutation(USER_FEATURE_COUNT);
  const isSeen = new Uint8Array(USER_FEATURE_COUNT);
  for (const feature of drawn.subarray(0, Math.round(share * USER_FEATURE_COUNT))) isSeen[feature] = 1;
  const blinded = (values: Float32Array) =>
    values.map((value, at) => (isSeen[at % USER_FEATURE_COUNT] ? value : 0));
  const examples = await userExamples(history, cut);
  const rows = {
    ...hazardTarget.targets(examples),
    features: blinded(examples.features),
    width: USER_FEATURE_COUNT,
    outputs: hazardTarget.outputs,
  };
  const score = await boost(rows, BOOSTING_DEFAULTS, {
    random: new Random(seed).fork('boosting'),
    signal: contextOf(seed).signal,
    onTree: () => undefined,
  });
  const { statistics, standardiser } = userPopulation(history, cut);
  const features = userFeatures(history, buyersBefore(history, cut), cut, statistics);
  standardiser.apply(features);
  const logits = boostedLogits(score, blinded(features), USER_FEATURE_COUNT);
  return Object.fromEntries(
    TASKS.map((task) => [
      `boosted hazards ${figureOf(task)}`,
      aucOf(history, cut, task, hazardTarget.probabilities(logits, task)),
    ]),
  );
}

async function rankingPoint(model: Model, history: ShopHistory, cut: number): Promise<CurvePoint> {
  const { users, targets, bought } = itemTargets(history, cut, RANKING_DAYS);
  let all = 0;
  let fresh = 0;
  let withFresh = 0;
  for (let at = 0; at < users.length; at++) {
    const scores = await model.items!.scoreItems({ history, users: users.subarray(at, at + 1), asOf: cut });
    all += rankingFigures(topK(scores, LIST), targets[at], LIST).ndcg;
    const unseen = new Set([...targets[at]].filter((item) => !bought[at].has(item)));
    if (unseen.size === 0) continue;
    withFresh++;
    const list = topK(scores, LIST, (item) => bought[at].has(item));
    fresh += rankingFigures(list, unseen, LIST).ndcg;
  }
  return {
    [`${model.architecture} repeat_ndcg10`]: all / users.length,
    [`${model.architecture} new_ndcg10`]: fresh / withFresh,
  };
}

const figureOf = (task: UserTask): string => (task === 'CHURN' ? 'churn_auc' : 'intent_auc');

function aucOf(history: ShopHistory, cut: number, task: UserTask, scores: Float32Array): number {
  const bought = purchaseLabels(
    history,
    buyersBefore(history, cut),
    cut,
    TASK_DEFINITIONS[task].labelWindowDays,
  );
  return auc(task === 'CHURN' ? bought.map((label) => 1 - label) : bought, scores);
}

function contextOf(seed: number): FitContext {
  const ignore = () => undefined;
  return { seed, signal: new AbortController().signal, onEpoch: ignore, onProgress: ignore };
}
