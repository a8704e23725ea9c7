import { type Command } from 'commander';

import { AppError } from '../errors.js';
import { replayQuarantine } from '../pipeline/collect/index.js';
import { type Json, QUARANTINE_STATES, type QuarantineState } from '../store/index.js';
import { defineCommand, globalOptions, oneOf, wholeNumber, withShop } from './command.js';
import { printResult } from './output.js';

interface ListFlags {
  readonly state: QuarantineState;
  readonly source?: string;
  readonly first: number;
  readonly after?: string;
}

/** `quarantine list|mend|replay|discard`: rows that could not be taken in. */
export function addQuarantineCommand(program: Command): void {
  const group = program
    .command('quarantine')
    .description('rows that could not be taken in: read, mend and replay them');
  addListCommand(group);
  const mend = defineCommand(
    group,
    'mend <id> <row>',
    'put a mended row, a JSON object, in the place of one that waits',
  );
  mend.action(async (id: string, text: string) => {
    const raw = parseRow(text);
    const row = await withShop(globalOptions(mend), (shop) => shop.mendQuarantined(id, raw));
    printResult(globalOptions(mend), row, `${row.id} is mended; replay it with: quarantine replay ${row.id}`);
  });
  const replay = defineCommand(
    group,
    'replay [ids...]',
    'try rows again: those named, or all that wait',
  ).option('--source <name>', 'only rows of this file or stream');
  replay.action(async (ids: string[]) => {
    const { source } = replay.opts<{ source?: string }>();
    const report = await withShop(globalOptions(replay), (shop) =>
      replayQuarantine(shop, ids.length > 0 ? { ids } : { source }),
    );
    printResult(
      globalOptions(replay),
      report,
      [
        `${report.rows} rows = ${report.replayed} in the shop now + ${report.discarded} left out + ${report.waiting} still waiting`,
        ...report.problems.slice(0, 10).map(({ id, reason }) => `  ${id}: ${reason}`),
      ].join('\n'),
    );
  });
  const discard = defineCommand(group, 'discard <ids...>', 'give rows up');
  discard.action(async (ids: string[]) => {
    await withShop(globalOptions(discard), (shop) =>
      shop.settleQuarantined(ids.map((id) => ({ id, state: 'DISCARDED' }))),
    );
    printResult(globalOptions(discard), { ids }, `${ids.length} rows given up.`);
  });
}

function addListCommand(group: Command): void {
  const list = defineCommand(group, 'list', 'show rows, the oldest first')
    .option(
      '--state <state>',
      QUARANTINE_STATES.join(', ').toLowerCase(),
      oneOf(QUARANTINE_STATES),
      'WAITING',
    )
    .option('--source <name>', 'only rows of this file or stream')
    .option('--first <number>', 'rows to show', wholeNumber(1, 10_000), 20)
    .option('--after <cursor>', 'go on behind the last row shown');
  list.action(async () => {
    const options = globalOptions(list);
    const { state, source, first, after } = list.opts<ListFlags>();
    const { total, page } = await withShop(options, async (shop) => ({
      total: await shop.countQuarantined({ state, source }),
      page: await shop.quarantinedRows({ first, after }, { state, source }),
    }));
    const lines = page.rows.map(
      (row) =>
        `${row.id}  ${row.source}${row.line === null ? '' : `:${row.line}`}  ${row.reason}\n  ${JSON.stringify(row.raw)}`,
    );
    const more = page.hasNextPage ? [`More: --after ${page.rows.at(-1)?.cursor}`] : [];
    printResult(
      options,
      { total, ...page },
      [`${total} rows ${state.toLowerCase()}.`, ...lines, ...more].join('\n'),
    );
  });
}

function parseRow(text: string): Json {
  try {
    const row = JSON.parse(text) as Json;
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row;
  } catch {
    // Told below, as any other text that is no object.
  }
  throw new AppError(
    'BAD_USER_INPUT',
    `A row is a JSON object, such as {"user":"ann"}; got ${text.slice(0, 200)}.`,
  );
}
