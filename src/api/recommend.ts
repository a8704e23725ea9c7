/** Lists of items to show: ranked by the serving host, filtered exactly, explained, and kept as impressions. */
import { randomUUID } from 'node:crypto';

import DataLoader from 'dataloader';

import type { ServedBy } from '../pipeline/deploy/index.js';
import type { RankedItem, RankOptions } from '../pipeline/index.js';
import type { ItemFilter, ItemRow, ShopStore } from '../store/index.js';
import { rankByGoals, type Weights } from './goals.js';
import { reasonText } from './reason-text.js';
import type { Services } from './services.js';
import { toItem } from './types/item.type.js';
import type { Recommendation } from './types/recommendation.type.js';
import { distinctUsers, type HistoryReader } from './user-scores.js';

export interface RecommendationKey {
  readonly userId: string;
  readonly first: number;
  readonly filter: ItemFilter;
  readonly weights: Weights | null;
  readonly excludeBought: boolean;
}

/** Ranked beyond what is shown, to make up for items that turn out not to be for sale. */
const SPARE = 20;
/** Ranked when a list is reordered by other goals than the ranker's own. */
const REORDERED = 200;
/** Impressions of lists that are made for nobody in particular. */
const NOBODY = '';

type ItemLoader = DataLoader<string, ItemRow | null>;
type Rank = (options: RankOptions) => Promise<{ items: RankedItem[][]; servedBy: ServedBy[] }>;
type Request = Omit<RecommendationKey, 'userId'>;

/** Makes lists for one request of one shop. */
export class Recommender {
  private readonly forUser: DataLoader<RecommendationKey, ShownRecommendation[], string>;

  constructor(
    private readonly services: Services,
    private readonly shop: ShopStore,
    private readonly histories: HistoryReader,
    private readonly items: ItemLoader,
  ) {
    this.forUser = new DataLoader((keys) => this.rankUsers(keys), {
      cacheKeyFn: ({ userId, ...request }) => `${userId} ${JSON.stringify(request)}`,
    });
  }

  /** A list for a user; for one without behaviours what is popular. @throws AppError NOT_READY without a deployed ranker */
  recommend(key: RecommendationKey): Promise<Recommendation[]> {
    return this.forUser.load(key);
  }

  /** Items like an item. @throws AppError NOT_READY */
  async similar(itemId: string, request: Request): Promise<Recommendation[]> {
    const { serving } = this.services;
    const [list] = await this.complete([NOBODY], request, async (options) => {
      const { items, servedBy } = await serving.similarItems(this.shop.shopKey, itemId, options);
      return { items: [items.filter((item) => item.itemId !== itemId)], servedBy: [servedBy] };
    });
    await this.keep(list);
    return list;
  }

  /** What sells more than before. @throws AppError NOT_READY */
  async trending(request: Request): Promise<Recommendation[]> {
    const { serving } = this.services;
    const [list] = await this.complete([NOBODY], request, async (options) => {
      const { items, servedBy } = await serving.trendingItems(this.shop.shopKey, options);
      return { items: [items], servedBy: [servedBy] };
    });
    await this.keep(list);
    return list;
  }

  /** One call of the serving host for all users that ask for the same kind of list. */
  private async rankUsers(keys: readonly RecommendationKey[]): Promise<ShownRecommendation[][]> {
    const groups = new Map<string, RecommendationKey[]>();
    for (const key of keys) {
      const name = JSON.stringify([key.filter, key.weights, key.excludeBought]);
      groups.set(name, [...(groups.get(name) ?? []), key]);
    }
    const lists = new Map<RecommendationKey, ShownRecommendation[]>();
    const rankGroup = async (group: RecommendationKey[]): Promise<void> => {
      const userIds = distinctUsers(group);
      const { history, asOf } = await this.histories.read(userIds);
      const request = { ...group[0], first: Math.max(...group.map((key) => key.first)) };
      const ranked = await this.complete(userIds, request, (options) =>
        this.services.serving.rankItems(this.shop.shopKey, history, asOf, options),
      );
      for (const key of group) lists.set(key, ranked[userIds.indexOf(key.userId)].slice(0, key.first));
    };
    await Promise.all([...groups.values()].map(rankGroup));
    const shown = keys.map((key) => lists.get(key) ?? []);
    await this.keep(shown.flat());
    return shown;
  }

