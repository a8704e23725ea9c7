import { AppError } from '../../../errors.js';
import { type Connector } from './connector.js';
import { shopifyConnector } from './shopify-graphql.js';
import { shopifyRestConnector } from './shopify-rest.js';
import { wooCommerceConnector } from './woocommerce.js';

/** Shop systems whose entities come in by pulls and webhooks. */
export const SOURCES = ['shopify', 'woocommerce'] as const;
export type Source = (typeof SOURCES)[number];

/** What opens a shop system's API. */
export interface ConnectorAccess {
  /** Address of the shop, such as https://example.myshopify.com. */
  readonly url: string;
  /** Shopify: an access token of the Admin API. WooCommerce: consumer key and secret, `ck_…:cs_…`. */
  readonly token: string;
  /** Shopify alone. Default GRAPHQL. */
  readonly api?: 'GRAPHQL' | 'REST';
}

const LOCAL_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** The connector of a source. */
export function connectorOf(source: Source, api: ConnectorAccess['api'] = 'GRAPHQL'): Connector {
  if (source === 'woocommerce') return wooCommerceConnector;
  return api === 'REST' ? shopifyRestConnector : shopifyConnector;
}

/**
 * Where a connector's requests go and what they carry.
 *
 * @throws AppError BAD_USER_INPUT for an address that is none or would send the key in the clear, or a token of another form
 */
export function accessOf(
  source: Source,
  { url, token }: ConnectorAccess,
): { origin: URL; headers: Record<string, string> } {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new AppError(
      'BAD_USER_INPUT',
      `Expected the shop's address, such as https://shop.example; got ${url}.`,
    );
  const origin = new URL(url);
  if (origin.protocol === 'http:' && !LOCAL_HOSTS.includes(origin.hostname))
    throw new AppError(
      'BAD_USER_INPUT',
      `The key is sent over https alone; the address is ${origin.origin}.`,
    );
  if (source === 'shopify') return { origin, headers: { 'x-shopify-access-token': token } };
  if (!/^[^:\s]+:[^:\s]+$/.test(token))
    throw new AppError(
      'BAD_USER_INPUT',
      'Expected consumer key and consumer secret with a colon between them.',
    );
  return { origin, headers: { authorization: `Basic ${Buffer.from(token).toString('base64')}` } };
}
