import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

import { PROJECT_ROOT } from '../../src/root.js';
import { createTestDatabase } from '../support/database.js';

const SAMPLE = join(PROJECT_ROOT, 'data', 'online-retail', 'online-retail.csv.gz');
const STOP_MS = 20_000;

/** The whole product in its own processes, over a part of the sample. */
export interface ShopServer {
  readonly url: string;
  ask<Data>(query: string, variables?: Record<string, unknown>): Promise<Data>;
  stop(): Promise<void>;
}

/**
 * Imports some of the sample's customers into a database of its own and starts the product there, which then trains its first
 * models by itself.
 *
 * @param isChosen which customers; each keeps its whole history
 */
export async function startShopServer(isChosen: (customerId: number) => boolean): Promise<ShopServer> {
  const database = await createTestDatabase();
  const directory = await mkdtemp(join(tmpdir(), 'tandem-browser-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = {
    ...process.env,
    DATABASE_URL: database.url,
    TANDEM_DATA: directory,
    TANDEM_SAMPLE: 'off',
    HOST: '127.0.0.1',
    PORT: String(port),
  };
  let server: ChildProcess | undefined;
  const log: string[] = [];
  const stop = async (): Promise<void> => {
    if (server && server.exitCode === null) {
      const ended = new Promise((resolve) => server?.once('exit', resolve));
      server.kill('SIGTERM');
      const timer = setTimeout(() => server?.kill('SIGKILL'), STOP_MS);
      await ended;
      clearTimeout(timer);
    }
    await database.drop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const file = join(directory, 'shop.csv');
    await writeSlice(file, isChosen);
    await runToEnd(['import', file, '--layout', 'online-retail'], env);
    server = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'main.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    server.stdout?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    server.stderr?.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    await until(
      async () => (await fetch(`${url}/health/live`)).ok,
      30_000,
      () => log.join(''),
    );
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  const ask = async <Data>(query: string, variables = {}): Promise<Data> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: { message: string }[] };
    if (errors) throw new Error(`${errors.map(({ message }) => message).join(' ')}\n${log.join('')}`);
    return data;
  };
  return { url, ask, stop };
}

/** Asks again until the answer is yes. @throws Error with what `explain` says when it takes too long */
export async function until(
  isDone: () => Promise<boolean>,
  withinMs: number,
  explain: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    if (await isDone().catch(() => false)) return;
    if (Date.now() > deadline) throw new Error(`Not done within ${withinMs} ms. ${explain()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function writeSlice(file: string, isChosen: (customerId: number) => boolean): Promise<void> {
  const lines = createInterface({
    input: createReadStream(SAMPLE).pipe(createGunzip()),
    crlfDelay: Infinity,
  });
  const output = createWriteStream(file);
  let isHeader = true;
  for await (const line of lines) {
    // The customer is the last column but one, and neither of the two is ever quoted with a comma inside.
    const customerId = Number(line.split(',').at(-2) || NaN);
    if (isHeader || isChosen(customerId)) output.write(`${line}\n`);
    isHeader = false;
  }
  output.end();
  await finished(output);
}

async function runToEnd(args: string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'cli.js'), ...args], { env });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdout.resume();
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`tandem ${args[0]} ended with code ${String(code)}: ${output}`);
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The probe has no port.');
  return address.port;
}
