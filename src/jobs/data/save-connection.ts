/** Storing a shop system to pull from, with what opens it sealed. */
import { AppError } from '../../errors.js';
import {
  accessOf,
  checkPublicAddress,
  type ItemKey,
  type Resource,
  type Source,
} from '../../pipeline/collect/index.js';
import { openSecretBox } from '../../secret-box.js';
import type { ConnectionRow, ShopStore } from '../../store/index.js';

export interface ConnectionRequest {
  readonly source: Source;
  readonly url: string;
  /** Shopify: access token; WooCommerce: `ck_…:cs_…`. */
  readonly token: string;
  readonly api?: 'GRAPHQL' | 'REST';
  readonly itemKey?: ItemKey;
  readonly resources?: readonly Resource[];
}

/** What a connection's key is sealed for. */
export const sealContext = (shop: ShopStore, source: string, url: string): string =>
  `connection ${shop.shopKey} ${source} ${url}`;

/**
 * @param settings.allowPrivate whether the address may lie in a private network
 * @throws AppError BAD_USER_INPUT for an address or a key that could not be used; as `openSecretBox`
 */
export async function saveConnection(
  shop: ShopStore,
  settings: { readonly dataDir: string; readonly allowPrivate: boolean },
  { source, token, api, itemKey = 'product', resources = [], ...request }: ConnectionRequest,
): Promise<ConnectionRow> {
  if (source !== 'shopify' && api)
    throw new AppError('BAD_USER_INPUT', 'api: only Shopify has more than one.');
  if (token.trim() === '')
    throw new AppError('BAD_USER_INPUT', 'key: expected what opens the API; got nothing.');
  const { origin } = accessOf(source, { url: request.url, token }); // refuses what could not be used
  const url = origin.origin;
  checkPublicAddress(new URL(url), settings.allowPrivate);
  const box = await openSecretBox(settings.dataDir);
  return shop.saveConnection({
    source,
    url,
    api: api ?? null,
    itemKey,
    resources: [...resources],
    sealedKey: box.seal(token, sealContext(shop, source, url)),
  });
}
