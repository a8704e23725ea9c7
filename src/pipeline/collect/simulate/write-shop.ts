import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { BEHAVIOUR_CODE, BEHAVIOUR_TYPES, type HistoryItem } from '../../index.js';
import { type ShopBlock, simulateBlocks } from './simulate-shop.js';
import { SIMULATION_FILE } from './simulation-note.js';
import { type GivenSimulationOptions, simulationOptions } from './simulation-options.js';

/** Lines gathered before they are handed to the file. */
const LINES_PER_WRITE = 2_000;

export interface WrittenShop {
  readonly behaviours: number;
  readonly users: number;
  readonly items: number;
  readonly transactions: number;
  /** Paths, in the order in which to import them. */
  readonly files: readonly string[];
}

/**
 * Writes a simulated shop as NDJSON in the layout that an import takes without a mapping: items, users, behaviours and transactions; and
 * `simulation.json` with the options, from which `simulateShop` gives the shop's truth again. Memory stays flat.
 *
 * @param directory made if it is not there; files in it are written over
 * @throws AppError BAD_USER_INPUT for an option out of range
 */
export async function writeSimulatedShop(
  directory: string,
  given: GivenSimulationOptions = {},
): Promise<WrittenShop> {
  const options = simulationOptions(given);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, SIMULATION_FILE), `${JSON.stringify(options, null, 2)}\n`);
  const paths = ['items', 'users', 'behaviours', 'transactions'].map((name) =>
    join(directory, `${name}.ndjson`),
  );
  const [items, users, behaviours, transactions] = paths.map((path) => new LineFile(path));
  const counts = { behaviours: 0, users: 0, items: 0, transactions: 0 };
  for (const block of simulateBlocks(options)) {
    if (counts.items === 0) {
      counts.items = block.world.catalogue.items.length;
      await items.write(block.world.catalogue.items.map(itemLine));
    }
    await users.write(block.users.map(({ id, attributes }) => ({ userId: id, ...attributes })));
    await behaviours.write(behaviourLines(block));
    await transactions.write(transactionLines(block));
    counts.users += block.users.length;
    counts.behaviours += block.behaviours.count;
    counts.transactions += block.transactions.length;
  }
  for (const file of [items, users, behaviours, transactions]) await file.close();
  return { ...counts, files: paths };
}

const itemLine = ({ id, title, category, price }: HistoryItem) => ({
  itemId: id,
  title,
  category: category.join('>'),
  price,
  currency: 'GBP',
});

function* behaviourLines({ behaviours, users, world, firstUser }: ShopBlock): Generator<object> {
  for (let row = 0; row < behaviours.count; row++) {
    const type = behaviours.type[row];
    const item = behaviours.item[row];
    const isRating = type === BEHAVIOUR_CODE.RATING;
    const isSale = type === BEHAVIOUR_CODE.PURCHASE || type === BEHAVIOUR_CODE.REFUND;
    yield {
      // A visit does nothing twice to an item in the same millisecond, but what it does may come twice.
      eventId: `${behaviours.session[row]}-${type}-${item}-${behaviours.occurredAt[row]}`,
      userId: users[behaviours.user[row] - firstUser].id,
      ...(item >= 0 && { itemId: world.catalogue.items[item].id }),
      type: BEHAVIOUR_TYPES[type],
      occurredAt: new Date(behaviours.occurredAt[row]).toISOString(),
      sessionId: `s${behaviours.session[row]}`,
      ...(isSale && { quantity: behaviours.quantity[row], value: behaviours.value[row] }),
      ...(isRating && { rating: behaviours.quantity[row] }),
    };
  }
}

function* transactionLines({ transactions, users, firstUser }: ShopBlock): Generator<object> {
  for (const { id, user, occurredAt, lines, ...rest } of transactions) {
    void lines;
    yield {
      transactionId: id,
      userId: users[user - firstUser].id,
      occurredAt: new Date(occurredAt).toISOString(),
      ...rest,
    };
  }
}

/** A file that is written a line an object, no faster than the disk takes it. */
class LineFile {
  private readonly stream: WriteStream;

  constructor(path: string) {
    this.stream = createWriteStream(path);
  }

  async write(objects: Iterable<object>): Promise<void> {
    let lines: string[] = [];
    for (const object of objects) {
      if (lines.push(JSON.stringify(object)) < LINES_PER_WRITE) continue;
      await this.send(lines);
      lines = [];
    }
    await this.send(lines);
  }

  async close(): Promise<void> {
    this.stream.end();
    await once(this.stream, 'close');
  }

  private async send(lines: readonly string[]): Promise<void> {
    if (lines.length > 0 && !this.stream.write(`${lines.join('\n')}\n`)) await once(this.stream, 'drain');
  }
}
