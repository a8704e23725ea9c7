import { type ShopStore } from '../../store/index.js';
import { type IngestKind } from './ingest-schemas.js';

/**
 * Rows that come under the id of an anonymous visitor after it was said who that is: they are brought to the person. Costs one small
 * statement a batch while the shop has no links.
 */
export class LateRows {
  private readonly aliases = new Set<string>();

  constructor(
    private readonly store: ShopStore,
    private readonly kind: IngestKind,
  ) {}

  /** To be told of rows once they are stored. */
  async look(rows: readonly object[]): Promise<void> {
    if (this.kind === 'items' || rows.length === 0) return;
    const key = this.kind === 'users' ? 'id' : 'userId';
    const ids = new Set(rows.map((row) => (row as Record<string, string>)[key]));
    for (const alias of await this.store.aliasesAmong([...ids])) this.aliases.add(alias);
  }

  /** Brings home what came under aliases so far. @returns ids whose rows stand under known users now */
  async bringHome(): Promise<number> {
    const among = [...this.aliases];
    this.aliases.clear();
    return (await this.store.applyLinks(among)).merged;
  }
}