  /**
   * Ranks until every list is as long as asked or there is nothing more to show.
   *
   * Without a filter the ranker ranks all items, and what is not for sale is dropped afterwards, so that no list of all
   * items has to be sent along; only where that leaves a list short is the ranking repeated over what is for sale.
   */
  private async complete(
    userIds: readonly string[],
    request: Request,
    rank: Rank,
  ): Promise<ShownRecommendation[][]> {
    const first = request.weights ? Math.max(REORDERED, request.first) : request.first;
    const isFiltered = Object.keys(request.filter).length > 0;
    const { excludeBought } = request;
    const ask = (allowed: ReadonlySet<string> | null) =>
      rank({ first: first + SPARE, allowed, excludeBought });
    const allowed = isFiltered ? await this.forSale(request.filter) : null;
    let ranking = await ask(allowed);
    let rows = await this.rowsOf(ranking.items.flat());
    const isShort = (list: RankedItem[]) =>
      list.length >= first + SPARE && list.filter((item) => isShowable(rows.get(item.itemId))).length < first;
    if (!isFiltered && ranking.items.some(isShort)) {
      ranking = await ask(await this.forSale({}));
      rows = await this.rowsOf(ranking.items.flat());
    }
    return userIds.map((userId, index) => {
      const showable = ranking.items[index].filter((item) =>
        isShowable(rows.get(item.itemId), request.filter),
      );
      const ordered = request.weights ? rankByGoals(showable, rows, request.weights) : showable;
      const { modelVersionId } = ranking.servedBy[index];
      return ordered
        .slice(0, request.first)
        .map((item, place) => toRecommendation(item, place + 1, rows, userId, modelVersionId));
    });
  }

  private async forSale(filter: ItemFilter): Promise<Set<string>> {
    return new Set(await this.shop.itemExternalIds({ available: true, ...filter }));
  }

  /** Items and the items that reasons name, in one statement. */
  private async rowsOf(ranked: readonly RankedItem[]): Promise<Map<string, ItemRow>> {
    const ids = new Set<string>();
    for (const { itemId, reason } of ranked) {
      ids.add(itemId);
      if (reason.itemId !== null) ids.add(reason.itemId);
    }
    const rows = await Promise.all([...ids].map((id) => this.items.load(id)));
    return new Map(rows.flatMap((row) => (row ? [[row.externalId, row] as const] : [])));
  }

  /** Impressions of all lists of this moment go in one statement. */
  private keep(shown: readonly ShownRecommendation[]): Promise<void> {
    const shownAt = new Date();
    const rows = shown.map(({ impressionId, item, userId, modelVersionId, rank, score, reason }) => ({
      id: impressionId,
      userId,
      itemId: item.id,
      modelVersionId,
      rank,
      score,
      reason: reason.kind,
      shownAt,
    }));
    return this.services.impressions.write(this.shop, rows);
  }
}

/** With what its impression has to say beside. */
interface ShownRecommendation extends Recommendation {
  readonly userId: string;
  readonly modelVersionId: string;
}

/** Postage and the like are stored as items, since orders hold them; nobody wants them recommended. */
function isShowable(row: ItemRow | undefined, filter: ItemFilter = {}): boolean {
  return (
    row !== undefined && row.available === (filter.available ?? true) && row.attributes.isService !== true
  );
}

function toRecommendation(
  ranked: RankedItem,
  rank: number,
  rows: ReadonlyMap<string, ItemRow>,
  userId: string,
  modelVersionId: string,
): ShownRecommendation {
  const row = rows.get(ranked.itemId) as ItemRow;
  const cause = ranked.reason.itemId === null ? undefined : rows.get(ranked.reason.itemId);
  return {
    item: toItem(row),
    score: ranked.score,
    rank,
    reason: {
      kind: ranked.reason.kind,
      text: reasonText(ranked.reason.kind, cause?.title ?? null),
      item: cause ? toItem(cause) : null,
    },
    impressionId: randomUUID(),
    userId,
    modelVersionId,
  };
}
