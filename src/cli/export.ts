import { createWriteStream } from 'node:fs';
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Command } from 'commander';

import { AppError, type ErrorCode } from '../errors.js';
import { threadEnvironment } from '../nn/threads.js';
import type { ExportedVersion, ExportRequest } from '../pipeline/deploy/host/index.js';
import { modelDirectory } from '../pipeline/deploy/index.js';
import { NETWORK_FORMATS, type NetworkFormat } from '../pipeline/index.js';
import { quietFork } from '../quiet-fork.js';
import { PROJECT_ROOT } from '../root.js';
import type { BehaviourRecord, Page, ShopStore } from '../store/index.js';
import { type TaskName, TASKS } from '../tasks/index.js';
import { defineCommand, globalOptions, oneOf, withShop } from './command.js';
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
    "a model version's files, or its networks for TensorFlow or ONNX Runtime",
  )
    .option(
      '--format <format>',
      'tandem (manifest and weights as they are kept), saved-model or onnx (docs/exporting.md)',
      oneOf(['TANDEM', ...NETWORK_FORMATS]),
      'TANDEM',
    )
    .option('--task <task>', "only this task's networks", oneOf(TASKS));
  command.action(async (version: string, directory: string) => {
    const options = globalOptions(command);
    const { format, task } = command.opts<{ format: 'TANDEM' | NetworkFormat; task?: TaskName }>();
    await withShop(options, async (shop, { config: { dataDir } }) => {
      const [row] = await shop.modelVersionsByIds([version]);
      if (!row) throw new AppError('NOT_FOUND', `There is no model version ${version}.`);
      const isNew = (await mkdir(directory, { recursive: true })) !== undefined;
      if ((await readdir(directory)).length > 0) {
        throw new AppError('BAD_USER_INPUT', `The folder ${directory} is not empty.`);
      }
      const { contentHash } = row;
      if (format === 'TANDEM') {
        await cp(modelDirectory(dataDir, contentHash), directory, { recursive: true });
        printResult(options, { directory, contentHash }, `Wrote model version ${version} to ${directory}.`);
        return;
      }
      try {
        const written = await exportNetworks(dataDir, { contentHash, format, directory, task });
        const left = written.left.map(({ architecture, tasks }) => `${architecture} (${tasks.join(', ')})`);
        const lines = [
          ...written.networks.map(({ path, tasks }) => `  ${path}: ${tasks.join(', ')}`),
          ...(left.length > 0 ? [`Left out, as made of counts and not a network: ${left.join(', ')}.`] : []),
          `networks.json says what goes in and what comes out.`,
        ];
        const text = `Wrote ${written.networks.length} networks of model version ${version} to ${directory}:`;
        printResult(options, { directory, contentHash, ...written }, [text, ...lines].join('\n'));
      } catch (thrown) {
        if (isNew) await rm(directory, { recursive: true, force: true });
        throw thrown;
      }
    });
  });
}

interface Answer {
  readonly value?: ExportedVersion;
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: Record<string, unknown>;
  };
}

/** In a process of its own, where TensorFlow is. */
function exportNetworks(dataDir: string, request: ExportRequest): Promise<ExportedVersion> {
  const child = quietFork(join(PROJECT_ROOT, 'dist', 'src', 'exporting.js'), {
    env: { ...process.env, ...threadEnvironment('small') },
  });
  return new Promise((resolve, reject) => {
    child.once('message', ({ value, error }: Answer) => {
      if (value) resolve(value);
      else if (error) reject(new AppError(error.code, error.message, error.details));
    });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The process that exports ended (${signal ?? `code ${code}`}) before it was done.`)),
    );
    child.send({ dataDir, request });
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
