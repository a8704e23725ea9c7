import type { AlertRow, JsonObject } from '../store/index.js';
import type { Context } from './context.js';
import { eventStream } from './event-stream.js';
import { type Alert, toAlert } from './types/monitoring.type.js';

/** Channel that alerts are published on, of all shops: `{ shopKey, alert }`. */
export const ALERT_CHANNEL = 'alerts';

/** The alerts of the caller's shop from now on, in whichever process they are raised. */
export function alertStream({ services, shop }: Context): Promise<AsyncIterableIterator<Alert>> {
  return eventStream<Alert>((push) =>
    services.store.listen(ALERT_CHANNEL, (payload) => {
      if (payload.shopKey !== shop.shopKey) return;
      const alert = payload.alert as JsonObject;
      push(toAlert({ ...alert, createdAt: new Date(alert.createdAt as string) } as unknown as AlertRow));
    }),
  );
}
