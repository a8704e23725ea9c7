import { BEHAVIOUR_CODE, DAY_MS, type ShopHistory } from '../index.js';

const RECENT_DAYS = 30;

/** What buying an item says of its buyers, as of a cut. Kept with a model, so that serving sees what training saw. */
export interface ItemStatistics {
  /** The shop's ids. */
  readonly itemIds: readonly string[];
  /** [items] users who bought it. */
  readonly buyers: Float32Array;
  /** [items] users who bought it in the 30 days before the cut. */
  readonly recentBuyers: Float32Array;
  /** [items] of its buyers, those with more than one order of anything. */
  readonly loyalBuyers: Float32Array;
  /** Share of all buyers with more than one order. */
  readonly loyalShare: number;
}

/** Counts buyers per item from what was before the cut. */
export function itemStatistics(history: ShopHistory, cut: number): ItemStatistics {
  const counter = new BuyerCounter(history.items.length, cut);
  counter.add(history);
  return counter.statistics(history.items.map((item) => item.id));
}

/** Counts buyers per item as of a cut, a part of the users at a time: the counts do not depend on how users are parted. */
export class BuyerCounter {
  private readonly buyers: Float32Array;
  private readonly recentBuyers: Float32Array;
  private readonly loyalBuyers: Float32Array;
  private readonly seenBy: Int32Array;
  private readonly recentBy: Int32Array;
  private people = 0;
  private loyalPeople = 0;

  constructor(
    items: number,
    private readonly cut: number,
  ) {
    this.buyers = new Float32Array(items);
    this.recentBuyers = new Float32Array(items);
    this.loyalBuyers = new Float32Array(items);
    this.seenBy = new Int32Array(items);
    this.recentBy = new Int32Array(items);
  }

  /** Users with a purchase before the cut. */
  get buyersInAll(): number {
    return this.people;
  }

  /** Counts all users of a history whose items are those counted. */
  add(history: ShopHistory): void {
    this.seenBy.fill(-1);
    this.recentBy.fill(-1);
    for (let user = 0; user < history.users.length; user++) this.addUser(history, user);
  }

  /** @param itemIds the shop's ids, in the order of the items counted */
  statistics(itemIds: readonly string[]): ItemStatistics {
    const { buyers, recentBuyers, loyalBuyers, people, loyalPeople } = this;
    return { itemIds, buyers, recentBuyers, loyalBuyers, loyalShare: people > 0 ? loyalPeople / people : 0 };
  }

  private addUser({ behaviours, userOffsets }: ShopHistory, user: number): void {
    const { cut, seenBy, recentBy } = this;
    const own: number[] = [];
    let orders = 0;
    let lastKey = Number.NaN;
    for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
      const time = behaviours.occurredAt[row];
      if (time >= cut) break;
      if (behaviours.type[row] !== BEHAVIOUR_CODE.PURCHASE) continue;
      // Session numbers are not negative and times are far above them: one key tells orders apart.
      const key = behaviours.session[row] >= 0 ? behaviours.session[row] : -time;
      if (key !== lastKey) orders++;
      lastKey = key;
      const item = behaviours.item[row];
      if (item < 0) continue;
      if (seenBy[item] !== user) own.push(item);
      seenBy[item] = user;
      if (time >= cut - RECENT_DAYS * DAY_MS && recentBy[item] !== user) {
        recentBy[item] = user;
        this.recentBuyers[item]++;
      }
    }
    if (orders === 0) return;
    this.people++;
    if (orders > 1) this.loyalPeople++;
    for (const item of own) {
      this.buyers[item]++;
      if (orders > 1) this.loyalBuyers[item]++;
    }
  }
}

/** The statistics in the order of another history's items; items unknown at the cut have zeros. */
export function alignStatistics(statistics: ItemStatistics, itemIds: readonly string[]): ItemStatistics {
  const at = new Map(statistics.itemIds.map((id, index) => [id, index]));
  const pick = (values: Float32Array) =>
    Float32Array.from(itemIds, (id) => {
      const index = at.get(id);
      return index === undefined ? 0 : values[index];
    });
  return {
    itemIds,
    buyers: pick(statistics.buyers),
    recentBuyers: pick(statistics.recentBuyers),
    loyalBuyers: pick(statistics.loyalBuyers),
    loyalShare: statistics.loyalShare,
  };
}
