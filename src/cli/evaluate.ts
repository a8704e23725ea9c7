import type { Command } from 'commander';

import { AppError } from '../errors.js';
import { formatComparison } from '../pipeline/evaluate/index.js';
import type { ShopStore } from '../store/index.js';
import { defineCommand, globalOptions, withShop } from './command.js';
import { printResult } from './output.js';

/** `evaluate [versions…]`: the table of how good model versions are; without versions, all of them. */
export function addEvaluateCommand(program: Command): void {
  const command = defineCommand(
    program,
    'evaluate [versions...]',
    'show how good model versions are, task by task (default: the newest ones)',
  );
  command.action(async (versions: string[]) => {
    const options = globalOptions(command);
    await withShop(options, async (shop) => {
      const ids = versions.length > 0 ? versions : await newestVersions(shop);
      const found = await shop.modelVersionsByIds(ids);
      const missing = ids.filter((_, index) => !found[index]);
      if (missing.length > 0)
        throw new AppError('NOT_FOUND', `There is no model version ${missing.join(', ')}.`);
      const evaluations = (await shop.evaluationsByModelVersions(ids)).flat();
      printResult(options, evaluations, formatComparison(evaluations));
    });
  });
}

async function newestVersions(shop: ShopStore): Promise<string[]> {
  const { rows } = await shop.modelVersions({ first: 20 });
  if (rows.length === 0) {
    throw new AppError('NOT_READY', 'No model has been trained yet. Start with: npm run tandem -- train');
  }
  return rows.map((row) => row.id);
}
