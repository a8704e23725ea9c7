import { type Command, InvalidArgumentError } from 'commander';

import type { EnsembleRequest } from '../jobs/index.js';
import { CALIBRATIONS, ENSEMBLE_METHODS, PRUNINGS } from '../pipeline/index.js';
import type { JsonObject } from '../store/index.js';
import { defineCommand, globalOptions, namesOf, oneOf, wholeNumber } from './command.js';
import { followRun } from './follow-run.js';

/** `ensemble <versions…>`: combines trained model versions into one. */
export function addEnsembleCommand(program: Command): void {
  const command = defineCommand(program, 'ensemble <versions...>', 'combine trained model versions into one')
    .option(
      '--method <method>',
      namesOf(ENSEMBLE_METHODS),
      oneOf(ENSEMBLE_METHODS),
      'WEIGHTED_AVERAGE' as const,
    )
    .option('--snapshots <number>', 'cycles of snapshot (default 4)', wholeNumber(2, 20))
    .option('--calibration <method>', `calibrate afterwards: ${namesOf(CALIBRATIONS)}`, oneOf(CALIBRATIONS))
    .option('--prune <method>', `leave out what does not pay: ${namesOf(PRUNINGS)}`, oneOf(PRUNINGS))
    .option('--distil <architecture>', 'also distil it to one net, such as shared-bottom')
    .option('--thresholds <json>', 'rules for decision thresholds, such as {"CHURN":{"by":"F1"}}', jsonObject)
    .option('--seed <number>', 'seed of every random draw', wholeNumber(0, 2 ** 31 - 1))
    .option('--deploy', 'serve what comes out');
  command.action(async (members: string[]) => {
    const { method, snapshots, calibration, prune, distil, thresholds, seed, deploy } =
      command.opts<Omit<EnsembleRequest, 'members'>>();
    await followRun(globalOptions(command), (jobs, shop) =>
      jobs.startEnsemble(shop, {
        members,
        method,
        snapshots,
        calibration,
        prune,
        distil,
        thresholds,
        seed,
        deploy,
      }),
    );
  });
}

function jsonObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch {
    // Told below, with what was expected.
  }
  throw new InvalidArgumentError('Expected a JSON object.');
}
