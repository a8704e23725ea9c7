import { hash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';

import { type JsonObject, type ShopStore } from '../../store/index.js';
import { type BotEvidence } from './bots.js';
import { type ImportPlan, type ValueOptions } from './import-plan.js';
import { type RowKind, type WriteCounts } from './row-buffer.js';

/** Counts of the lines of a file. lines = kept + dropped + rejected. */
export interface LineTally {
  lines: number;
  kept: number;
  dropped: number;
  rejected: number;
}

/** All that going on with an import needs: everything before `tally.lines` is stored. */
export interface ImportPosition {
  /** Where reading goes on (`RecordSource.mark`); null: the lines before are read again, but not stored again. */
  readonly mark: JsonObject | null;
  /** State of the mapper at the mark; null without one. */
  readonly mapper: JsonObject | null;
  readonly tally: LineTally;
  readonly problems: readonly { readonly line: number | null; readonly message: string }[];
  readonly written: Readonly<Record<RowKind, WriteCounts>>;
  readonly bots: readonly BotEvidence[];
  /** The time that impossible times are told by, milliseconds: a rule must not judge a line anew. */
  readonly now: number;
}

/** Positions of one file's import in the store. */
export class ImportPositions {
  private constructor(
    private readonly store: ShopStore,
    private readonly key: string,
  ) {}

  /** A file that is changed, moved or read in another way begins anew. */
  static async of(
    store: ShopStore,
    path: string,
    plan: ImportPlan,
    options: ValueOptions & { readonly leavesBotsOut?: boolean },
  ): Promise<ImportPositions> {
    const { size, mtimeMs, ino } = await stat(path);
    const { path: _name, ...read } = plan;
    const { currency, rates, dateOrder, timeZone, leavesBotsOut = true } = options;
    const told = [
      await realpath(path),
      size,
      mtimeMs,
      ino,
      read,
      currency,
      rates,
      dateOrder,
      timeZone,
      leavesBotsOut,
    ];
    return new ImportPositions(store, hash('sha256', JSON.stringify(told), 'base64url'));
  }

  async read(): Promise<ImportPosition | null> {
    return (await this.store.readImportPosition(this.key)) as ImportPosition | null;
  }

  write(position: ImportPosition): Promise<void> {
    return this.store.writeImportPosition(this.key, position as unknown as JsonObject);
  }

  delete(): Promise<void> {
    return this.store.deleteImportPosition(this.key);
  }
}
