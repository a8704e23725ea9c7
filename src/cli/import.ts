import { type Command, InvalidArgumentError } from 'commander';

import {
  BOT_RULES,
  DATE_ORDERS,
  type DateOrder,
  type FieldMapping,
  type FileReport,
  importFiles,
  type ImportPlan,
  LAYOUTS,
  parseMapping,
  parseRates,
  type Rates,
  RECORD_KINDS,
  type RecordKind,
  type SkippedFile,
} from '../pipeline/collect/index.js';
import { defineCommand, globalOptions, oneOf, withShop } from './command.js';
import { createProgressBar, EXIT, printResult } from './output.js';

interface ImportFlags {
  readonly layout?: string;
  readonly map?: FieldMapping;
  readonly currency?: string;
  readonly rates?: Rates;
  readonly timeZone?: string;
  readonly dateOrder?: DateOrder;
  readonly kind?: RecordKind;
  readonly keepBots?: boolean;
}

const SHOWN_PROBLEMS = 10;

/** `import <files…>`: brings files into the shop and reports what became of every line. */
export function addImportCommand(program: Command): void {
  const names = LAYOUTS.map((layout) => layout.name).join(', ');
  const command = defineCommand(
    program,
    'import <files...>',
    'bring CSV, NDJSON, JSON (gzip or not) or Parquet files into the shop',
  )
    .option('--layout <name>', `layout of the files: ${names} (default: recognised from the columns)`)
    .option('--map <mapping>', 'columns by field: userId=customer,itemId=sku,…, or a JSON file', parseMapping)
    .option('--kind <kind>', `what the files hold: ${RECORD_KINDS.join(', ')} (default: recognised)`, kindOf)
    .option('--currency <code>', 'currency of amounts that name none, such as EUR')
    .option(
      '--rates <rates>',
      'convert other currencies to it: USD=0.92,GBP=1.17 is what one unit is worth',
      parseRates,
    )
    .option('--time-zone <name>', 'zone of times without one, such as Europe/Berlin (default: UTC)')
    .option(
      '--date-order <order>',
      `order in dates such as 03/04/2020: ${DATE_ORDERS.join(', ')}`,
      oneOf(DATE_ORDERS),
    )
    .option('--keep-bots', 'keep lines of users who behave as no person can');
  command.action(async (files: string[]) => {
    const options = globalOptions(command);
    const { layout, map, keepBots, ...values } = command.opts<ImportFlags>();
    const bar = createProgressBar('Import', options);
    const report = await withShop(options, (shop) =>
      importFiles(shop, files, {
        ...values,
        layout,
        mapping: map,
        leavesBotsOut: !keepBots,
        onPlan: (plan) => !options.json && process.stderr.write(`${describePlan(plan)}\n`),
        onProgress: ({ path, share, lines }) =>
          bar.update(
            (files.indexOf(path) + share) / files.length,
            lines > 0 ? `${lines} lines` : 'looking for bots',
          ),
      }),
    ).finally(() => bar.stop());
    const parts = [...report.files.map(describeFile), ...report.skipped.map(describeSkipped)];
    printResult(options, report, parts.join('\n\n'));
    if (report.skipped.some(({ code }) => code !== null)) process.exitCode = EXIT.failed;
  });
}

function describePlan(plan: ImportPlan): string {
  const mapping = plan.mapping
    ? `; columns: ${Object.entries(plan.mapping)
        .map(([field, column]) => `${field}=${column}`)
        .join(',')}`
    : '';
  return `${plan.path}: layout ${plan.layout}, ${plan.format}, ${plan.encoding}${mapping}`;
}

function describeSkipped({ path, code, message }: SkippedFile): string {
  return `${path}: not imported. ${code === null ? message : `${code}: ${message}`}`;
}

function describeFile(file: FileReport): string {
  const rules = file.rules
    .filter((rule) => rule.lines > 0)
    .map(
      (rule) =>
        `  ${String(rule.lines).padStart(8)}  ${rule.action}: ${rule.description} (${rule.before} before, ${rule.after} after)`,
    );
  const bots = file.bots
    .slice(0, SHOWN_PROBLEMS)
    .map(
      (bot) =>
        `  ${bot.userId}: ${bot.views} views, up to ${bot.viewsAMinute} a minute. ${BOT_RULES[bot.rule]}`,
    );
  const written = Object.entries(file.written)
    .filter(([, counts]) => counts.accepted + counts.duplicates > 0)
    .map(
      ([kind, counts]) => `  ${kind}: ${counts.accepted} new or changed, ${counts.duplicates} there already`,
    );
  const problems = file.problems
    .slice(0, SHOWN_PROBLEMS)
    .map(({ line, message }) => `  ${line === null ? '' : `line ${line}: `}${message}`);
  return [
    `${file.path}: ${file.lines} lines = ${file.kept} kept + ${file.dropped} left out + ${file.rejected} rejected, in ${file.seconds.toFixed(1)} s`,
    ...(file.resumedAt === null
      ? []
      : [`Went on behind line ${file.resumedAt}, up to which an earlier attempt had come.`]),
    ...(rules.length > 0 ? ['Cleaning, in lines:', ...rules] : []),
    'Stored:',
    ...written,
    ...(file.merged > 0 ? [`${file.merged} anonymous visitors stand under known users now.`] : []),
    ...(bots.length > 0 ? ['Bots, the busiest:', ...bots] : []),
    ...(problems.length > 0
      ? ['Rejected, the first (mend and replay them with: quarantine list):', ...problems]
      : []),
  ].join('\n');
}

function kindOf(text: string): RecordKind {
  const kind = RECORD_KINDS.find((candidate) => candidate === text);
  if (!kind) throw new InvalidArgumentError(`Expected one of ${RECORD_KINDS.join(', ')}.`);
  return kind;
}
