import { readdir, readFile } from 'node:fs/promises';

import { expect } from '@jest/globals';
import type { PgBoss } from 'pg-boss';

import { createJobs } from '../../../src/jobs/index.js';
import { openQueue } from '../../../src/jobs/queue.js';
import { type RunningProcess, startProcess, stopProcess, until } from '../../support/processes.js';
import { type ShopSystem, startShopSystem } from '../../support/shop-system.js';
import { type Api, startApi } from '../api-harness.js';

export const PATIENCE_MS = 90_000;
const JOB =
  'id status progress attempts error errorCode report importReport { lines kept dropped rejected rules { name lines before after } problems { line message } written { kind accepted duplicates rejected } }';

export interface Job {
  id: string;
  status: string;
  progress: number;
  attempts: number;
  error: string | null;
  errorCode: string | null;
  report: Record<string, unknown> | null;
  importReport: Record<string, unknown> | null;
}

/** What the server answers that files, pages and shop systems are read from. `cut`: bytes after which it breaks off. */
export type Served = (
  path: string,
  headers: Record<string, unknown>,
) => { body?: string; headers?: Record<string, string>; cut?: number; status?: number };

/** An API, a worker, and a server that the jobs read from. */
export class DataJobWorld {
  served: Served = () => ({ status: 404 });
  api!: Api;
  boss!: PgBoss;
  worker!: RunningProcess;
  files!: ShopSystem;

  async open(): Promise<this> {
    this.files = await startShopSystem((request, response) => {
      const { body = '', headers = {}, cut, status = 200 } = this.served(request.url ?? '', request.headers);
      response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
      if (cut === undefined) return void response.end(body);
      response.write(body.slice(0, cut));
      setTimeout(() => response.destroy(), 20);
    });
    this.api = await startApi({
      arePrivateSourcesOn: true,
      jobs: ({ url, store }) => createJobs({ databaseUrl: url, store }),
    });
    this.boss = await openQueue(this.api.database.url, () => undefined);
    this.worker = startProcess('worker', [], {
      env: {
        DATABASE_URL: this.api.database.url,
        TANDEM_DATA: this.api.dataDir,
        TANDEM_PRIVATE_SOURCES: 'on',
        TANDEM_RETENTION_SCHEDULE: '15 4 * * 1',
        LOG_LEVEL: 'warn',
      },
    });
    await this.until(() => this.api.database.store.isHeld('worker'));
    return this;
  }

  async close(): Promise<void> {
    await stopProcess(this.worker);
    await this.boss.stop({ graceful: false });
    await this.api.close();
    await this.files.close();
  }

  until(isTrue: () => Promise<boolean>, state: () => unknown = () => ''): Promise<void> {
    return until(isTrue, PATIENCE_MS, () => `${JSON.stringify(state())} ${this.worker.output.stderr}`);
  }

  async ended(id: string): Promise<Job> {
    let job: Job | undefined;
    await this.until(
      async () => {
        const query = `query ($id: ID!) { dataJob(id: $id) { ${JOB} } }`;
        job = (await this.api.ask<{ dataJob: Job }>(query, { id })).data.dataJob;
        return ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(job.status);
      },
      () => job,
    );
    return job!;
  }

  async start(field: string, query: string, variables: Record<string, unknown> = {}): Promise<string> {
    const { data, errors } = await this.api.ask<Record<string, { id: string }>>(query, variables);
    expect(errors).toBeUndefined();
    return data[field].id;
  }

  startImport(input: object): Promise<string> {
    const query = 'mutation ($input: StartImportInput!) { startImport(input: $input) { id } }';
    return this.start('startImport', query, { input });
  }

  async upload(body: string, name: string): Promise<string> {
    const response = await fetch(`${this.api.url}/uploads?name=${name}`, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body,
    });
    const { id, name: kept, bytes } = (await response.json()) as { id: string; name: string; bytes: number };
    expect([kept, bytes]).toEqual([name, Buffer.byteLength(body)]);
    return id;
  }
}

/** Ends the process that does a job, the hard way: it is the child of the worker. */
export async function killDataJob(id: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes('data-job.js') && line.includes(id)) process.kill(Number(pid), 'SIGKILL');
  }
}
