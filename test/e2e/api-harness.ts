/** Starts the API on a free port over a database of the test's own, and speaks to it as a client does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from '@jest/globals';
import pino from 'pino';

import { type App, createApp } from '../../src/api/index.js';
import type { WebhookSecrets } from '../../src/config.js';
import { AppError } from '../../src/errors.js';
import type { Jobs, RunProgressEvent } from '../../src/jobs/index.js';
import type { ServingClient } from '../../src/pipeline/deploy/index.js';
import { NEXT_BEHAVIOURS, type RankedItem, type RankOptions } from '../../src/pipeline/index.js';
import type { ShopStore, Store } from '../../src/store/index.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

export interface GraphQLAnswer<Data = Record<string, unknown>> {
  readonly status: number;
  readonly data: Data;
  readonly errors?: readonly {
    message: string;
    path?: (string | number)[];
    extensions: { code: string; [key: string]: unknown };
  }[];
  readonly extensions: { cost: { requested: number; limit: number } };
}

export interface Api {
  readonly url: string;
  readonly app: App;
  readonly database: TestDatabase;
  readonly shop: ShopStore;
  /** Where uploads lie. */
  readonly dataDir: string;
  /** Lines of the log so far. */
  readonly logged: string[];
  ask<Data = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<GraphQLAnswer<Data>>;
  close(): Promise<void>;
}

export interface ApiOptions {
  readonly isAuthOn?: boolean;
  readonly isProduction?: boolean;
  readonly webhookSecrets?: WebhookSecrets;
  readonly arePrivateSourcesOn?: boolean;
  readonly serving?: (database: TestDatabase) => ServingClient;
  readonly jobs?: (database: TestDatabase) => Promise<Jobs>;
  /** Stands between the API and the real store. */
  readonly wrapStore?: (store: Store) => Store;
}

