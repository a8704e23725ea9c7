/** The API's side of the serving host: starts it, speaks to it, and starts it again when it dies. Holds no TensorFlow. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

import { AppError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { threadEnvironment } from '../../nn/threads.js';
import { PROJECT_ROOT } from '../../root.js';
import type { ServingClient, ServingStatus } from './serving-contract.js';
import type { ServingMethod, ServingReady, ServingReply } from './serving-messages.js';

const CALL_TIMEOUT_MS = 30_000;
const STOP_MS = 5000;
const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 10_000;

export interface ServingClientOptions {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly log: Logger;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Starts a serving host and returns what speaks to it. Calls made while it starts wait for it. */
export function createServingClient(options: ServingClientOptions): ServingClient {
  const host = new ServingProcess(options);
  const call =
    <Method extends ServingMethod>(method: Method) =>
    (...args: Parameters<ServingClient[Method]>): ReturnType<ServingClient[Method]> =>
      host.call(method, args) as ReturnType<ServingClient[Method]>;
  return {
    scoreUsers: call('scoreUsers'),
    explainUsers: call('explainUsers'),
    rankItems: call('rankItems'),
    similarItems: call('similarItems'),
    trendingItems: call('trendingItems'),
    forecast: call('forecast'),
    assessTransactions: call('assessTransactions'),
    reload: call('reload'),
    status: () => host.status(),
    close: () => host.close(),
  };
}

class ServingProcess {
  private child: ChildProcess | undefined;
  private ready: Promise<void> = Promise.resolve();
  private markReady: () => void = () => undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private calls = 0;
  private failures = 0;
  private isClosed = false;

  constructor(private readonly options: ServingClientOptions) {
    this.start();
  }

  async call(method: ServingMethod, args: readonly unknown[]): Promise<unknown> {
    if (this.isClosed) throw new AppError('NOT_READY', 'The server is stopping.');
    if (method !== 'status' && method !== 'reload') this.calls++;
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new AppError('NOT_READY', 'The models did not answer in time. Try again in a moment.'));
      }, CALL_TIMEOUT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      void this.ready.then(() => {
        if (this.waiting.has(id)) this.child?.send({ id, method, args });
      });
    });
  }

  async status(): Promise<ServingStatus> {
    const isUp = await Promise.race([this.ready.then(() => true), Promise.resolve(false)]);
    if (!isUp || !this.child)
      return { ready: false, pid: null, isNative: false, loaded: [], calls: this.calls };
    const status = (await this.call('status', [])) as ServingStatus;
    return { ...status, calls: this.calls };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { child } = this;
    this.failAll('The server is stopping.');
    if (!child || child.exitCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }

  private start(): void {
    this.ready = new Promise((resolve) => {
      this.markReady = resolve;
    });
    const { databaseUrl, dataDir, log } = this.options;
    const child = fork(join(PROJECT_ROOT, 'dist', 'src', 'serving.js'), {
      // Answers are small: one thread is several times faster than handing them between threads.
      env: { ...process.env, ...threadEnvironment('small'), DATABASE_URL: databaseUrl, TANDEM_DATA: dataDir },
      serialization: 'advanced',
    });
    this.child = child;
    child.on('message', (message: ServingReply | ServingReady) => this.receive(message));
    child.once('exit', (code, signal) => {
      if (this.isClosed) return;
      this.failAll('The process that holds the models ended; it is starting again. Try again in a moment.');
      const delay = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** this.failures++);
      log.error({ code, signal, delay }, 'The serving host ended; it is started again.');
      setTimeout(() => !this.isClosed && this.start(), delay);
    });
  }

  private receive(message: ServingReply | ServingReady): void {
    if ('ready' in message) {
      this.failures = 0;
      this.markReady();
      return;
    }
    const waiting = this.waiting.get(message.id);
    if (!waiting) return; // timed out
    this.waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.ok) waiting.resolve(message.value);
    else waiting.reject(new AppError(message.code, message.message, message.details));
  }

  private failAll(reason: string): void {
    for (const { reject, timer } of this.waiting.values()) {
      clearTimeout(timer);
      reject(new AppError('NOT_READY', reason));
    }
    this.waiting.clear();
  }
}
