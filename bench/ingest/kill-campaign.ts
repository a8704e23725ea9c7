/**
 * Ingestion under kill -9: clients that send again until they are answered, while the API process or the PostgreSQL server (or one of its
 * backends) is killed at seeded moments. At the end every acknowledged event is there once, none twice.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { Random } from '../../src/nn/random.js';
import { type ApiProcess, embeddedServer, makeDataFolder, startApiProcess } from './api-process.js';
import { behaviourAt, eventIdOf, ndjsonLine, userIdOf } from './behaviour-stream.js';
import { retryingClient } from './retrying-client.js';

const VICTIMS = ['API', 'POSTGRES', 'BACKEND'] as const;
type Victim = (typeof VICTIMS)[number];

export interface KillCampaignOptions {
  readonly moments: number;
  readonly seed: number;
  readonly clients: number;
  readonly batchRows: number;
  /** Longest pause before a kill, in milliseconds. */
  readonly pauseMs: number;
  /** Called after each kill. */
  readonly onKill?: (done: number, victim: Victim) => void;
}

export interface KillCampaignResult {
  readonly moments: number;
  readonly killed: Record<Victim, number>;
  /** Rows that the API answered for. */
  readonly acknowledged: number;
  readonly stored: number;
  /** Acknowledged events that are not there, and events that are there more than once. */
  readonly lost: number;
  readonly doubled: number;
  /** Rows whose acknowledged counts do not add up to the rows sent. */
  readonly miscounted: number;
  readonly retries: number;
  /** Longest time from a kill to the next acknowledgement. */
  readonly longest_gap_ms: number;
}

/** Runs a campaign over a folder of its own. */
export async function killCampaign(options: KillCampaignOptions): Promise<KillCampaignResult> {
  const folder = makeDataFolder();
  const dataDir = join(folder.path, 'data');
  const random = new Random(options.seed);
  let api: ApiProcess | null = await startApiProcess(dataDir);
  let isOver = false;
  try {
    const sending = sendUntil(
      () => isOver,
      () => api?.url ?? null,
      options,
    );
    const killed: Record<Victim, number> = { API: 0, POSTGRES: 0, BACKEND: 0 };
    let longestGap = 0;
    for (let moment = 0; moment < options.moments; moment++) {
      await Promise.race([sleep(random.uniform() * options.pauseMs), sending.failure]);
      const victim = VICTIMS[moment % VICTIMS.length];
      const killedAt = performance.now();
      if (victim === 'API') {
        const ended = new Promise((resolve) => api?.child.once('exit', resolve));
        api?.child.kill('SIGKILL');
        await ended;
        api = null;
        api = await startApiProcess(dataDir); // as a process manager does
      } else killServer(dataDir, victim, random);
      killed[victim]++;
      await Promise.race([sending.nextAnswer(), sending.failure]);
      longestGap = Math.max(longestGap, performance.now() - killedAt);
      options.onKill?.(moment + 1, victim);
    }
    isOver = true;
    const sent = await sending.finished;
    return {
      moments: options.moments,
      killed,
      ...(await compare(dataDir, sent.batches, options)),
      miscounted: sent.miscounted,
      retries: sent.retries,
      longest_gap_ms: Math.round(longestGap),
    };
  } catch (thrown) {
    process.stderr.write(`The API's last words:\n${api?.output() ?? '(it is down)'}\n`);
    throw thrown;
  } finally {
    isOver = true;
    await api?.stop();
    folder.remove();
  }
}

interface Sending {
  /** Resolves when the next batch is acknowledged that was not yet when this was called. */
  nextAnswer(): Promise<void>;
  readonly finished: Promise<{ batches: number[]; retries: number; miscounted: number }>;
  /** Rejects when a client gives up; never resolves. */
  readonly failure: Promise<never>;
}

function sendUntil(isOver: () => boolean, urlOf: () => string | null, options: KillCampaignOptions): Sending {
  const waiting: (() => void)[] = [];
  const batches: number[] = [];
  let next = 0;
  let miscounted = 0;
  const client = async () => {
    const sender = retryingClient(urlOf, GIVE_UP_MS);
    while (!isOver()) {
      const batch = next++;
      const answer = await sender.send(batchOf(batch, options.batchRows));
      batches.push(batch);
      if (answer.accepted + answer.duplicates !== options.batchRows || answer.rejected > 0)
        miscounted += options.batchRows;
      for (const resolve of waiting.splice(0)) resolve();
    }
    return sender.retries;
  };
  const all = Promise.all(Array.from({ length: options.clients }, client));
  const finished = all.then((retries) => ({
    batches,
    miscounted,
    retries: retries.reduce((sum, count) => sum + count, 0),
  }));
  const failure = new Promise<never>((_, reject) => {
    finished.catch(reject);
  });
  failure.catch(() => undefined);
  return { nextAnswer: () => new Promise((resolve) => waiting.push(resolve)), finished, failure };
}

/** Longer than a server takes to start and recover on a busy machine. */
const GIVE_UP_MS = 120_000;
const STREAM = { users: 5_000, items: 1_000, days: 30, rows: 10_000_000 };

/** Every batch holds its first event twice. */
function batchOf(batch: number, rows: number): string {
  const first = batch * rows;
  let text = ndjsonLine(behaviourAt(first, STREAM));
  for (let event = first; event < first + rows - 1; event++) text += ndjsonLine(behaviourAt(event, STREAM));
  return text;
}

function killServer(dataDir: string, victim: Victim, random: Random): void {
  const server = embeddedServer(dataDir);
  if (!server) return;
  const backends = victim === 'BACKEND' ? childrenOf(server.pid) : [];
  const pid = backends.length > 0 ? backends[Math.floor(random.uniform() * backends.length)] : server.pid;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown; // it had ended by itself
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return (
          Number(
            readFileSync(`/proc/${pid}/stat`, 'utf8')
              .replace(/^.*\) /s, '')
              .split(' ')[1],
          ) === parent
        );
      } catch {
        return false;
      }
    });
}

/** Looks every acknowledged event up in the table. */
async function compare(
  dataDir: string,
  batches: readonly number[],
  options: KillCampaignOptions,
): Promise<{ acknowledged: number; stored: number; lost: number; doubled: number }> {
  const client = await connect(dataDir);
  const { rows } = await client.query<{ key: string; count: number }>(
    `SELECT u.external_id || ' ' || b.event_id AS key, count(*)::int AS count FROM behaviours b JOIN users u ON u.id = b.user_id GROUP BY 1`,
  );
  await client.end();
  const counts = new Map(rows.map(({ key, count }) => [key, count]));
  let lost = 0;
  for (const batch of batches) {
    for (let event = batch * options.batchRows; event < (batch + 1) * options.batchRows - 1; event++) {
      const row = behaviourAt(event, STREAM);
      if (!counts.has(`${userIdOf(row.user)} ${eventIdOf(event)}`)) lost++;
    }
  }
  return {
    acknowledged: batches.length * options.batchRows,
    stored: rows.reduce((sum, { count }) => sum + count, 0),
    lost,
    doubled: rows.filter(({ count }) => count > 1).length,
  };
}

/** The last kill may have been the server's. */
async function connect(dataDir: string): Promise<pg.Client> {
  for (let tries = 0; ; tries++) {
    const server = embeddedServer(dataDir);
    const client = new pg.Client({ connectionString: server?.url ?? '' });
    try {
      await client.connect();
      return client;
    } catch (thrown) {
      if (tries >= 100) throw thrown;
      await sleep(200);
    }
  }
}
