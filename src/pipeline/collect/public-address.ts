import { lookup as lookupAll } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

import { AppError } from '../../errors.js';

/** Addresses that are nobody's public web page: a page must not lead us into the shop's own network. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv6');
}

/** Whether an address belongs to a private, local or reserved network; IPv4 within IPv6 is looked through. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  const plain = mapped === null ? address : mapped[1];
  const version = isIP(plain);
  return version === 0 || PRIVATE.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}

/**
 * What speaks against asking an address, in words; null where nothing does. A literal address is never resolved, so it is checked here;
 * names are checked by `publicLookup`.
 */
export function addressProblem(url: URL, allowPrivate: boolean): string | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return `${url.protocol} is not read`;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const isPrivate = !allowPrivate && isIP(host) !== 0 && isPrivateAddress(host);
  return isPrivate ? `${host} is a private address` : null;
}

/** Refuses early what would be refused when it is asked. @throws AppError BAD_USER_INPUT */
export function checkPublicAddress(url: URL, allowPrivate: boolean): void {
  const isLocalName = !allowPrivate && /^(localhost|.*\.(localhost|local|internal))$/i.test(url.hostname);
  const problem = isLocalName ? `${url.hostname} is a private address` : addressProblem(url, allowPrivate);
  if (problem !== null) throw new AppError('BAD_USER_INPUT', `${problem}: it is not asked.`);
}

/**
 * Resolves names to public addresses alone. Used by the very connection that is made, so that a name which changes its address between
 * check and use gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookupAll(hostname, { ...options, all: true }, (error, addresses) => {
    const open = (addresses ?? []).filter(({ address }) => !isPrivateAddress(address));
    if (error !== null || open.length === 0) {
      callback(error ?? new Error(`${hostname} has no public address`), '', 0);
    } else if (options.all === true) callback(null, open);
    else callback(null, open[0].address, open[0].family);
  });
};
