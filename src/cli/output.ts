import progress from 'cli-progress';

import { AppError, coerceError } from '../errors.js';

/** Exit codes of the command line. */
export const EXIT = { ok: 0, failed: 1, wrongUse: 2 } as const;

export interface OutputOptions {
  /** One JSON value on standard output instead of text. */
  readonly json: boolean;
}

/** Prints what a command found: `text` for people, or `value` as one line of JSON. */
export function printResult(options: OutputOptions, value: unknown, text: string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value) : text}\n`);
}

/** Prints an error on standard error and says with which code the process should end. */
export function printError(thrown: unknown, options: OutputOptions): number {
  const error = coerceError(thrown);
  const code = error instanceof AppError ? error.code : 'INTERNAL';
  if (options.json) {
    const details = error instanceof AppError ? error.details : {};
    process.stderr.write(`${JSON.stringify({ error: { code, message: error.message, ...details } })}\n`);
  } else {
    process.stderr.write(`${code === 'INTERNAL' ? `Failed: ${error.message}` : error.message}\n`);
  }
  return code === 'BAD_USER_INPUT' ? EXIT.wrongUse : EXIT.failed;
}

export interface ProgressBar {
  /** @param share done, 0 to 1 */
  update(share: number, note: string): void;
  stop(): void;
}

/** A bar on a terminal, a line every tenth elsewhere, nothing in JSON mode. Goes to standard error. */
export function createProgressBar(title: string, options: OutputOptions): ProgressBar {
  if (options.json) return { update: () => undefined, stop: () => undefined };
  if (!process.stderr.isTTY) return createProgressLines(title);
  const bar = new progress.SingleBar(
    { format: `${title} {bar} {percentage}% {note}`, stream: process.stderr, hideCursor: true, barsize: 30 },
    progress.Presets.shades_classic,
  );
  bar.start(100, 0, { note: '' });
  return {
    update: (share, note) => bar.update(Math.floor(100 * Math.min(1, share)), { note }),
    stop: () => bar.stop(),
  };
}

function createProgressLines(title: string): ProgressBar {
  let printed = -1;
  return {
    update: (share, note) => {
      const tenth = Math.floor(10 * share);
      if (tenth <= printed) return;
      printed = tenth;
      process.stderr.write(`${title} ${tenth * 10} % ${note}\n`);
    },
    stop: () => undefined,
  };
}
