/** How far imports of files are stored, so that one that was broken off goes on from there. */
import type { JsonObject } from './rows.js';
import { rowsOf, type ShopContext } from './shop-context.js';

export interface ImportPositionStore {
  /** @param key tells the file, as it is now, and how it is read */
  readImportPosition(key: string): Promise<JsonObject | null>;
  /** To be called when all before the position is stored. Positions that nobody went on from for 30 days are forgotten. */
  writeImportPosition(key: string, position: JsonObject): Promise<void>;
  deleteImportPosition(key: string): Promise<void>;
}

/** Positions of one shop. */
export function importPositionStore(context: ShopContext): ImportPositionStore {
  return {
    readImportPosition: async (key) => {
      const rows = await rowsOf<{ position: JsonObject }>(
        context,
        'SELECT position FROM import_positions WHERE shop_id = $1 AND key = $2',
        [context.shopId, key],
      );
      return rows.at(0)?.position ?? null;
    },
    writeImportPosition: async (key, position) => {
      await rowsOf(
        context,
        `INSERT INTO import_positions (shop_id, key, position) VALUES ($1, $2, $3)
         ON CONFLICT (shop_id, key) DO UPDATE SET position = excluded.position, updated_at = now()`,
        [context.shopId, key, JSON.stringify(position)],
      );
      await rowsOf(context, `DELETE FROM import_positions WHERE updated_at < now() - interval '30 days'`);
    },
    deleteImportPosition: async (key) => {
      await rowsOf(context, 'DELETE FROM import_positions WHERE shop_id = $1 AND key = $2', [
        context.shopId,
        key,
      ]);
    },
  };
}
