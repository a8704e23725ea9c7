/** What a rule does to the lines it fits: leaves them out, keeps them as they are under another meaning, or mends them. */
export type CleaningAction = 'DROP' | 'KEEP' | 'REPAIR';

/** One declared rule of cleaning; a layout lists its rules, so that the report can show each with its count. */
export interface CleaningRule<Line> {
  readonly name: string;
  readonly description: string;
  readonly action: CleaningAction;
  readonly fits: (line: Line) => boolean;
}

/** A rule and what it did in one import. */
export interface CleaningRuleCount {
  readonly name: string;
  readonly description: string;
  readonly action: CleaningAction;
  /** Lines this rule decided. Every dropped line is counted under the first DROP rule that fits, so these add up. */
  readonly lines: number;
  /** Lines that fit, whether or not an earlier rule had decided them. */
  readonly fitting: number;
  /** Lines that came to this rule: those that no earlier rule had dropped. */
  readonly before: number;
  /** Lines that were left behind it. */
  readonly after: number;
}

/** Counts of the lines so far, by rule. */
export interface CleaningState {
  readonly seen: number;
  readonly decided: readonly number[];
  readonly fitting: readonly number[];
}

/** Applies a layout's rules line by line and counts. */
export class Cleaning<Line> {
  private readonly decided: number[];
  private readonly fitting: number[];
  private seen = 0;

  constructor(private readonly rules: readonly CleaningRule<Line>[]) {
    this.decided = rules.map(() => 0);
    this.fitting = rules.map(() => 0);
  }

  /**
   * Counts the line under every rule that fits.
   *
   * @returns whether the line is kept
   */
  keeps(line: Line): boolean {
    let isKept = true;
    this.seen++;
    for (let index = 0; index < this.rules.length; index++) {
      const rule = this.rules[index];
      if (!rule.fits(line)) continue;
      this.fitting[index]++;
      if (!isKept) continue;
      this.decided[index]++;
      if (rule.action === 'DROP') isKept = false;
    }
    return isKept;
  }

  state(): CleaningState {
    return { seen: this.seen, decided: [...this.decided], fitting: [...this.fitting] };
  }

  /** @param state of the same rules */
  restore({ seen, decided, fitting }: CleaningState): void {
    this.seen = seen;
    this.rules.forEach((_rule, index) => {
      this.decided[index] = decided[index];
      this.fitting[index] = fitting[index];
    });
  }

  counts(): CleaningRuleCount[] {
    let before = this.seen;
    return this.rules.map(({ name, description, action }, index) => {
      const lines = this.decided[index];
      const after = action === 'DROP' ? before - lines : before;
      const count = { name, description, action, lines, fitting: this.fitting[index], before, after };
      before = after;
      return count;
    });
  }
}
