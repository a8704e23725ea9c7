import type { Command } from 'commander';

import type { EnsembleRequest } from '../jobs/index.js';
import { defineCommand, globalOptions, oneOf, wholeNumber } from './command.js';
import { followRun } from './follow-run.js';

/** `ensemble <versions…>`: combines trained model versions into one. */
export function addEnsembleCommand(program: Command): void {
  const command = defineCommand(program, 'ensemble <versions...>', 'combine trained model versions into one')
    .option(
      '--method <method>',
      'weighted-average, voting or stacking',
      oneOf(['WEIGHTED_AVERAGE', 'VOTING', 'STACKING']),
      'WEIGHTED_AVERAGE' as const,
    )
    .option('--seed <number>', 'seed of every random draw', wholeNumber(0, 2 ** 31 - 1))
    .option('--deploy', 'serve what comes out');
  command.action(async (members: string[]) => {
    const { method, seed, deploy } = command.opts<Omit<EnsembleRequest, 'members'>>();
    await followRun(globalOptions(command), (jobs, shop) =>
      jobs.startEnsemble(shop, { members, method, seed, deploy }),
    );
  });
}
