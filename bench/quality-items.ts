/** Rankings of items and forecasts of demand at one cut, measured by the published protocol. */
import {
  type Catalogue,
  coverage,
  groupSums,
  listCoverage,
  listDiversity,
  listRecall,
  rankingFigures,
  seasonalScale,
  topK,
  wape,
} from '../src/pipeline/evaluate/index.js';
import { DAY_MS, type Model, type ShopHistory } from '../src/pipeline/index.js';
import { dailyUnits, itemsInDemand, type ItemTargets } from '../src/pipeline/preprocess/index.js';
import type { DemandOutcome, RankingOutcome } from './quality-figures.js';

export const DEMAND_DAYS = 14;
const LIST = 10;

/** Full ranking of everything known, against what users with a history buy in the window from the cut. */
export async function rankingOutcome(
  model: Model,
  history: ShopHistory,
  cut: number,
  { users, targets, bought }: ItemTargets,
  catalogue: Catalogue,
): Promise<RankingOutcome> {
  if (!model.items) throw new Error(`${model.architecture} ranks no items.`);
  const width = history.items.length;
  const ndcg = new Float64Array(users.length);
  const newNdcg = new Float64Array(users.length).fill(Number.NaN);
  const newHits = new Float64Array(users.length).fill(Number.NaN);
  const lists: number[][] = [];
  for (let at = 0; at < users.length; at++) {
    const scores = await model.items.scoreItems({ history, users: users.subarray(at, at + 1), asOf: cut });
    if (scores.length !== width) throw new Error(`Expected ${width} scores, got ${scores.length}.`);
    lists.push(topK(scores, LIST));
    ndcg[at] = rankingFigures(lists[at], targets[at], LIST).ndcg;
    const fresh = new Set([...targets[at]].filter((item) => !bought[at].has(item)));
    if (fresh.size === 0) continue;
    const isBought = (item: number) => bought[at].has(item);
    const figures = rankingFigures(topK(scores, LIST, isBought), fresh, LIST);
    newNdcg[at] = figures.ndcg;
    newHits[at] = figures.hit;
  }
  return {
    ndcg,
    newNdcg,
    newHits,
    coverage: listCoverage(lists, catalogue.known),
    diversity: listDiversity(lists, catalogue.similarity),
    headRecall: listRecall(lists, targets, (item) => catalogue.isHead[item] === 1),
    tailRecall: listRecall(lists, targets, (item) => catalogue.isHead[item] === 0),
  };
}

/** Forecast of the 14 days from the cut for items with at least 50 units in the 28 days before it. */
export async function demandOutcome(model: Model, history: ShopHistory, cut: number): Promise<DemandOutcome> {
  if (!model.demand) throw new Error(`${model.architecture} forecasts no demand.`);
  const items = itemsInDemand(history, cut);
  const start = history.behaviours.occurredAt.reduce((first, time) => Math.min(first, time), Infinity);
  const from = Math.floor(start / DAY_MS) * DAY_MS;
  const past = dailyUnits(history, items, from, Math.round((cut - from) / DAY_MS));
  const daily = dailyUnits(history, items, cut, DEMAND_DAYS).units;
  const { units, low, high } = await model.demand.forecast(past, DEMAND_DAYS);
  const actual = groupSums(daily, DEMAND_DAYS);
  const forecast = groupSums(units, DEMAND_DAYS);
  const scale = seasonalScale(past.units, past.days);
  const scaled = Array.from(
    groupSums(
      daily.map((value, at) => Math.abs(value - units[at]) / DEMAND_DAYS),
      DEMAND_DAYS,
    ),
    (error, item) => error / scale[item],
  ).filter(Number.isFinite);
  return {
    errors: actual.map((value, item) => Math.abs(value - forecast[item])),
    actual,
    dailyWape: wape(daily, units),
    mase: scaled.reduce((sum, value) => sum + value, 0) / scaled.length,
    coverage80: coverage(daily, low, high),
  };
}
