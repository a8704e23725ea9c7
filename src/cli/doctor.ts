import type { Command } from 'commander';

import { inspectInstallation } from '../doctor.js';
import { defineCommand, globalOptions } from './command.js';
import { EXIT, printResult } from './output.js';

/** `doctor`: what was found, what every setting is, and how to mend what is wrong; exit code 1 when something is. */
export function addDoctorCommand(program: Command): void {
  const command = defineCommand(program, 'doctor', 'say what was found and how to mend what is wrong');
  command.action(async () => {
    const options = globalOptions(command);
    const report = await inspectInstallation();
    const width = Math.max(...[...report.checks, ...report.settings].map((row) => row.name.length));
    const lines = [
      ...report.checks.map(
        (check) =>
          `${check.ok ? 'ok    ' : 'WRONG '} ${check.name.padEnd(width)}  ${check.value}${check.ok || !check.hint ? '' : `\n         ${check.hint}`}`,
      ),
      '',
      'Settings',
      ...report.settings.map(
        (setting) =>
          `       ${setting.name.padEnd(width)}  ${setting.value} (${setting.source}): ${setting.meaning}`,
      ),
    ];
    printResult(options, report, lines.join('\n'));
    if (report.checks.some((check) => !check.ok)) process.exitCode = EXIT.failed;
  });
}