export async function startApi(options: ApiOptions = {}): Promise<Api> {
  const database = await createTestDatabase();
  const serving = options.serving?.(database) ?? noServing();
  const jobs = (await options.jobs?.(database)) ?? noJobs();
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
  const store = options.wrapStore?.(database.store) ?? database.store;
  const { isAuthOn = false, isProduction = false, webhookSecrets, arePrivateSourcesOn = false } = options;
  const dataDir = await mkdtemp(join(tmpdir(), 'tandem-api-'));
  const config = {
    host: '127.0.0.1',
    port: 0,
    isAuthOn,
    isProduction,
    webhookSecrets,
    arePrivateSourcesOn,
    dataDir,
  };
  const app = await createApp({ config, store, jobs, serving, log });
  const url = await app.listen();
  return {
    url,
    app,
    database,
    shop: database.shop,
    dataDir,
    logged,
    ask: async <Data>(
      query: string,
      variables?: Record<string, unknown>,
      headers?: Record<string, string>,
    ) => {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ query, variables }),
      });
      return { status: response.status, ...((await response.json()) as object) } as GraphQLAnswer<Data>;
    },
    close: async () => {
      await app.close();
      await jobs.close();
      await serving.close();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const notReady = () => Promise.reject(new AppError('NOT_READY', 'No deployed model answers the task yet.'));

/** A serving host before the first deployment. */
export function noServing(): ServingClient {
  return {
    checkPlan: () => Promise.resolve(),
    scoreUsers: notReady,
    explainUsers: notReady,
    rankItems: notReady,
    similarItems: notReady,
    trendingItems: notReady,
    forecast: notReady,
    assessTransactions: notReady,
    scoreSessions: notReady,
    explainSessions: notReady,
    reload: () => Promise.resolve(),
    status: () => Promise.resolve({ ready: true, pid: null, isNative: false, loaded: [], calls: 0 }),
    close: () => Promise.resolve(),
  };
}

/** A queue that takes nothing; progress is sent by the test. */
export function noJobs(): Jobs & { send(event: RunProgressEvent): void; listened(): Promise<void> } {
  const listeners = new Set<(event: RunProgressEvent) => void>();
  let markListened: () => void = () => undefined;
  const listened = new Promise<void>((resolve) => (markListened = resolve));
  const refuse = () => Promise.reject(new AppError('CONFLICT', 'A run of this kind is under way.'));
  return {
    startTraining: refuse,
    startEnsemble: refuse,
    startCrossValidation: refuse,
    startSearch: refuse,
    cancel: refuse,
    runFirstTraining: refuse,
    data: {
      startImport: refuse,
      startPull: refuse,
      startCrawl: refuse,
      startRetention: refuse,
      startReplay: refuse,
      cancel: refuse,
      onProgress: () => Promise.resolve(() => Promise.resolve()),
    },
    onProgress: (_shopKey: string, listener: (event: RunProgressEvent) => void) => {
      listeners.add(listener);
      markListened();
      return Promise.resolve(() => {
        listeners.delete(listener);
        return Promise.resolve();
      });
    },
    /** Resolves once somebody listens: what is sent before is heard by nobody. */
    listened: () => listened,
    send: (event: RunProgressEvent) => listeners.forEach((listener) => listener(event)),
    close: () => Promise.resolve(),
  };
}

/** A serving host with known answers, which counts its calls by kind. */
export function knownServing(ranking: readonly string[]): ServingClient & {
  readonly calls: Record<string, number>;
  readonly servedBy: { modelVersionId: string; threshold: number };
} {
  const calls: Record<string, number> = {};
  const count = (kind: string) => (calls[kind] = (calls[kind] ?? 0) + 1);
  const servedBy = { modelVersionId: '', threshold: 0.5 };
  const best = ({ first, allowed }: RankOptions): RankedItem[] =>
    ranking
      .filter((id) => allowed === null || allowed.has(id))
      .slice(0, first)
      .map((itemId, place) => ({
        itemId,
        score: 1 / (place + 1),
        reason:
          place === 0 ? { kind: 'POPULAR', itemId: null } : { kind: 'BOUGHT_TOGETHER', itemId: ranking[0] },
      }));
  return {
    ...noServing(),
    calls,
    servedBy,
    scoreUsers: (_shop, history, _asOf, tasks) => {
      count('scoreUsers');
      const { userOffsets } = history;
      // Probability by the number of behaviours, so that a mix-up of users shows.
      const scores = Float32Array.from(
        history.users,
        (_, user) => (userOffsets[user + 1] - userOffsets[user]) / 100,
      );
      return Promise.resolve({
        probabilities: Object.fromEntries(tasks.map((task) => [task, scores])),
        servedBy: Object.fromEntries(tasks.map((task) => [task, history.users.map(() => servedBy)])),
      });
    },
    explainUsers: (_shop, history, _asOf, task, first) => {
      count('explainUsers');
      const one = { feature: task, description: 'Orders', value: 1, contribution: 0.5 };
      return Promise.resolve(history.users.map(() => new Array(first).fill(one) as (typeof one)[]));
    },
    rankItems: (_shop, history, _asOf, options) => {
      count('rankItems');
      const items = history.users.map(() => best(options));
      return Promise.resolve({ items, servedBy: history.users.map(() => servedBy) });
    },
    similarItems: (_shop, _itemId, options) => {
      count('similarItems');
      return Promise.resolve({ items: best(options), servedBy });
    },
    trendingItems: (_shop, options) => {
      count('trendingItems');
      return Promise.resolve({ items: best(options), servedBy });
    },
    forecast: (_shop, series, horizonDays) => {
      count('forecast');
      const units = new Float32Array(horizonDays).fill(
        series.units.reduce((sum, sold) => sum + sold, 0) / series.days,
      );
      return Promise.resolve({
        values: { units, low: units.map(() => 0), high: units.map((unit) => 2 * unit) },
        servedBy,
      });
    },
    scoreSessions: (_shop, { history, sessions }, task) => {
      count('scoreSessions');
      // By behaviours of before, so that a mix-up of users or sessions shows.
      const answers = sessions.map(({ user, rows }) => {
        const p = Math.min(0.9, (rows[0] - history.userOffsets[user]) / 100);
        return task === 'SESSION_OUTCOME' ? [p] : [1 - p, ...NEXT_BEHAVIOURS.slice(1).map(() => p / 8)];
      });
      return Promise.resolve({
        values: Float32Array.from(answers.flat()),
        servedBy: sessions.map(() => servedBy),
      });
    },
    explainSessions: (_shop, { sessions }, task, first) => {
      count('explainSessions');
      const one = { feature: 'behaviour 1', description: task, value: 0, contribution: 0.5 };
      return Promise.resolve(sessions.map(() => new Array(first).fill(one) as (typeof one)[]));
    },
    assessTransactions: (_shop, transactions, explainFirst) => {
      count('assessTransactions');
      const [{ transaction, earlier }] = transactions;
      const one = {
        feature: 'earlier',
        description: 'Earlier orders',
        value: earlier.length,
        contribution: 1,
      };
      return Promise.resolve({
        probabilities: Float32Array.of(transaction.amount > 1000 ? 0.9 : 0.1),
        contributions: [new Array(Math.min(3, explainFirst)).fill(one) as (typeof one)[]],
        servedBy,
      });
    },
  };
}

/** A model version without files, which rows can name. */
export async function storeModelVersion(shop: ShopStore, notes: string[] = []): Promise<string> {
  const run = await shop.createRun({
    kind: 'SINGLE_TASK',
    tasks: ['PURCHASE_INTENT', 'CHURN'],
    config: {},
    seed: 1,
  });
  const version = await shop.createModelVersion({
    runId: run.id,
    contentHash: 'a'.repeat(64),
    tasks: ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'DEMAND', 'FRAUD'],
    architecture: 'dense',
    dataUntil: new Date('2011-12-09T00:00:00Z'),
    sizeBytes: 1000,
    manifest: { notes },
  });
  return version.id;
}

/** `users` users who each bought some of `items` items at known times; user u has u + 1 behaviours. */
export async function storeSmallShop(shop: ShopStore, users = 25, items = 30): Promise<void> {
  await shop.upsertItems(
    Array.from({ length: items }, (_, item) => ({
      id: `i${item}`,
      title: `Item ${item}`,
      category: [item % 2 === 0 ? 'even' : 'odd'],
      price: `${item + 1}.00`,
      currency: 'EUR',
    })),
  );
  await shop.upsertUsers(
    Array.from({ length: users }, (_, user) => ({ id: `u${user}`, attributes: { country: 'DE' } })),
  );
  const rows = Array.from({ length: users }, (_, user) =>
    Array.from({ length: user + 1 }, (_, n) => ({
      eventId: `e${user}-${n}`,
      userId: `u${user}`,
      itemId: `i${(user + n) % items}`,
      type: 'PURCHASE' as const,
      occurredAt: new Date(Date.UTC(2011, 0, 1 + ((user * 7 + n * 3) % 300))),
      sessionId: `s${user}-${n}`,
      quantity: 1,
      value: `${((user + n) % items) + 1}.00`,
    })),
  ).flat();
  await shop.recordBehaviours(rows);
}

/** Matches a text that holds another, typed as the text it stands for. */
export function containing(text: string): string {
  return expect.stringContaining(text) as unknown as string;
}

/** A log that is read by nobody. */
export function silentLog(): pino.Logger {
  return pino({ level: 'silent' });
}
