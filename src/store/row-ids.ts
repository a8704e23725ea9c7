/** Internal ids of the users and items that rows name: from memory where known, else from the tables, made where new. */
import type pg from 'pg';

import { IdCache } from './id-cache.js';
import type { ShopContext } from './shop-context.js';

type Named = 'users' | 'items';

/** An item that nobody has described yet carries its id as title. */
const ADD: Record<Named, string> = {
  users: `INSERT INTO users (shop_id, external_id) SELECT $1, id FROM unknown ORDER BY id`,
  items: `INSERT INTO items (shop_id, external_id, title) SELECT $1, id, id FROM unknown ORDER BY id`,
};

/** Internal ids by the shop's own. */
export interface RowIds {
  readonly users: ReadonlyMap<string, number>;
  readonly items: ReadonlyMap<string, number>;
}

/**
 * Finds the ids that batches of rows need. What is remembered is checked against the tables in every transaction (a user may have been
 * erased by another process), by primary key: joining each batch with all users by name cost 20 ms for 100,000 users.
 */
export class RowIdFinder {
  private readonly known = { users: new IdCache(), items: new IdCache() };

  constructor(private readonly context: ShopContext) {}

  /**
   * Ids of these users and items, made where missing. In a transaction that holds `lockPeople`, so that none is erased meanwhile.
   *
   * @returns the ids, and `keep`, to call once the transaction is stored: rolled-back rows must not be remembered
   */
  async find(
    client: pg.ClientBase,
    names: { readonly users: ReadonlySet<string>; readonly items: ReadonlySet<string> },
  ): Promise<{ ids: RowIds; keep: () => void }> {
    const users = this.recall('users', names.users);
    const items = this.recall('items', names.items);
    if (!(await areAllThere(client, users.found, items.found))) {
      this.known.users.clear();
      this.known.items.clear();
      return this.find(client, names);
    }
    const fresh = {
      users: await this.look(client, 'users', users.missing),
      items: await this.look(client, 'items', items.missing),
    };
    for (const [name, id] of fresh.users) users.found.set(name, id);
    for (const [name, id] of fresh.items) items.found.set(name, id);
    return {
      ids: { users: users.found, items: items.found },
      keep: () => {
        for (const [name, id] of fresh.users) this.known.users.set(name, id);
        for (const [name, id] of fresh.items) this.known.items.set(name, id);
      },
    };
  }

  private recall(kind: Named, names: ReadonlySet<string>): { found: Map<string, number>; missing: string[] } {
    const found = new Map<string, number>();
    const missing: string[] = [];
    for (const name of names) {
      const id = this.known[kind].get(name);
      if (id === undefined) missing.push(name);
      else found.set(name, id);
    }
    return { found, missing };
  }

  private async look(client: pg.ClientBase, kind: Named, names: string[]): Promise<Map<string, number>> {
    const found = new Map<string, number>();
    let missing = names;
    // A row that another transaction adds in the same moment is not seen by this statement, but by the next.
    while (missing.length > 0) {
      const { rows } = await client.query<{ name: string; id: number }>(
        `WITH asked AS (SELECT DISTINCT id FROM unnest($2::text[]) AS t(id)),
           there AS (SELECT external_id, id FROM ${kind} WHERE shop_id = $1 AND external_id = ANY($2::text[])),
           unknown AS (SELECT id FROM asked WHERE NOT EXISTS (SELECT FROM there WHERE external_id = asked.id)),
           added AS (${ADD[kind]} ON CONFLICT DO NOTHING RETURNING external_id, id)
         SELECT external_id AS name, id FROM there UNION ALL SELECT external_id, id FROM added`,
        [this.context.shopId, missing],
      );
      for (const { name, id } of rows) found.set(name, id);
      missing = missing.filter((name) => !found.has(name));
    }
    return found;
  }
}

async function areAllThere(
  client: pg.ClientBase,
  users: ReadonlyMap<string, number>,
  items: ReadonlyMap<string, number>,
): Promise<boolean> {
  if (users.size === 0 && items.size === 0) return true;
  // In the order of the key: neighbours lie on one page.
  const sorted = (ids: ReadonlyMap<string, number>) => Int32Array.from(ids.values()).sort().join(',');
  const { rows } = await client.query<{ users: number; items: number }>(
    `SELECT (SELECT count(*)::int FROM users WHERE id = ANY($1::int[])) AS users,
       (SELECT count(*)::int FROM items WHERE id = ANY($2::int[])) AS items`,
    [`{${sorted(users)}}`, `{${sorted(items)}}`],
  );
  return rows[0].users === users.size && rows[0].items === items.size;
}
