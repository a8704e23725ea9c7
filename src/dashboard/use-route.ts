import { useSyncExternalStore } from 'react';

import { parseRoute, type Route } from './route.js';

export function goTo(address: string): void {
  location.hash = address;
}

function onHashChange(listener: () => void): () => void {
  addEventListener('hashchange', listener);
  return () => removeEventListener('hashchange', listener);
}

/** The route, kept up to date. */
export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(onHashChange, () => location.hash));
}
