/** The command line: `npm run tandem -- <command>`. Each command is one file in src/cli/. */
import { Command, CommanderError } from 'commander';

import { addConnectCommand } from './cli/connect.js';
import { addCrawlCommand } from './cli/crawl.js';
import { addCrossValidateCommand } from './cli/cross-validate.js';
import { addDeployCommand } from './cli/deploy.js';
import { addDoctorCommand } from './cli/doctor.js';
import { addEnsembleCommand } from './cli/ensemble.js';
import { addEraseCommand } from './cli/erase.js';
import { addEvaluateCommand } from './cli/evaluate.js';
import { addExportCommand } from './cli/export.js';
import { addImportCommand } from './cli/import.js';
import { addKeysCommand } from './cli/keys.js';
import { EXIT, printError } from './cli/output.js';
import { addQuarantineCommand } from './cli/quarantine.js';
import { addRetentionCommand } from './cli/retention.js';
import { addScheduleCommand } from './cli/schedule.js';
import { addSearchCommand } from './cli/search.js';
import { addServeCommand } from './cli/serve.js';
import { addSimulateCommand } from './cli/simulate.js';
import { addTasksCommand } from './cli/tasks.js';
import { addTrainCommand } from './cli/train.js';
import { addWorkerCommand } from './cli/worker.js';

const program = new Command('tandem')
  .description('GraphQL analytics and recommendation backend for e-commerce that learns many tasks together.')
  .option('--json', 'print one JSON value instead of text', false)
  .option('--shop <key>', 'shop to work on', 'default')
  .showHelpAfterError('(--help shows what is allowed)')
  .exitOverride();

for (const add of [
  addServeCommand,
  addWorkerCommand,
  addImportCommand,
  addConnectCommand,
  addCrawlCommand,
  addScheduleCommand,
  addQuarantineCommand,
  addRetentionCommand,
  addSimulateCommand,
  addTasksCommand,
  addTrainCommand,
  addEnsembleCommand,
  addSearchCommand,
  addCrossValidateCommand,
  addEvaluateCommand,
  addDeployCommand,
  addExportCommand,
  addEraseCommand,
  addKeysCommand,
  addDoctorCommand,
]) {
  add(program);
}

try {
  await program.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    // Commander has printed its message; asking for help or the version is no mistake.
    process.exitCode = thrown.exitCode === 0 ? EXIT.ok : EXIT.wrongUse;
  } else {
    // --json may stand behind the command as well, and what is wrong may be what stands before it.
    process.exitCode = printError(thrown, { json: process.argv.includes('--json') });
  }
}
