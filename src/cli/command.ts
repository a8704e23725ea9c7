import { type Command, InvalidArgumentError } from 'commander';

import { readConfig } from '../config.js';
import { openRuntime, type Runtime } from '../runtime.js';
import type { ShopStore } from '../store/index.js';
import type { OutputOptions } from './output.js';

/** Options that every command has; they may stand before or after the command's name. */
export interface GlobalOptions extends OutputOptions {
  readonly shop: string;
}

/** A command of the program with the options that all share. */
export function defineCommand(program: Command, usage: string, description: string): Command {
  return program
    .command(usage)
    .description(description)
    .option('--json', 'print one JSON value instead of text')
    .option('--shop <key>', 'shop to work on (default: default)')
    .exitOverride();
}

/** The command's own options merged with those given before its name. */
export function globalOptions(command: Command): GlobalOptions {
  const own: Partial<GlobalOptions> = command.opts();
  // Commander merges a command's options over those of its parents, but a group in between has none of its own.
  const outer: Partial<GlobalOptions> = command.parent?.parent?.opts() ?? {};
  const parent: Partial<GlobalOptions> = command.parent?.opts() ?? {};
  return {
    json: own.json ?? (parent.json || outer.json) ?? false,
    shop: own.shop ?? parent.shop ?? outer.shop ?? 'default',
  };
}

/** Opens the store (and PostgreSQL, where it is embedded and not running) for the length of one command. */
export async function withShop<T>(
  options: GlobalOptions,
  work: (shop: ShopStore, runtime: Runtime) => Promise<T>,
): Promise<T> {
  const runtime = await openRuntime(readConfig(), 'cli');
  try {
    return await work(await runtime.store.forShop(options.shop), runtime);
  } finally {
    await runtime.close();
  }
}

/** Parser of a whole number in a range, for commander. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** Parser of a comma-separated list of names out of the allowed ones, in upper case, for commander. */
export function listOf<Name extends string>(allowed: readonly Name[]): (text: string) => Name[] {
  return (text) =>
    text.split(',').map((part) => {
      const name = part.trim().toUpperCase().replaceAll('-', '_');
      const match = allowed.find((candidate) => candidate === name);
      if (!match) throw new InvalidArgumentError(`Expected a list out of ${allowed.join(', ')}.`);
      return match;
    });
}

/** Parser of one name out of the allowed ones, for commander. */
export function oneOf<Name extends string>(allowed: readonly Name[]): (text: string) => Name {
  return (text) => {
    const [name, ...others] = listOf(allowed)(text);
    if (others.length > 0) throw new InvalidArgumentError(`Expected one of ${allowed.join(', ')}.`);
    return name;
  };
}

/** Names as a user writes them: in lower case, with hyphens, comma-separated. */
export const namesOf = (names: readonly string[]): string =>
  names.join(', ').toLowerCase().replaceAll('_', '-');
