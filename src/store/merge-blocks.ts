/** Merges rows that came since with column blocks of before, user by user, both in the order of the user. */
import { ColumnBlock } from './column-block.js';

export interface MergeOptions {
  /** Rows of a block that is written; whole users, so it may be more. */
  readonly blockRows: number;
  /** Whether the user still exists; rows of others are left out. */
  readonly isThere: (user: number) => boolean;
  /** All rows of one user from the store. */
  readonly readUser: (user: number) => Promise<ColumnBlock>;
  readonly write: (block: ColumnBlock) => Promise<void>;
  /** The block of before at a place; null behind the last. */
  readonly readOld: (at: number) => Promise<ColumnBlock | null>;
}

export class BlockMerger {
  rowsRead = 0;
  changedFrom = Infinity;
  private out = new ColumnBlock();
  private old: ColumnBlock | null = null;
  private oldAt = -1;
  private oldRow = 0;
  /** Rows of the newest user, who may go on in the next piece. */
  private held = new ColumnBlock();

  constructor(private readonly options: MergeOptions) {}

  /** Takes new rows in order. */
  async push(rows: ColumnBlock): Promise<void> {
    this.rowsRead += rows.count;
    for (let from = 0; from < rows.count;) {
      const to = rows.endOfUser(from);
      if (this.held.count > 0 && this.held.user[0] !== rows.user[from]) await this.settleHeld();
      this.held.append(rows, from, to);
      from = to;
    }
  }

  async end(): Promise<void> {
    await this.settleHeld();
    await this.copyOldBefore(Infinity);
    if (this.out.count > 0) await this.options.write(this.out);
  }

  private async settleHeld(): Promise<void> {
    const { held } = this;
    if (held.count === 0) return;
    const [user] = held.user;
    await this.copyOldBefore(user);
    this.changedFrom = Math.min(this.changedFrom, held.occurredAt[0]);
    const { old } = this;
    if (old !== null && this.oldRow < old.count && old.user[this.oldRow] === user) {
      const to = old.endOfUser(this.oldRow);
      await this.mergeUser(old, this.oldRow, to, held);
      this.oldRow = to;
    } else if (this.options.isThere(user)) await this.add(held, 0, held.count);
    held.count = 0;
  }

  /** Two rows of the same moment have an order that their times do not tell: then the store is asked for the user. */
  private async mergeUser(old: ColumnBlock, from: number, to: number, fresh: ColumnBlock): Promise<void> {
    const merged = new ColumnBlock(to - from + fresh.count);
    let [a, b] = [from, 0];
    while (a < to || b < fresh.count) {
      const [x, y] = [
        a < to ? old.occurredAt[a] : Infinity,
        b < fresh.count ? fresh.occurredAt[b] : Infinity,
      ];
      if (x === y) {
        const whole = await this.options.readUser(fresh.user[0]);
        this.rowsRead += whole.count;
        return this.add(whole, 0, whole.count);
      }
      if (x < y) merged.append(old, a, ++a);
      else merged.append(fresh, b, ++b);
    }
    await this.add(merged, 0, merged.count);
  }

  /** Copies old rows of users below this one. */
  private async copyOldBefore(user: number): Promise<void> {
    for (;;) {
      if (this.old === null || this.oldRow >= this.old.count) {
        this.old = await this.options.readOld(++this.oldAt);
        this.oldRow = 0;
        if (this.old === null) return;
      }
      const { old } = this;
      while (this.oldRow < old.count && old.user[this.oldRow] < user) {
        const to = old.endOfUser(this.oldRow);
        if (this.options.isThere(old.user[this.oldRow])) await this.add(old, this.oldRow, to);
        else this.changedFrom = Math.min(this.changedFrom, old.occurredAt[this.oldRow]);
        this.oldRow = to;
      }
      if (this.oldRow < old.count) return;
    }
  }

  private async add(rows: ColumnBlock, from: number, to: number): Promise<void> {
    this.out.append(rows, from, to);
    if (this.out.count < this.options.blockRows) return;
    await this.options.write(this.out);
    this.out.count = 0;
  }
}
