/** What one user did before a cut, gathered once for all features. Nothing at or after the cut is read. */
import { BEHAVIOUR_CODE, DAY_MS, type ShopHistory } from '../index.js';

/** An item that the user bought before the cut. */
export interface PastItem {
  /** Number of orders that held it. */
  orders: number;
  lines: number;
  firstOrder: number;
  lastOrder: number;
}

/** One user's purchases by order, and refunds; times in days before the cut (0 = at the cut, larger = longer ago). */
export interface UserPast {
  /** Orders, oldest first. */
  readonly orderAge: number[];
  readonly orderAmount: number[];
  readonly orderLines: number[];
  readonly orderUnits: number[];
  /** Lines of the order that hold an item never bought before. */
  readonly orderNewLines: number[];
  /** UTC hour with its fraction, and weekday (0 = Sunday), of each order. */
  readonly orderHour: number[];
  readonly orderWeekday: number[];
  /** Whole days (since the epoch) with an order, ascending. */
  readonly visitDays: number[];
  /** Whole days with a behaviour of any kind but a refund, ascending, and those of them without an order. */
  readonly presentDays: number[];
  readonly lookedDays: number[];
  readonly items: Map<number, PastItem>;
  /** Unit price of every line. */
  readonly prices: number[];
  readonly refundAge: number[];
  readonly refundAmount: number[];
  /** The day of the cut (since the epoch, with its fraction). */
  readonly cutDay: number;
}

const emptyPast = (cut: number): UserPast => ({
  orderAge: [],
  orderAmount: [],
  orderLines: [],
  orderUnits: [],
  orderNewLines: [],
  orderHour: [],
  orderWeekday: [],
  visitDays: [],
  presentDays: [],
  lookedDays: [],
  items: new Map(),
  prices: [],
  refundAge: [],
  refundAmount: [],
  cutDay: cut / DAY_MS,
});

/**
 * Gathers a user's past. Purchase lines of one session form one order; lines without a session form one when they share their time.
 */
export function userPast(history: ShopHistory, user: number, cut: number): UserPast {
  const { behaviours, userOffsets } = history;
  const past = emptyPast(cut);
  let order = -1;
  let lastSession = Number.NaN;
  let lastTime = Number.NaN;
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    const time = behaviours.occurredAt[row];
    if (time >= cut) break;
    const type = behaviours.type[row];
    if (type === BEHAVIOUR_CODE.REFUND) {
      past.refundAge.push((cut - time) / DAY_MS);
      past.refundAmount.push(behaviours.value[row]);
      continue;
    }
    const day = Math.floor(time / DAY_MS);
    if (past.presentDays[past.presentDays.length - 1] !== day) past.presentDays.push(day);
    if (type !== BEHAVIOUR_CODE.PURCHASE) continue;
    const session = behaviours.session[row];
    const isSameOrder = session >= 0 ? session === lastSession : lastSession < 0 && time === lastTime;
    if (!isSameOrder) order = startOrder(past, time, cut);
    lastSession = session;
    lastTime = time;
    addLine(past, order, history, row);
  }
  addLookedDays(past);
  return past;
}

/** Both lists ascend. */
function addLookedDays({ presentDays, visitDays, lookedDays }: UserPast): void {
  let next = 0;
  for (const day of presentDays) {
    if (day === visitDays[next]) next++;
    else lookedDays.push(day);
  }
}

function startOrder(past: UserPast, time: number, cut: number): number {
  const day = Math.floor(time / DAY_MS);
  past.orderAge.push((cut - time) / DAY_MS);
  past.orderAmount.push(0);
  past.orderLines.push(0);
  past.orderUnits.push(0);
  past.orderNewLines.push(0);
  past.orderHour.push((time - day * DAY_MS) / (DAY_MS / 24));
  past.orderWeekday.push(new Date(time).getUTCDay());
  if (past.visitDays[past.visitDays.length - 1] !== day) past.visitDays.push(day);
  return past.orderAge.length - 1;
}

function addLine(past: UserPast, order: number, history: ShopHistory, row: number): void {
  const { behaviours } = history;
  const item = behaviours.item[row];
  const quantity = behaviours.quantity[row];
  past.orderAmount[order] += behaviours.value[row];
  past.orderLines[order]++;
  past.orderUnits[order] += quantity;
  past.prices.push(quantity > 0 ? behaviours.value[row] / quantity : 0);
  if (item < 0) return;
  const known = past.items.get(item);
  if (!known) {
    past.items.set(item, { orders: 1, lines: 1, firstOrder: order, lastOrder: order });
    past.orderNewLines[order]++;
    return;
  }
  known.lines++;
  if (known.firstOrder === order) past.orderNewLines[order]++;
  if (known.lastOrder !== order) known.orders++;
  known.lastOrder = order;
}
