import type { Command } from 'commander';

import { AppError } from '../errors.js';
import {
  resumeSchedule,
  type RhythmRequest,
  saveConnection,
  scheduleCrawl,
  schedulePull,
} from '../jobs/index.js';
import { checkPublicAddress, type Source, SOURCES } from '../pipeline/collect/index.js';
import type { ConnectionRow, ScheduleRow, ShopStore } from '../store/index.js';
import { defineCommand, type GlobalOptions, globalOptions, oneOf, wholeNumber, withShop } from './command.js';
import { TOKEN_VARIABLES } from './connect.js';
import { printResult } from './output.js';

interface RhythmFlags {
  readonly every?: number;
  readonly cron?: string;
  readonly timeZone?: string;
  readonly maxPages?: number;
  readonly delay?: number;
  readonly allowPrivate?: boolean;
}

const UPPER_SOURCES = SOURCES.map((name) => name.toUpperCase() as Uppercase<Source>);

/** `schedule list|pull|crawl|pause|resume|remove`: pulls and crawls that come by the clock, done by workers. */
export function addScheduleCommand(program: Command): void {
  const group = program.command('schedule').description('pulls and crawls that come by the clock');
  const list = defineCommand(
    group,
    'list',
    'show the schedules, when each comes next and what became of the last',
  );
  list.action(async () => {
    const options = globalOptions(list);
    const schedules = await withShop(options, (shop) => shop.schedules());
    print(options, schedules);
  });
  addPull(group);
  addCrawl(group);
  addChange(group, 'pause', 'let a schedule wait', (shop, id) => shop.continueSchedule(id, null));
  addChange(group, 'resume', 'go on with a paused schedule', resumeSchedule);
  const remove = defineCommand(group, 'remove <id>', 'end a schedule; what came by it stays');
  remove.action(async (id: string) => {
    const options = globalOptions(remove);
    const isRemoved = await withShop(options, (shop) => shop.removeSchedule(id));
    if (!isRemoved) throw new AppError('NOT_FOUND', `There is no schedule ${id}.`);
    printResult(options, { isRemoved }, 'Removed.');
  });
}

function withRhythm(command: Command): Command {
  return command
    .option('--every <minutes>', 'minutes from one start to the next', wholeNumber(1, 44_640))
    .option('--cron <expression>', 'minute, hour, day, month and weekday: "30 2 * * *"')
    .option('--time-zone <name>', 'zone of --cron, such as Europe/Berlin (default: UTC)')
    .option(
      '--allow-private',
      'let the address lie in a private network (workers want TANDEM_PRIVATE_SOURCES=on)',
    );
}

function rhythmOf({ every, cron, timeZone }: RhythmFlags): RhythmRequest {
  return { everyMinutes: every, cron, timeZone };
}

function addPull(group: Command): void {
  const command = withRhythm(
    defineCommand(
      group,
      'pull',
      `pull from a shop system (${SOURCES.join(', ')}) by the clock; its key is stored sealed when the environment holds it`,
    )
      .argument(
        '<system>',
        SOURCES.join(' or '),
        (text) => oneOf(UPPER_SOURCES)(text).toLowerCase() as Source,
      )
      .argument('<url>', 'address of the shop'),
  );
  command.action(async (source: Source, url: string) => {
    const options = globalOptions(command);
    const flags = command.opts<RhythmFlags>();
    const schedule = await withShop(options, async (shop, { config }) => {
      const token = process.env[TOKEN_VARIABLES[source]] ?? '';
      const settings = {
        dataDir: config.dataDir,
        allowPrivate: config.arePrivateSourcesOn || flags.allowPrivate === true,
      };
      const connection =
        token === ''
          ? await knownConnection(shop, source, url)
          : await saveConnection(shop, settings, { source, url, token });
      return schedulePull(shop, connection, rhythmOf(flags));
    });
    print(options, [schedule]);
  });
}

async function knownConnection(shop: ShopStore, source: Source, url: string): Promise<ConnectionRow> {
  const origin = URL.canParse(url) ? new URL(url).origin : url;
  const known = (await shop.connections()).find((each) => each.source === source && each.url === origin);
  if (known === undefined)
    throw new AppError(
      'BAD_USER_INPUT',
      `No connection to ${origin} is stored: set ${TOKEN_VARIABLES[source]} to store one.`,
    );
  return known;
}

function addCrawl(group: Command): void {
  const command = withRhythm(
    defineCommand(group, 'crawl <url>', "read a shop's catalogue from its web pages by the clock"),
  )
    .option('--max-pages <number>', 'pages of a crawl at most (default: 1000)', wholeNumber(1, 100_000))
    .option(
      '--delay <ms>',
      'pause between two requests, milliseconds (default: 500)',
      wholeNumber(100, 600_000),
    );
  command.action(async (url: string) => {
    const options = globalOptions(command);
    const flags = command.opts<RhythmFlags>();
    const schedule = await withShop(options, (shop, { config }) => {
      if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
        throw new AppError(
          'BAD_USER_INPUT',
          `Expected an address such as https://shop.example/; got ${url}.`,
        );
      checkPublicAddress(new URL(url), config.arePrivateSourcesOn || flags.allowPrivate === true);
      const { maxPages, delay: delayMs } = flags;
      return scheduleCrawl(shop, { url, maxPages, delayMs }, rhythmOf(flags));
    });
    print(options, [schedule]);
  });
}

function addChange(
  group: Command,
  name: string,
  description: string,
  change: (shop: ShopStore, id: string) => Promise<ScheduleRow>,
): void {
  const command = defineCommand(group, `${name} <id>`, description);
  command.action(async (id: string) => {
    const options = globalOptions(command);
    print(options, [await withShop(options, (shop) => change(shop, id))]);
  });
}

function print(options: GlobalOptions, schedules: readonly ScheduleRow[]): void {
  const text = schedules.map(describe).join('\n') || 'Nothing comes by the clock.';
  printResult(options, schedules, text);
}

function describe(schedule: ScheduleRow): string {
  const { id, kind, subject, rhythm, isPaused, nextAt, failures, jobStatus, jobError } = schedule;
  const when =
    rhythm.cron === null ? `every ${rhythm.everyMinutes} minutes` : `${rhythm.cron} (${rhythm.timeZone})`;
  const next = isPaused ? 'paused' : `next ${nextAt.toISOString()}`;
  const last = jobStatus === null ? 'never started' : `last ${jobStatus.toLowerCase()}`;
  const failed =
    failures === 0 ? '' : `; failed ${failures} times in a row: ${jobError?.message ?? 'no reason kept'}`;
  return `${id}  ${kind.toLowerCase()} ${subject}, ${when}: ${next}, ${last}${failed}`;
}
