import type { Principal, ShopStore } from '../store/index.js';
import { createLoaders, type Loaders } from './loaders.js';
import type { Services } from './services.js';

/** What resolvers are given, made anew for each request. */
export interface Context {
  readonly services: Services;
  readonly principal: Principal;
  readonly shop: ShopStore;
  readonly loaders: Loaders;
}

export async function createContext(services: Services, principal: Principal): Promise<Context> {
  const shop = await services.store.forShop(principal.shopKey);
  return { services, principal, shop, loaders: createLoaders(services, shop) };
}
