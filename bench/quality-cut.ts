/** All families' figures at one cut of a shop's history. */
import { AppError } from '../src/errors.js';
import { EnsembleModel } from '../src/pipeline/ensemble/index.js';
import { auc } from '../src/pipeline/evaluate/index.js';
import {
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type ShopHistory,
} from '../src/pipeline/index.js';
import { linearHazards, sharedBottom } from '../src/pipeline/multi-task/index.js';
import { buyersBefore, purchaseLabels } from '../src/pipeline/preprocess/index.js';
import {
  demandRegression,
  dense,
  itemKnn,
  logisticRegression,
  mean28,
  ownHistory,
  softmaxRanker,
} from '../src/pipeline/single-task/index.js';
import type { TaskName } from '../src/tasks/index.js';
import type { Family, Figures } from './quality-figures.js';
import { demandQuality, rankingQuality } from './quality-items.js';

const INTENT_DAYS = 30;
const CHURN_DAYS = 90;
/** A second seed for members that differ by their seed alone. */
const OTHER_SEED = 1000;
/** Figures of which less is better. */
const LESS_IS_BETTER = new Set(['demand_wape14']);

export interface CutQuality {
  /** The family that was best on the window before the cut, by figure. */
  readonly chosen: Record<string, Family>;
  readonly seeds: Record<Family, Figures>[];
}

/** Measures every family at the cut, and chooses among them at an earlier cut whose labels end by this one. */
export async function measureCut(
  history: ShopHistory,
  cut: number,
  seeds: readonly number[],
  say: (line: string) => void,
): Promise<CutQuality> {
  // A month before the cut; churn's 90 days would reach past the cut, so that it goes by intent's choice.
  const validation = await measureFamilies(history, cut - INTENT_DAYS * DAY_MS, seeds[0], false);
  say(`validation ${JSON.stringify(validation)}`);
  const chosen = Object.fromEntries(
    Object.keys(validation.single).map((name) => [
      name,
      bestFamily(validation, name === 'churn_auc' ? 'intent_auc' : name),
    ]),
  );
  const figures: Record<Family, Figures>[] = [];
  for (const seed of seeds) {
    figures.push(await measureFamilies(history, cut, seed, true));
    say(`seed ${seed} ${JSON.stringify(figures[figures.length - 1])}`);
  }
  return { chosen, seeds: figures };
}

function bestFamily(figures: Record<Family, Figures>, name: string): Family {
  const sign = LESS_IS_BETTER.has(name) ? -1 : 1;
  const families: Family[] = ['single', 'multi', 'ensemble'];
  const worth = (family: Family) => sign * (figures[family][name] ?? -sign * Infinity);
  return families.reduce((best, family) => (worth(family) > worth(best) ? family : best));
}

async function measureFamilies(
  history: ShopHistory,
  cut: number,
  seed: number,
  isChurnSeen: boolean,
): Promise<Record<Family, Figures>> {
  const fit = (type: ModelType, tasks: TaskName[], from = seed): Promise<Model | null> =>
    fitIfPossible(type.create(tasks, {}), history, cut, from);
  const intent = {
    logistic: await fit(logisticRegression, ['PURCHASE_INTENT']),
    dense: await fit(dense, ['PURCHASE_INTENT']),
  };
  const churn = { logistic: await fit(logisticRegression, ['CHURN']), dense: await fit(dense, ['CHURN']) };
  const both: TaskName[] = ['PURCHASE_INTENT', 'CHURN'];
  const shared = [await fit(linearHazards, both), await fit(sharedBottom, [...both, 'RECOMMENDATION'])];
  const ranker = await fit(softmaxRanker, ['RECOMMENDATION']);
  const demand = [
    await fit(demandRegression, ['DEMAND']),
    await fit(demandRegression, ['DEMAND'], seed + OTHER_SEED),
  ];
  const plain = {
    new: await fit(itemKnn, ['RECOMMENDATION']),
    repeat: await fit(ownHistory, ['RECOMMENDATION']),
    demand: await fit(mean28, ['DEMAND']),
  };
  const merge = (task: TaskName, models: (Model | null)[]) => {
    const members = models.filter((model) => model !== null);
    if (members.length === 0) return null;
    return new EnsembleModel('weighted-average', task, members, {
      method: 'WEIGHTED_AVERAGE',
      weights: members.map(() => 1 / members.length),
      thresholds: members.map(() => 0.5),
    });
  };
  const user = async (task: 'PURCHASE_INTENT' | 'CHURN', model: Model | null) =>
    model && (task !== 'CHURN' || isChurnSeen) ? userAuc(history, cut, task, model) : null;
  const items = async (model: Model | null) => {
    if (!model) return { new_ndcg10: null, new_hr10: null, repeat_ndcg10: null };
    const figures = await rankingQuality(model, history, cut);
    return { new_ndcg10: figures.newNdcg10, new_hr10: figures.newHr10, repeat_ndcg10: figures.repeatNdcg10 };
  };
  const wape14 = async (model: Model | null) => ({
    demand_wape14: model && (await demandQuality(model, history, cut)).demandWape14,
  });
  const [newItems, repeatItems] = [await items(plain.new), await items(plain.repeat)];
  const result: Record<Family, Figures> = {
    baseline: {
      intent_auc: await user('PURCHASE_INTENT', intent.logistic),
      churn_auc: await user('CHURN', churn.logistic),
      ...newItems,
      repeat_ndcg10: repeatItems.repeat_ndcg10,
      ...(await wape14(plain.demand)),
    },
    single: {
      intent_auc: await user('PURCHASE_INTENT', intent.dense),
      churn_auc: await user('CHURN', churn.dense),
      ...(await items(ranker)),
      ...(await wape14(demand[0])),
    },
    multi: {
      intent_auc: await user('PURCHASE_INTENT', shared[0]),
      churn_auc: await user('CHURN', shared[0]),
      ...(await items(shared[1])),
      demand_wape14: null,
    },
    ensemble: {
      intent_auc: await user('PURCHASE_INTENT', merge('PURCHASE_INTENT', [...shared, intent.dense])),
      churn_auc: await user('CHURN', merge('CHURN', [...shared, churn.dense])),
      ...(await items(merge('RECOMMENDATION', [ranker, shared[1]]))),
      ...(await wape14(merge('DEMAND', demand))),
    },
  };
  for (const model of [
    ...Object.values(intent),
    ...Object.values(churn),
    ...shared,
    ranker,
    ...demand,
    ...Object.values(plain),
  ]) {
    model?.dispose();
  }
  return result;
}

/** Null where the history before the cut is too short for the model: early validation cuts. */
async function fitIfPossible(
  model: Model,
  history: ShopHistory,
  cut: number,
  seed: number,
): Promise<Model | null> {
  try {
    await model.fit({ history, cut }, contextOf(seed));
    return model;
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
    model.dispose();
    return null;
  }
}

async function userAuc(
  history: ShopHistory,
  cut: number,
  task: 'PURCHASE_INTENT' | 'CHURN',
  model: Model,
): Promise<number> {
  const users = buyersBefore(history, cut);
  const bought = purchaseLabels(history, users, cut, task === 'CHURN' ? CHURN_DAYS : INTENT_DAYS);
  const labels = task === 'CHURN' ? bought.map((label) => 1 - label) : bought;
  const scores = (await model.users?.scoreUsers({ history, users, asOf: cut }))?.[task];
  if (!scores) throw new Error(`${model.architecture} does not predict ${task}.`);
  return auc(labels, scores);
}

function contextOf(seed: number): FitContext {
  return {
    seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
}
