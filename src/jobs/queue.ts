/** The queue in PostgreSQL: which runs wait for a worker. The run's row holds everything else. */
import { PgBoss } from 'pg-boss';

export const RUN_QUEUE = 'runs';
/** A run may take this long before the queue gives its job up; heartbeats, not the queue, find dead workers. */
const EXPIRE_SECONDS = 12 * 3600;

export interface RunJob {
  readonly shopKey: string;
  readonly runId: string;
}

/** Opens the queue; the first process to do so makes its tables. */
export async function openQueue(databaseUrl: string, onError: (error: Error) => void): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: databaseUrl, schema: 'pgboss', max: 3 });
  boss.on('error', onError);
  await boss.start();
  await boss.createQueue(RUN_QUEUE);
  return boss;
}

/** Hands a run to whichever worker is free first. */
export async function enqueueRun(boss: PgBoss, job: RunJob): Promise<void> {
  await boss.send(RUN_QUEUE, job, { expireInSeconds: EXPIRE_SECONDS, retryLimit: 0 });
}
