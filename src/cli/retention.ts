import { join } from 'node:path';

import { type Command } from 'commander';

import {
  RETENTION_KINDS,
  type RetentionKind,
  type RetentionPolicy,
  type RetentionReport,
} from '../store/index.js';
import { defineCommand, globalOptions, oneOf, wholeNumber, withShop } from './command.js';
import { printResult } from './output.js';

const KINDS = RETENTION_KINDS.join(', ').toLowerCase();

/** `retention list|set|end|apply`: how long a shop keeps rows that grow with traffic. */
export function addRetentionCommand(program: Command): void {
  const group = program.command('retention').description('how long rows that grow with traffic are kept');
  const list = defineCommand(group, 'list', 'show the policies; a kind without one is kept for good');
  list.action(async () => {
    const options = globalOptions(list);
    const policies = await withShop(options, (shop) => shop.retentionPolicies());
    printResult(options, policies, describePolicies(policies));
  });
  const set = defineCommand(group, 'set', 'keep rows of a kind for so many days')
    .argument('<kind>', KINDS, oneOf(RETENTION_KINDS))
    .argument('<days>', '1 to 36,500', wholeNumber(1, 36_500))
    .option('--archive', 'write rows to Parquet files before they go');
  set.action(async (kind: RetentionKind, keepDays: number) => {
    const options = globalOptions(set);
    const { archive = false } = set.opts<{ archive?: boolean }>();
    const policies = await withShop(options, async (shop) => {
      await shop.setRetention(kind, { keepDays, isArchived: archive });
      return shop.retentionPolicies();
    });
    printResult(options, policies, describePolicies(policies));
  });
  const end = defineCommand(group, 'end', 'keep rows of a kind for good').argument(
    '<kind>',
    KINDS,
    oneOf(RETENTION_KINDS),
  );
  end.action(async (kind: RetentionKind) => {
    const options = globalOptions(end);
    const policies = await withShop(options, async (shop) => {
      await shop.setRetention(kind, null);
      return shop.retentionPolicies();
    });
    printResult(options, policies, describePolicies(policies));
  });
  const apply = defineCommand(group, 'apply', 'remove now what is older; can be stopped at any moment');
  apply.action(async () => {
    const options = globalOptions(apply);
    const reports = await withShop(options, (shop, { config }) =>
      shop.applyRetention({ now: new Date(), archiveDirectory: join(config.dataDir, 'archive') }),
    );
    printResult(options, reports, describeReports(reports));
  });
}

function describePolicies(policies: readonly RetentionPolicy[]): string {
  if (policies.length === 0) return 'There is no policy: everything is kept.';
  return policies
    .map(
      ({ kind, keepDays, isArchived }) =>
        `${kind.toLowerCase()}: ${keepDays} days${isArchived ? ', then archived' : ''}`,
    )
    .join('\n');
}

function describeReports(reports: readonly RetentionReport[]): string {
  if (reports.length === 0) return 'There is no policy: everything is kept.';
  return reports
    .map(({ kind, removed, files }) =>
      [`${kind.toLowerCase()}: ${removed} rows removed`, ...files.map((file) => `  ${file}`)].join('\n'),
    )
    .join('\n');
}
