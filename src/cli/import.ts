import { type Command, InvalidArgumentError } from 'commander';

import {
  type FieldMapping,
  type FileReport,
  importFiles,
  type ImportPlan,
  LAYOUTS,
  parseMapping,
  RECORD_KINDS,
  type RecordKind,
} from '../pipeline/collect/index.js';
import { defineCommand, globalOptions, withShop } from './command.js';
import { createProgressBar, printResult } from './output.js';

interface ImportFlags {
  readonly layout?: string;
  readonly map?: FieldMapping;
  readonly currency?: string;
  readonly kind?: RecordKind;
}

const SHOWN_PROBLEMS = 10;

/** `import <files…>`: brings files into the shop and reports what became of every line. */
export function addImportCommand(program: Command): void {
  const names = LAYOUTS.map((layout) => layout.name).join(', ');
  const command = defineCommand(
    program,
    'import <files...>',
    'bring CSV or NDJSON files (gzip or not) into the shop',
  )
    .option('--layout <name>', `layout of the files: ${names} (default: recognised from the columns)`)
    .option('--map <mapping>', 'columns by field: userId=customer,itemId=sku,…, or a JSON file', parseMapping)
    .option('--kind <kind>', `what the files hold: ${RECORD_KINDS.join(', ')} (default: recognised)`, kindOf)
    .option('--currency <code>', 'currency of the amounts, such as EUR');
  command.action(async (files: string[]) => {
    const options = globalOptions(command);
    const { layout, map, currency, kind } = command.opts<ImportFlags>();
    const bar = createProgressBar('Import', options);
    const report = await withShop(options, (shop) =>
      importFiles(shop, files, {
        layout,
        kind,
        mapping: map,
        currency,
        onPlan: (plan) => !options.json && process.stderr.write(`${describePlan(plan)}\n`),
        onProgress: ({ bytesRead, bytesTotal, lines }) =>
          bar.update(bytesRead / bytesTotal, `${lines} lines`),
      }),
    ).finally(() => bar.stop());
    printResult(options, report, report.files.map(describeFile).join('\n\n'));
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

function describeFile(file: FileReport): string {
  const rules = file.rules
    .filter((rule) => rule.lines > 0)
    .map((rule) => `  ${String(rule.lines).padStart(8)}  ${rule.action}: ${rule.description}`);
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
    ...(rules.length > 0 ? ['Cleaning, in lines:', ...rules] : []),
    'Stored:',
    ...written,
    ...(problems.length > 0 ? ['Rejected, the first:', ...problems] : []),
  ].join('\n');
}

function kindOf(text: string): RecordKind {
  const kind = RECORD_KINDS.find((candidate) => candidate === text);
  if (!kind) throw new InvalidArgumentError(`Expected one of ${RECORD_KINDS.join(', ')}.`);
  return kind;
}
