import { type Command, InvalidArgumentError } from 'commander';

import { writeSimulatedShop } from '../pipeline/collect/index.js';
import { defineCommand, globalOptions, wholeNumber } from './command.js';
import { printResult } from './output.js';

interface SimulateFlags {
  readonly behaviours: number;
  readonly seed: number;
  readonly relatedness?: number;
  readonly driftDay?: number;
}

/** `simulate <directory>`: writes a shop whose truth is known, as files that `import` takes. */
export function addSimulateCommand(program: Command): void {
  const command = defineCommand(
    program,
    'simulate <directory>',
    'write a made-up shop whose truth is known, as files that import takes',
  )
    .option('--behaviours <number>', 'about as many come out', wholeNumber(1000, 100_000_000), 100_000)
    .option('--seed <number>', 'equal seeds give equal shops', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--relatedness <number>', 'how far the tasks help each other, -1 to 1', parseRelatedness)
    .option('--drift-day <number>', 'day from which users behave otherwise', wholeNumber(1, 100_000));
  command.action(async (directory: string) => {
    const options = globalOptions(command);
    const { behaviours, seed, relatedness, driftDay } = command.opts<SimulateFlags>();
    const written = await writeSimulatedShop(directory, {
      behaviours,
      seed,
      ...(relatedness !== undefined && { relatedness }),
      ...(driftDay !== undefined && { drift: { day: driftDay } }),
    });
    printResult(
      options,
      written,
      [
        `${written.users} users, ${written.items} items, ${written.behaviours} behaviours, ${written.transactions} transactions.`,
        `Import them with: npm run tandem -- import ${written.files.join(' ')}`,
      ].join('\n'),
    );
  });
}

function parseRelatedness(text: string): number {
  const value = Number(text);
  if (!(value >= -1 && value <= 1)) throw new InvalidArgumentError('Expected a number from -1 to 1.');
  return value;
}
