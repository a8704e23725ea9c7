import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether a signature is the HMAC-SHA256 of a body under a secret, in base64, as Shopify and WooCommerce send it. Takes the same time
 * wherever the two differ.
 *
 * @param body the bytes as they came: parsed and written again they would differ
 */
export function isSignedBy(secret: string, body: Uint8Array, signature: string): boolean {
  const expected = createHmac('sha256', secret).update(body).digest();
  const given = Buffer.from(signature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
