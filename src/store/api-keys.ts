import { createHash, randomBytes } from 'node:crypto';

import type pg from 'pg';

import { AppError } from '../errors.js';

/** ADMIN: everything. STUDIO: reads, trains, deploys. INGEST: writes what happened. SHOP: a frontend of the shop. */
export const API_ROLES = ['ADMIN', 'STUDIO', 'INGEST', 'SHOP'] as const;
export type ApiRole = (typeof API_ROLES)[number];

/** Who a key stands for. */
export interface Principal {
  readonly shopKey: string;
  readonly role: ApiRole;
  readonly name: string;
}

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly role: ApiRole;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

export interface ApiKeyStore {
  /** @returns the key itself, which is shown this once; only its hash is kept. */
  create(shopKey: string, name: string, role: ApiRole): Promise<{ id: string; key: string }>;
  list(shopKey: string): Promise<ApiKeyRow[]>;
  /** @throws AppError NOT_FOUND */
  revoke(shopKey: string, id: string): Promise<void>;
  /** null for a key that is unknown or revoked. */
  find(key: string): Promise<Principal | null>;
}

const PREFIX = 'tandem_';
const KEY_BYTES = 32;

/** SHA-256 suffices: a key has 256 random bits, so there is nothing to guess slowly. */
const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Keys of all shops. @param pool connected as the owner of the tables */
export function apiKeyStore(pool: pg.Pool): ApiKeyStore {
  const asShop = async <T>(
    shopKey: string,
    work: (client: pg.PoolClient, shopId: number) => Promise<T>,
  ): Promise<T> => {
    const { rows } = await pool.query<{ id: number }>('SELECT id FROM shops WHERE key = $1', [shopKey]);
    if (rows.length === 0) throw new AppError('NOT_FOUND', `There is no shop ${shopKey}.`);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT set_config('tandem.shop_id', $1, true)`, [String(rows[0].id)]);
      const result = await work(client, rows[0].id);
      await client.query('COMMIT');
      return result;
    } catch (thrown) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw thrown;
    } finally {
      client.release();
    }
  };
  return {
    create: (shopKey, name, role) =>
      asShop(shopKey, async (client, shopId) => {
        const key = PREFIX + randomBytes(KEY_BYTES).toString('base64url');
        const { rows } = await client.query<{ id: string }>(
          'INSERT INTO api_keys (shop_id, name, hash, role) VALUES ($1, $2, $3, $4) RETURNING id',
          [shopId, name, hashOf(key), role],
        );
        return { id: rows[0].id, key };
      }),
    list: (shopKey) =>
      asShop(shopKey, async (client, shopId) => {
        const sql = `SELECT id, name, role, created_at AS "createdAt", revoked_at AS "revokedAt" FROM api_keys
          WHERE shop_id = $1 ORDER BY created_at`;
        return (await client.query<ApiKeyRow>(sql, [shopId])).rows;
      }),
    revoke: (shopKey, id) =>
      asShop(shopKey, async (client, shopId) => {
        const sql =
          'UPDATE api_keys SET revoked_at = now() WHERE shop_id = $1 AND id::text = $2 AND revoked_at IS NULL';
        const { rowCount } = await client.query(sql, [shopId, id]);
        if (!rowCount) throw new AppError('NOT_FOUND', `There is no key ${id} in force.`);
      }),
    find: async (key) => {
      if (!key.startsWith(PREFIX)) return null;
      const sql = 'SELECT shop_key AS "shopKey", role, name FROM find_api_key($1)';
      return (await pool.query<Principal>(sql, [hashOf(key)])).rows[0] ?? null;
    },
  };
}
