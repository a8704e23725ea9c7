import type { Command } from 'commander';

import { defineCommand, globalOptions, withShop } from './command.js';
import { printResult } from './output.js';

/** `erase <userId>`: removes a person's rows and prints the receipt. */
export function addEraseCommand(program: Command): void {
  const command = defineCommand(program, 'erase <userId>', "remove a person's data and print the receipt");
  command.action(async (userId: string) => {
    const options = globalOptions(command);
    const receipt = await withShop(options, (shop) => shop.eraseUser(userId));
    const lines = Object.entries(receipt.removed).map(([table, rows]) => `  ${table}: ${rows}`);
    const models = receipt.modelVersionIds.length;
    printResult(
      options,
      receipt,
      [
        `Erased; receipt ${receipt.id}. Rows removed:`,
        ...lines,
        models > 0
          ? `${models} model version(s) were trained while the data was there; the next training leaves it out.`
          : 'No model version was trained while the data was there.',
      ].join('\n'),
    );
  });
}
