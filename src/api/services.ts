import type { Config } from '../config.js';
import type { Jobs } from '../jobs/index.js';
import type { Logger } from '../log.js';
import type { ServingClient } from '../pipeline/deploy/index.js';
import type { Store } from '../store/index.js';
import type { ImpressionWriter } from './impression-writer.js';
import type { RequestLog } from './request-log.js';
import type { ShopClocks } from './shop-clock.js';

/** What the API is given. */
export interface AppOptions {
  readonly config: Pick<Config, 'host' | 'port' | 'isAuthOn' | 'isProduction' | 'dataDir'> &
    Partial<Pick<Config, 'webhookSecrets' | 'arePrivateSourcesOn'>>;
  readonly store: Store;
  readonly jobs: Jobs;
  readonly serving: ServingClient;
  readonly log: Logger;
}

/** What all requests share. */
export interface Services extends AppOptions {
  readonly clocks: ShopClocks;
  readonly impressions: ImpressionWriter;
  readonly requests: RequestLog;
}
