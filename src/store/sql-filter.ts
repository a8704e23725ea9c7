/** Collects conditions and their parameters for a WHERE clause. */
export class SqlFilter {
  private readonly conditions: string[] = [];
  readonly parameters: unknown[] = [];

  /** @param condition SQL with `?` where each value goes */
  add(condition: string, ...values: unknown[]): this {
    let at = 0;
    this.conditions.push(
      condition.replace(/\?/g, () => {
        this.parameters.push(values[at++]);
        return `$${this.parameters.length}`;
      }),
    );
    return this;
  }

  /** Adds a parameter that stands outside the conditions. @returns its placeholder */
  parameter(value: unknown): string {
    this.parameters.push(value);
    return `$${this.parameters.length}`;
  }

  /** `WHERE …`, or nothing. */
  where(): string {
    return this.conditions.length > 0 ? `WHERE ${this.conditions.join(' AND ')}` : '';
  }
}

/** A text to look for with ILIKE, its wildcards taken literally. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}
