/** Column files as histories: one block of whole users at a time. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { HistoryItem, HistoryUser, ShopHistory } from '../pipeline/index.js';
import { ColumnBlock } from './column-block.js';

/** Whole users of a history, with all of its items. */
export interface HistoryBlock {
  /** Place of the block's first user among all users. */
  readonly firstUser: number;
  readonly history: ShopHistory;
}

/** All users and items of the shop, and their places by internal id. */
export interface People {
  readonly users: readonly HistoryUser[];
  readonly items: readonly HistoryItem[];
  readonly userAt: ReadonlyMap<number, number>;
  readonly itemAt: ReadonlyMap<number, number>;
  readonly currency: string;
}

export async function readBlock(directory: string, file: string): Promise<ColumnBlock> {
  return ColumnBlock.fromBytes(await readFile(join(directory, file)));
}

/** All users in order, block by block. */
export async function* readBlocks(
  directory: string,
  blocks: readonly { file: string }[],
  people: People | undefined,
): AsyncGenerator<HistoryBlock> {
  if (!people) throw new Error('Column files are read after refresh().');
  let firstUser = 0;
  for (const [at, { file }] of blocks.entries()) {
    const block = await readBlock(directory, file);
    const isLast = at === blocks.length - 1;
    const end = isLast ? people.users.length : (people.userAt.get(block.user[block.count - 1]) ?? -1) + 1;
    yield { firstUser, history: toHistory(block, people, firstUser, end) };
    firstUser = end;
  }
}

/** Users [firstUser, end) of all. */
function toHistory(block: ColumnBlock, people: People, firstUser: number, end: number): ShopHistory {
  const { count } = block;
  const user = new Int32Array(count);
  const item = new Int32Array(count);
  const session = new Int32Array(count);
  const userOffsets = new Int32Array(end - firstUser + 1);
  const sessions = new Map<number, number>();
  for (let row = 0; row < count; row++) {
    user[row] = (people.userAt.get(block.user[row]) ?? -1) - firstUser;
    item[row] = block.item[row] < 0 ? -1 : (people.itemAt.get(block.item[row]) ?? -1);
    session[row] = block.session[row] < 0 ? -1 : numberOf(sessions, block.session[row]);
    userOffsets[user[row] + 1]++;
  }
  for (let at = 0; at < end - firstUser; at++) userOffsets[at + 1] += userOffsets[at];
  const { type, occurredAt, quantity, value } = block;
  return {
    users: people.users.slice(firstUser, end),
    items: people.items,
    behaviours: { count, user, item, type, occurredAt, quantity, value, session },
    userOffsets,
    transactions: [],
    currency: people.currency,
  };
}

function numberOf(numbers: Map<number, number>, key: number): number {
  const known = numbers.get(key);
  if (known !== undefined) return known;
  numbers.set(key, numbers.size);
  return numbers.size - 1;
}
