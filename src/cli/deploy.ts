import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';

import { AppError } from '../errors.js';
import { deployModel, rollbackDeployment } from '../pipeline/deploy/index.js';
import { defineCommand, globalOptions, withShop } from './command.js';
import { printResult } from './output.js';

/** `deploy <version>` and `deploy --rollback`: what serves from now on. */
export function addDeployCommand(program: Command): void {
  const command = defineCommand(program, 'deploy [version]', 'serve a model version from now on')
    .option('--share <share>', 'share of users served by it, above 0 up to 1', parseShare, 1)
    .option('--rollback', 'go back to what served before');
  command.action(async (version: string | undefined, flags: { share: number; rollback?: boolean }) => {
    const options = globalOptions(command);
    if (Boolean(version) === Boolean(flags.rollback)) {
      throw new AppError('BAD_USER_INPUT', 'Name a model version to deploy, or --rollback.');
    }
    await withShop(options, async (shop, runtime) => {
      const deployment = version
        ? await deployModel(runtime.store, shop, version, flags.share)
        : await rollbackDeployment(runtime.store, shop);
      printResult(
        options,
        deployment,
        `Model version ${deployment.modelVersionId} serves ${deployment.tasks.join(', ')} for ${100 * deployment.trafficShare} % of users.`,
      );
    });
  });
}

function parseShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share <= 1)) throw new InvalidArgumentError('Expected a number above 0 up to 1.');
  return share;
}
