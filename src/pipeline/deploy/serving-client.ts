/** The API's side of the serving host: starts it, speaks to it, and starts it again when it dies. Holds no TensorFlow. */
import { type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

import { AppError } from '../../errors.js';
import type { Logger } from '../../log.js';
import { threadEnvironment } from '../../nn/threads.js';
import { quietFork } from '../../quiet-fork.js';
import { PROJECT_ROOT } from '../../root.js';
import type { ServingClient, ServingStatus } from './serving-contract.js';
import type { ServingMethod, ServingReady, ServingReply } from './serving-messages.js';

const CALL_TIMEOUT_MS = 30_000;
const STOP_MS = 5000;
const FIRST_RESTART_MS = 250;
const LAST_RESTART_MS = 10_000;
/** What scores nothing. */
const UNCOUNTED: ReadonlySet<ServingMethod> = new Set(['checkPlan', 'reload', 'status']);
const HOST_ENDED = 'The process that holds the models ended; it is starting again. Try again in a moment.';

export interface ServingClientOptions {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly log: Logger;
  /** Script of the host; default the built product's. */
  readonly entry?: string;
  /** The host starts when this resolves; default at once. */
  readonly startAfter?: Promise<unknown>;
  /** How long a call may take; default 30 seconds. */
  readonly callTimeoutMs?: number;
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
    checkPlan: call('checkPlan'),
    scoreUsers: call('scoreUsers'),
    explainUsers: call('explainUsers'),
    rankItems: call('rankItems'),
    similarItems: call('similarItems'),
    trendingItems: call('trendingItems'),
    forecast: call('forecast'),
    assessTransactions: call('assessTransactions'),
    scoreSessions: call('scoreSessions'),
    explainSessions: call('explainSessions'),
    reload: call('reload'),
    status: () => host.status(),
    close: () => host.close(),
  };
}

class ServingProcess {
  private child: ChildProcess | undefined;
  /** Open while no host can answer. */
  private ready: Promise<void> = Promise.resolve();
  private isStarted = false;
  private isReady = false;
  private markReady: () => void = () => undefined;
  private readonly waiting = new Map<number, Waiting>();
  private nextId = 1;
  private calls = 0;
  private failures = 0;
  private isClosed = false;
  private restart: NodeJS.Timeout | undefined;

  constructor(private readonly options: ServingClientOptions) {
    this.waitForHost();
    if (!options.startAfter) this.start();
    else void options.startAfter.then(() => this.isClosed || this.start());
  }

  async call(method: ServingMethod, args: readonly unknown[]): Promise<unknown> {
    if (this.isClosed) throw new AppError('NOT_READY', 'The server is stopping.');
    // Set-up takes longer than anybody waits for an answer.
    if (!this.isStarted)
      throw new AppError(
        'NOT_READY',
        'TensorFlow is being set up; models are trained and served after that.',
      );
    if (!UNCOUNTED.has(method)) this.calls++;
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new AppError('NOT_READY', 'The models did not answer in time. Try again in a moment.'));
      }, this.options.callTimeoutMs ?? CALL_TIMEOUT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      void this.ready.then(() => {
        if (!this.waiting.has(id)) return;
        // Without a callback a channel that has just closed would throw in the API process.
        this.child?.send({ id, method, args }, (error) => error && this.fail(id, HOST_ENDED));
      });
    });
  }

  async status(): Promise<ServingStatus> {
    if (!this.isReady) return { ready: false, pid: null, isNative: false, loaded: [], calls: this.calls };
    const status = (await this.call('status', [])) as ServingStatus;
    return { ...status, calls: this.calls };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    const { child } = this;
    this.failAll('The server is stopping.');
    clearTimeout(this.restart);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.once('exit', () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill('SIGTERM');
    });
  }

  private waitForHost(): void {
    this.isReady = false;
    this.ready = new Promise((resolve) => {
      this.markReady = () => {
        this.isReady = true;
        resolve();
      };
    });
  }

  private start(): void {
    this.isStarted = true;
    const { databaseUrl, dataDir, log } = this.options;
    const child = quietFork(this.options.entry ?? join(PROJECT_ROOT, 'dist', 'src', 'serving.js'), {
      // Answers are small: one thread is several times faster than handing them between threads.
      env: { ...process.env, ...threadEnvironment('small'), DATABASE_URL: databaseUrl, TANDEM_DATA: dataDir },
    });
    this.child = child;
    child.on('message', (message: ServingReply | ServingReady) => this.receive(message));
    child.on('error', (error) => log.error({ err: error }, 'The serving host cannot be reached.'));
    child.once('exit', (code, signal) => {
      if (this.isClosed) return;
      this.waitForHost();
      this.failAll(HOST_ENDED);
      const delay = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** this.failures++);
      log.error({ code, signal, delay }, 'The serving host ended; it is started again.');
      this.restart = setTimeout(() => this.start(), delay);
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
    for (const id of [...this.waiting.keys()]) this.fail(id, reason);
  }

  private fail(id: number, reason: string): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.reject(new AppError('NOT_READY', reason));
  }
}
