/** Behaviours of an invented shop as its tracker would send them: in the order of time, a few late, users and items heavy-tailed. */
import type pg from 'pg';

import { type BehaviourType, DAY_MS } from '../../src/pipeline/index.js';

export interface BehaviourStreamOptions {
  readonly users: number;
  readonly items: number;
  readonly days: number;
  readonly rows: number;
}

/** One behaviour in numbers; `event` is its place in the stream, from which its id is made. */
export interface StreamedBehaviour {
  readonly event: number;
  readonly user: number;
  readonly item: number;
  readonly type: BehaviourType;
  readonly occurredAt: number;
  readonly session: number;
  readonly quantity: number;
  readonly cents: number;
}

export const START = Date.UTC(2025, 0, 1);
/** Shares of views, carts, purchases and the like in hundredths, as in shops' click logs. */
const TYPE_SHARES: readonly (readonly [BehaviourType, number])[] = [
  ['VIEW', 80],
  ['ADD_TO_CART', 8],
  ['PURCHASE', 7],
  ['FAVOURITE', 2],
  ['SEARCH', 1],
  ['REMOVE_FROM_CART', 1],
  ['REFUND', 1],
];
const TYPE_OF_HUNDREDTH = TYPE_SHARES.flatMap(([type, share]) => new Array<BehaviourType>(share).fill(type));

/** A whole number in [0, 2³²) that depends on both arguments alone (Murmur3's last step), so that any row can be made by itself. */
function hash(value: number, salt: number): number {
  let h = Math.imul(value ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x27d4eb2f);
  return (h ^ (h >>> 15)) >>> 0;
}

const share = (value: number, salt: number): number => hash(value, salt) / 4_294_967_296;

/** The behaviour at a place of the stream, always the same. */
export function behaviourAt(event: number, options: BehaviourStreamOptions): StreamedBehaviour {
  const type = TYPE_OF_HUNDREDTH[hash(event, 3) % 100];
  // A square and a cube: some users come a lot, few items make most of the turnover.
  const user = Math.floor(share(event, 1) ** 2 * options.users);
  const item = Math.floor(share(event, 2) ** 3 * options.items);
  // One in a hundred comes up to a day late, as from a phone that was offline.
  const late = hash(event, 4) % 100 === 0 ? share(event, 5) * DAY_MS : 0;
  const occurredAt = Math.floor(START + (event / options.rows) * options.days * DAY_MS - late);
  const isMoney = type === 'PURCHASE' || type === 'REFUND';
  return {
    event,
    user,
    item,
    type,
    occurredAt,
    session: Math.floor(occurredAt / (DAY_MS / 4)),
    quantity: 1 + (hash(event, 6) % 3),
    cents: isMoney ? 100 + (hash(item, 7) % 20_000) : 0,
  };
}

export const eventIdOf = (event: number): string =>
  `evt-${hash(event, 8).toString(36)}-${event.toString(36)}`;
export const userIdOf = (user: number): string => `customer-${user}`;
export const itemIdOf = (item: number): string => `sku-${item}`;
export const sessionIdOf = (row: StreamedBehaviour): string => `s${row.user.toString(36)}-${row.session}`;
export const isMoneyOf = (row: StreamedBehaviour): boolean => row.cents > 0;
export const valueOf = (row: StreamedBehaviour): string => ((row.cents * row.quantity) / 100).toFixed(2);

/** One line of NDJSON, as POST /ingest/behaviours takes it. */
export function ndjsonLine(row: StreamedBehaviour): string {
  const money = isMoneyOf(row) ? `,"quantity":${row.quantity},"value":"${valueOf(row)}"` : '';
  return (
    `{"eventId":"${eventIdOf(row.event)}","userId":"${userIdOf(row.user)}","itemId":"${itemIdOf(row.item)}",` +
    `"type":"${row.type}","occurredAt":"${new Date(row.occurredAt).toISOString()}","sessionId":"${sessionIdOf(row)}"${money}}\n`
  );
}

/** One line of COPY for the table, with internal ids one above the numbers of user and item. */
export function copyLine(row: StreamedBehaviour, shopId: number): string {
  const money = isMoneyOf(row) ? `${row.quantity}\t${valueOf(row)}` : '\\N\t\\N';
  return (
    `${row.user + 1}\t${eventIdOf(row.event)}\t${shopId}\t${row.item + 1}\t${row.type}\t` +
    `${new Date(row.occurredAt).toISOString()}\t${sessionIdOf(row)}\t${money}\n`
  );
}

/** Columns of `copyLine`, in its order. */
export const COPY_COLUMNS =
  'user_id, event_id, shop_id, item_id, type, occurred_at, session_id, quantity, value';

/** The key of a row of `copyLine`. */
export function copyKeyLine(row: StreamedBehaviour, shopId: number): string {
  return `${row.user + 1}\t${shopId}\t${eventIdOf(row.event)}\n`;
}

export const KEY_COPY_COLUMNS = 'user_id, shop_id, event_id';

/** Makes the partitions that the stream's rows lie in: the first ones come up to a day late, `daysBehind` follow the last. */
export async function addPartitions(
  client: pg.ClientBase,
  stream: BehaviourStreamOptions,
  daysBehind = 1,
): Promise<void> {
  for (let day = -1; day <= stream.days + daysBehind; day++)
    await client.query(`SELECT add_partition('behaviours', $1)`, [new Date(START + day * DAY_MS)]);
}
