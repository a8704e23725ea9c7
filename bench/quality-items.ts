/** Figures of item rankings and demand forecasts for one cut, by the product's models. */
import { groupSums, rankingFigures, topK, wape } from '../src/pipeline/evaluate/index.js';
import {
  DAY_MS,
  type FitContext,
  type Model,
  type ModelType,
  type ShopHistory,
} from '../src/pipeline/index.js';
import { dailyUnits, itemsInDemand, itemTargets } from '../src/pipeline/preprocess/index.js';

const WINDOW_DAYS = 30;
const DEMAND_DAYS = 14;
const LIST = 10;

export interface RankingQuality {
  readonly newNdcg10: number;
  readonly newHr10: number;
  readonly repeatNdcg10: number;
  readonly repeatHr10: number;
}

export interface DemandQuality {
  readonly demandWape14: number;
  readonly demandDailyWape: number;
  /** Share of item-days inside the 80 % interval. */
  readonly demandCoverage80: number;
}

function quietContext(seed: number): FitContext {
  return {
    seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
}

/** Fits a model of a type on everything before the cut. The caller disposes of it. */
export async function fitted(
  type: ModelType,
  history: ShopHistory,
  cut: number,
  seed: number,
): Promise<Model> {
  const model = type.create(type.architecture.startsWith('demand') ? ['DEMAND'] : ['RECOMMENDATION'], {});
  await model.fit({ history, cut }, quietContext(seed));
  return model;
}

/** Full ranking of everything known, against what users with a history buy in the 30 days from the cut. */
export async function rankingQuality(
  model: Model,
  history: ShopHistory,
  cut: number,
): Promise<RankingQuality> {
  if (!model.items) throw new Error(`${model.architecture} ranks no items.`);
  const { users, targets, bought } = itemTargets(history, cut, WINDOW_DAYS);
  const width = history.items.length;
  const sums = { newNdcg: 0, newHits: 0, newUsers: 0, ndcg: 0, hits: 0 };
  for (let at = 0; at < users.length; at++) {
    const scores = await model.items.scoreItems({ history, users: users.subarray(at, at + 1), asOf: cut });
    if (scores.length !== width) throw new Error(`Expected ${width} scores, got ${scores.length}.`);
    const all = rankingFigures(topK(scores, LIST), targets[at], LIST);
    sums.ndcg += all.ndcg;
    sums.hits += all.hit;
    const fresh = new Set([...targets[at]].filter((item) => !bought[at].has(item)));
    if (fresh.size === 0) continue;
    const figures = rankingFigures(
      topK(scores, LIST, (item) => bought[at].has(item)),
      fresh,
      LIST,
    );
    sums.newUsers++;
    sums.newNdcg += figures.ndcg;
    sums.newHits += figures.hit;
  }
  return {
    newNdcg10: sums.newNdcg / sums.newUsers,
    newHr10: sums.newHits / sums.newUsers,
    repeatNdcg10: sums.ndcg / users.length,
    repeatHr10: sums.hits / users.length,
  };
}

/** Forecast of the 14 days from the cut for items with at least 50 units in the 28 days before it. */
export async function demandQuality(model: Model, history: ShopHistory, cut: number): Promise<DemandQuality> {
  if (!model.demand) throw new Error(`${model.architecture} forecasts no demand.`);
  const items = itemsInDemand(history, cut);
  let start = Infinity;
  for (const time of history.behaviours.occurredAt) start = Math.min(start, time);
  const from = Math.floor(start / DAY_MS) * DAY_MS;
  const past = dailyUnits(history, items, from, Math.round((cut - from) / DAY_MS));
  const actual = dailyUnits(history, items, cut, DEMAND_DAYS).units;
  const { units, low, high } = await model.demand.forecast(past, DEMAND_DAYS);
  let inside = 0;
  actual.forEach((value, at) => (inside += value >= low[at] && value <= high[at] ? 1 : 0));
  return {
    demandWape14: wape(groupSums(actual, DEMAND_DAYS), groupSums(units, DEMAND_DAYS)),
    demandDailyWape: wape(actual, units),
    demandCoverage80: inside / actual.length,
  };
}
