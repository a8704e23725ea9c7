import type { Command } from 'commander';

import { API_ROLES, type ApiRole } from '../store/index.js';
import { defineCommand, globalOptions, oneOf, withShop } from './command.js';
import { printResult } from './output.js';

/** `keys create|list|revoke`: who may call the API when TANDEM_AUTH is on. */
export function addKeysCommand(program: Command): void {
  const group = program.command('keys').description('make, list and revoke keys of the API').exitOverride();
  const create = defineCommand(group, 'create <name>', 'make a key; it is shown this once');
  create.option('--role <role>', API_ROLES.join(', ').toLowerCase(), oneOf(API_ROLES), 'ADMIN' as const);
  create.action(async (name: string, { role }: { role: ApiRole }) => {
    const options = globalOptions(create);
    const made = await withShop(options, (shop, runtime) =>
      runtime.store.apiKeys.create(shop.shopKey, name, role),
    );
    printResult(
      options,
      made,
      `Key ${made.id} (${role}). Send it as "Authorization: Bearer …"; it is not shown again:\n${made.key}`,
    );
  });
  const list = defineCommand(group, 'list', 'list keys, without the keys themselves');
  list.action(async () => {
    const options = globalOptions(list);
    const keys = await withShop(options, (shop, runtime) => runtime.store.apiKeys.list(shop.shopKey));
    const lines = keys.map(
      (key) =>
        `${key.id}  ${key.role.padEnd(7)} ${key.name}${key.revokedAt ? ` (revoked ${key.revokedAt.toISOString()})` : ''}`,
    );
    printResult(options, keys, lines.join('\n') || 'There are no keys yet.');
  });
  const revoke = defineCommand(group, 'revoke <id>', 'let a key in no more');
  revoke.action(async (id: string) => {
    const options = globalOptions(revoke);
    await withShop(options, (shop, runtime) => runtime.store.apiKeys.revoke(shop.shopKey, id));
    printResult(options, { revoked: id }, `The key ${id} is revoked.`);
  });
}
