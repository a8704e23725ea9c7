/** The API as a user starts it: a process of its own with the embedded PostgreSQL, on a free port, over a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PROJECT_ROOT } from '../../src/root.js';

const START_MS = 120_000;

/** A folder for the data of one benchmark that the account of PostgreSQL can reach. */
export function makeDataFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(process.getuid?.() === 0 ? '/var/tmp' : tmpdir(), 'tandem-bench-'));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface ApiProcess {
  readonly url: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it wrote to standard error. */
  readonly output: () => string;
  /** Ends it as Ctrl-C does, PostgreSQL with it. */
  stop(): Promise<void>;
}

/** Starts it and waits until it says where it serves. */
export async function startApiProcess(
  dataDir: string,
  environment: Record<string, string> = {},
): Promise<ApiProcess> {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'main.js')], {
    env: {
      ...process.env,
      DATABASE_URL: '',
      TANDEM_DATA: dataDir,
      TANDEM_SAMPLE: 'off',
      TANDEM_WORKERS: '0',
      TANDEM_AUTH: 'off',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The API did not start:\n${output}`)), START_MS);
    child.once('exit', (code) => reject(new Error(`The API ended with code ${code}:\n${output}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000);
      const match = /Serving on (http:\/\/\S+)/.exec(output);
      if (!match) return;
      clearTimeout(timer);
      resolve(match[1]);
    });
  });
  return {
    url,
    pid: child.pid ?? -1,
    child,
    output: () => output,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill('SIGINT');
      }),
  };
}

/** Process id and address of the embedded PostgreSQL over a data folder; null while there is none. */
export function embeddedServer(dataDir: string): { pid: number; url: string } | null {
  const lock = join(dataDir, 'pg', 'postmaster.pid');
  if (!existsSync(lock)) return null;
  const [pid, , , port] = readFileSync(lock, 'utf8').split('\n');
  if (!port) return null;
  return { pid: Number(pid), url: `postgresql://tandem_owner@127.0.0.1:${port}/tandem` };
}

/** Memory of a process in MiB from /proc: now, and the most it ever had. */
export function memoryOf(pid: number): { rssMb: number; peakMb: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const read = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
  return { rssMb: read('VmRSS'), peakMb: read('VmHWM') };
}

/** Processor seconds of a process and of all that descends from it, living or waited for. */
export function processorSecondsOf(pid: number): number {
  const ticksPerSecond = 100;
  const parents = new Map<number, number>();
  const ticks = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // Fields behind the program's name, which may hold blanks: 4 = parent, 14 to 17 = own and waited-for children's ticks.
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      parents.set(Number(name), Number(fields[1]));
      ticks.set(
        Number(name),
        [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0),
      );
    } catch {
      // The process ended meanwhile.
    }
  }
  const descends = (child: number): boolean => {
    for (let at: number | undefined = child; at !== undefined && at > 1; at = parents.get(at))
      if (at === pid) return true;
    return false;
  };
  let total = 0;
  for (const [child, own] of ticks) if (descends(child)) total += own;
  return total / ticksPerSecond;
}
