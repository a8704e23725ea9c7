import { createWriteStream } from 'node:fs';
import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';

import type { Command } from 'commander';

import { AppError } from '../errors.js';
import { modelDirectory } from '../pipeline/deploy/index.js';
import type { BehaviourRecord, Page, ShopStore } from '../store/index.js';
import { defineCommand, globalOptions, withShop } from './command.js';
import { createProgressBar, printResult, type ProgressBar } from './output.js';

const PAGE = 1000;

/** `export model|user|behaviours`: takes what is stored out again, as files that others can read. */
export function addExportCommand(program: Command): void {
  const group = program
    .command('export')
    .description('take models, a person or behaviours out as files')
    .exitOverride();
  addExportModel(group);
  addExportUser(group);
  addExportBehaviours(group);
}

function addExportModel(group: Command): void {
  const command = defineCommand(
    group,
    'model <version> <directory>',
    "a model version's files (manifest and weights)",
  );
  command.action(async (version: string, directory: string) => {
    const options = globalOptions(command);
    await withShop(options, async (shop, runtime) => {
      const [row] = await shop.modelVersionsByIds([version]);
      if (!row) throw new AppError('NOT_FOUND', `There is no model version ${version}.`);
      await mkdir(directory, { recursive: true });
      if ((await readdir(directory)).length > 0) {
        throw new AppError('BAD_USER_INPUT', `The folder ${directory} is not empty.`);
      }
      await cp(modelDirectory(runtime.config.dataDir, row.contentHash), directory, { recursive: true });
      printResult(
        options,
        { directory, contentHash: row.contentHash },
        `Wrote model version ${version} to ${directory}.`,
      );
    });
  });
}

function addExportUser(group: Command): void {
  const command = defineCommand(
    group,
    'user <userId> <file>',
    'all that is stored about one person, as JSON',
  );
  command.action(async (userId: string, file: string) => {
    const options = globalOptions(command);
    await withShop(options, async (shop) => {
      const [user] = await shop.usersByExternalIds([userId]);
      if (!user) throw new AppError('NOT_FOUND', `There is no user ${userId}.`);
      const behaviours = await collect((after) => shop.behaviours({ first: PAGE, after }, { userId }));
      const transactions = await shop.readTransactions(userId, new Date(8.64e15));
      await writeFile(file, `${JSON.stringify({ user, behaviours, transactions }, null, 2)}\n`);
      printResult(
        options,
        { file, behaviours: behaviours.length },
        `Wrote ${behaviours.length} behaviours to ${file}.`,
      );
    });
  });
}

function addExportBehaviours(group: Command): void {
  const command = defineCommand(group, 'behaviours <file>', 'all behaviours, newest first, as NDJSON');
  command.action(async (file: string) => {
    const options = globalOptions(command);
    const bar = createProgressBar('Export', options);
    const count = await withShop(options, (shop) => writeBehaviours(shop, file, bar)).finally(() =>
      bar.stop(),
    );
    printResult(options, { file, behaviours: count }, `Wrote ${count} behaviours to ${file}.`);
  });
}

async function writeBehaviours(shop: ShopStore, file: string, bar: ProgressBar): Promise<number> {
  const { behaviours } = await shop.counts();
  const stream = createWriteStream(file);
  let count = 0;
  for await (const page of pages((after) => shop.behaviours({ first: PAGE, after }))) {
    const [users, items] = await Promise.all([
      shop.usersByIds(page.rows.map((row) => row.userId)),
      shop.itemsByIds(page.rows.flatMap((row) => (row.itemId === null ? [] : [row.itemId]))),
    ]);
    const userIds = new Map(users.flatMap((user) => (user ? [[user.id, user.externalId] as const] : [])));
    const itemIds = new Map(items.flatMap((item) => (item ? [[item.id, item.externalId] as const] : [])));
    for (const { cursor: _cursor, userId, itemId, ...row } of page.rows) {
      const line = {
        ...row,
        userId: userIds.get(userId),
        itemId: itemId === null ? null : itemIds.get(itemId),
      };
      if (!stream.write(`${JSON.stringify(line)}\n`))
        await new Promise<void>((resolve) => stream.once('drain', () => resolve()));
      count++;
    }
    bar.update(count / Math.max(1, behaviours), `${count} behaviours`);
  }
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject);
    stream.end(() => resolve());
  });
  return count;
}

async function* pages<Row>(read: (after: string | null) => Promise<Page<Row>>): AsyncGenerator<Page<Row>> {
  let after: string | null = null;
  for (;;) {
    const page: Page<Row> = await read(after);
    yield page;
    if (!page.hasNextPage) return;
    after = page.rows[page.rows.length - 1].cursor;
  }
}

async function collect(
  read: (after: string | null) => Promise<Page<BehaviourRecord>>,
): Promise<BehaviourRecord[]> {
  const rows: BehaviourRecord[] = [];
  for await (const page of pages(read)) rows.push(...page.rows);
  return rows;
}
