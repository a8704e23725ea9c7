import { availableParallelism, homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

import { z } from 'zod';

import { AppError } from './errors.js';

const LOCAL_HOSTS = ['127.0.0.1', '::1', 'localhost'];

const wholeNumber = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${low} to ${high}`)
    .transform(Number)
    .refine((value) => value >= low && value <= high, `must be a whole number from ${low} to ${high}`);

/** Secrets by shop; one alone is of the shop `default`. */
const webhookSecrets = z
  .string()
  .regex(
    /^([^=,\s]{8,}|[a-z0-9][a-z0-9_-]*=[^,\s]{8,}(,[a-z0-9][a-z0-9_-]*=[^,\s]{8,})*)$/,
    'must be a secret of at least 8 characters, or shop=secret,…',
  )
  .transform((text): ReadonlyMap<string, string> =>
    /^[a-z0-9][a-z0-9_-]*=/.test(text)
      ? new Map(
          text
            .split(',')
            .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
        )
      : new Map([['default', text]]),
  );

/** Secrets that sign webhooks, by source and shop. */
export interface WebhookSecrets {
  readonly shopify?: ReadonlyMap<string, string>;
  readonly woocommerce?: ReadonlyMap<string, string>;
}

interface Setting {
  readonly schema: z.ZodType<unknown, string>;
  /** As it would stand in the environment; undefined = not set. */
  readonly fallback: string | undefined;
  readonly meaning: string;
  readonly isSecret?: boolean;
}

const SETTINGS = {
  DATABASE_URL: {
    schema: z.string().regex(/^postgres(ql)?:\/\//, 'must start with postgresql://'),
    fallback: undefined,
    meaning: 'PostgreSQL to use; without it an embedded one is started',
    isSecret: true,
  },
  HOST: {
    schema: z.string().min(1),
    fallback: '127.0.0.1',
    meaning: 'address that the server listens on; 0.0.0.0 for all',
  },
  PORT: {
    schema: wholeNumber(0, 65_535),
    fallback: '4000',
    meaning: 'port that the server listens on; 0 for any free one',
  },
  TANDEM_DATA: {
    schema: z.string().min(1),
    fallback: '.data',
    meaning: 'folder of embedded data and model files',
  },
  TANDEM_CACHE: {
    schema: z.string().min(1),
    fallback: join(homedir(), '.cache', 'tandem'),
    meaning: 'folder where native TensorFlow is kept between installations',
  },
  TANDEM_AUTH: {
    schema: z.enum(['on', 'off'], 'must be on or off'),
    fallback: undefined,
    meaning: 'whether callers need a key; off only while the server listens on localhost',
  },
  TANDEM_WORKERS: {
    schema: wholeNumber(0, 64),
    fallback: String(Math.min(2, availableParallelism())),
    meaning: 'worker processes that the server starts; 0 where they run elsewhere',
  },
  TANDEM_WORKER_THREADS: {
    schema: z.enum(['one', 'all'], 'must be one or all'),
    fallback: 'one',
    meaning:
      'threads of each worker; all pays from about 150 million multiply-adds a step, which the usual nets are far from',
  },
  TANDEM_CHECKPOINT_SECONDS: {
    schema: wholeNumber(0, 3600),
    fallback: '15',
    meaning: 'seconds between two checkpoints of a training: what a killed worker may lose',
  },
  TANDEM_CHECK_SCHEDULE: {
    schema: z
      .string()
      .regex(/^(off|\S+( \S+){4})$/, 'must be off, or minute, hour, day, month and weekday as cron has them'),
    fallback: '30 3 * * *',
    meaning: 'when the models in service are looked after (cron, UTC); off for never',
  },
  TANDEM_RETENTION_SCHEDULE: {
    schema: z
      .string()
      .regex(/^(off|\S+( \S+){4})$/, 'must be off, or minute, hour, day, month and weekday as cron has them'),
    fallback: '30 2 * * *',
    meaning: 'when rows older than the shops keep are removed (cron, UTC); off for never',
  },
  TANDEM_PRIVATE_SOURCES: {
    schema: z.enum(['on', 'off'], 'must be on or off'),
    fallback: 'off',
    meaning: 'whether imports, crawls and pulls that the API is asked for may reach private addresses',
  },
  TANDEM_SAMPLE: {
    schema: z.enum(['on', 'off'], 'must be on or off'),
    fallback: 'on',
    meaning: 'whether an empty store gets the bundled sample at the start',
  },
  TANDEM_SHOPIFY_WEBHOOK_SECRET: {
    schema: webhookSecrets,
    fallback: undefined,
    meaning: 'secret of webhooks from Shopify, or shop=secret,…; without it they are off',
    isSecret: true,
  },
  TANDEM_WOOCOMMERCE_WEBHOOK_SECRET: {
    schema: webhookSecrets,
    fallback: undefined,
    meaning: 'secret of webhooks from WooCommerce, or shop=secret,…; without it they are off',
    isSecret: true,
  },
  LOG_LEVEL: {
    schema: z.enum(
      ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      'must be fatal, error, warn, info, debug, trace or silent',
    ),
    fallback: 'info',
    meaning: 'least important lines that are logged',
  },
} satisfies Record<string, Setting>;

export interface Config {
  /** undefined = embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Absolute. */
  readonly cacheDir: string;
  readonly isAuthOn: boolean;
  readonly workers: number;
  /** Threads that each worker trains with. */
  readonly workerThreads: 'one' | 'all';
  readonly checkpointSeconds: number;
  /** Cron in UTC; null = never. */
  readonly checkSchedule: string | null;
  /** Cron in UTC; null = never. */
  readonly retentionSchedule: string | null;
  readonly arePrivateSourcesOn: boolean;
  readonly isSampleOn: boolean;
  readonly logLevel: string;
  readonly isProduction: boolean;
  readonly webhookSecrets: WebhookSecrets;
}

/** A setting as `doctor` prints it. */
export interface SettingReport {
  readonly name: string;
  readonly value: string;
  readonly source: 'environment' | 'default';
  readonly meaning: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the settings.
 *
 * @throws AppError BAD_USER_INPUT that names every wrong setting, what it was and what is allowed
 */
export function readConfig(environment: Environment = process.env): Config {
  const problems: string[] = [];
  const read = (name: keyof typeof SETTINGS): unknown => {
    const setting: Setting = SETTINGS[name];
    const given = environment[name] || setting.fallback;
    if (given === undefined) return undefined;
    const parsed = setting.schema.safeParse(given);
    if (parsed.success) return parsed.data;
    const shown = setting.isSecret ? maskSecret(given) : JSON.stringify(given);
    problems.push(`${name}: ${parsed.error.issues.map((issue) => issue.message).join(', ')}; got ${shown}`);
    return undefined;
  };
  const host = read('HOST') as string;
  const isLocal = LOCAL_HOSTS.includes(host);
  const auth = (read('TANDEM_AUTH') as string | undefined) ?? (isLocal ? 'off' : 'on');
  if (auth === 'off' && !isLocal) {
    problems.push(
      `TANDEM_AUTH: off is allowed only while HOST is ${LOCAL_HOSTS.join(', ')}; HOST is ${host}`,
    );
  }
  const config: Config = {
    databaseUrl: read('DATABASE_URL') as string | undefined,
    host,
    port: read('PORT') as number,
    dataDir: absolute((read('TANDEM_DATA') as string | undefined) ?? ''),
    cacheDir: absolute((read('TANDEM_CACHE') as string | undefined) ?? ''),
    isAuthOn: auth === 'on',
    workers: read('TANDEM_WORKERS') as number,
    workerThreads: read('TANDEM_WORKER_THREADS') as Config['workerThreads'],
    checkpointSeconds: read('TANDEM_CHECKPOINT_SECONDS') as number,
    checkSchedule: scheduleOf(read('TANDEM_CHECK_SCHEDULE') as string | undefined),
    retentionSchedule: scheduleOf(read('TANDEM_RETENTION_SCHEDULE') as string | undefined),
    arePrivateSourcesOn: read('TANDEM_PRIVATE_SOURCES') === 'on',
    isSampleOn: read('TANDEM_SAMPLE') === 'on',
    logLevel: read('LOG_LEVEL') as string,
    isProduction: environment.NODE_ENV === 'production',
    webhookSecrets: {
      shopify: read('TANDEM_SHOPIFY_WEBHOOK_SECRET') as ReadonlyMap<string, string> | undefined,
      woocommerce: read('TANDEM_WOOCOMMERCE_WEBHOOK_SECRET') as ReadonlyMap<string, string> | undefined,
    },
  };
  if (problems.length > 0) {
    throw new AppError('BAD_USER_INPUT', `The settings are wrong:\n  ${problems.join('\n  ')}`);
  }
  return config;
}

/** Every setting with its value, source and meaning; secrets masked. */
export function describeSettings(environment: Environment = process.env): SettingReport[] {
  return Object.entries(SETTINGS).map(([name, setting]: [string, Setting]) => {
    const given = environment[name];
    const value = given || setting.fallback;
    return {
      name,
      value: value === undefined ? '(not set)' : setting.isSecret ? maskSecret(value) : value,
      source: given ? 'environment' : 'default',
      meaning: setting.meaning,
    };
  });
}

const scheduleOf = (text: string | undefined): string | null =>
  text === undefined || text === 'off' ? null : text;

function absolute(path: string): string {
  return isAbsolute(path) ? path : resolve(path);
}

/** A URL without its password; of any other secret nothing. */
function maskSecret(value: string): string {
  return value.includes('://') ? maskUrl(value) : '***';
}

/** The URL without its password. */
export function maskUrl(url: string): string {
  return url.replace(/(:\/\/[^:/@]*):[^@]*@/, '$1:***@').replace(/([?&]password=)[^&]*/, '$1***');
}
