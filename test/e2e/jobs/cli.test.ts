import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type RunningProcess, startProcess, stopProcess } from '../../support/processes.js';

const PATIENCE_MS = 240_000;
const COMMANDS = [
  'serve',
  'worker',
  'import',
  'connect',
  'crawl',
  'quarantine',
  'retention',
  'simulate',
  'tasks',
  'train',
  'ensemble',
  'search',
  'cross-validate',
  'evaluate',
  'deploy',
  'export',
  'erase',
  'keys',
  'doctor',
];

let directory: string;
let server: RunningProcess;
let url: string;
let env: NodeJS.ProcessEnv;

/** Runs a command to its end. */
async function tandem(...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const running = startProcess('cli', args, { env });
  const code = await running.ended;
  return { code, ...running.output };
}

/** The one JSON value that a command prints. */
async function json<Value>(...args: string[]): Promise<Value> {
  const { code, stdout, stderr } = await tandem(...args, '--json');
  if (code !== 0) throw new Error(`tandem ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
  expect({ stderr, lines: stdout.trim().split('\n').length }).toEqual({ stderr: '', lines: 1 });
  return JSON.parse(stdout) as Value;
}

interface Ended {
  readonly run: { readonly id: string; readonly status: string; readonly modelVersionId: string };
  readonly evaluations: readonly { readonly architecture: string; readonly task: string }[];
}

// One PostgreSQL, held by a server, which every command joins.
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tandem-cli-'));
  env = {
    DATABASE_URL: '',
    TANDEM_DATA: join(directory, 'data'),
    TANDEM_SAMPLE: 'off',
    TANDEM_WORKERS: '1',
    HOST: '127.0.0.1',
  };
  server = startProcess('cli', ['serve', '--port', '0'], { env });
  await server.saysOnError(/Serving on http/, PATIENCE_MS);
  url = /Serving on (http:\/\/[^ ]+)/.exec(server.output.stderr)![1];
}, PATIENCE_MS);
afterAll(async () => {
  const code = await stopProcess(server);
  await rm(directory, { recursive: true, force: true });
  expect(code).toBe(0);
}, PATIENCE_MS);

describe('every command', () => {
  test(
    'explains itself',
    async () => {
      const { code, stdout } = await tandem('--help');
      expect(code).toBe(0);
      for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
      const explained = await Promise.all(COMMANDS.map((name) => tandem(name, '--help')));
      explained.forEach((answer, at) => {
        expect(answer).toMatchObject({ code: 0, stderr: '' });
        expect(answer.stdout).toMatch(new RegExp(`Usage: tandem ${COMMANDS[at]}`));
      });
    },
    PATIENCE_MS,
  );

  test(
    'ends with 2 when it is used wrongly, and says how it is used',
    async () => {
      const wrong = await Promise.all([
        tandem('dance'),
        tandem('train', '--kind', 'psychic'),
        tandem('train', '--set', 'epochs'),
        tandem('train', '--resample', 'weather=SMOTE'),
        tandem('search', '--trials', '3'),
        tandem('search', '--task', 'churn', '--try', 'dropout'),
        tandem('cross-validate', '--task', 'churn', '--folds', '1'),
        tandem('train', '--trial', 'a:b:c'),
        tandem('serve', '--port', '99999'),
        tandem('import'),
        tandem('deploy'),
        tandem('retention', 'set', 'weather', '30'),
        tandem('retention', 'set', 'feedback', 'long'),
        tandem('simulate', directory, '--relatedness', '3'),
      ]);
      for (const { code, stdout, stderr } of wrong) {
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        expect(stderr.length).toBeGreaterThan(10);
        expect(stderr).not.toMatch(/^\s+at /m);
      }
    },
    PATIENCE_MS,
  );
});

describe('a shop, from its first rows to its end', () => {
  const versions: string[] = [];

  test(
    'nothing is trained, deployed or known at first',
    async () => {
      const none = await Promise.all([
        tandem('evaluate', '--json'),
        tandem('deploy', '00000000-0000-4000-8000-000000000000', '--json'),
        tandem('erase', 'nobody', '--json'),
        tandem('train', '--json'),
        tandem('keys', 'list', '--shop', 'elsewhere', '--json'),
      ]);
      expect(none.map(({ code }) => code)).toEqual([1, 1, 1, 1, 1]);
      const codes = none.map(({ stderr }) => (JSON.parse(stderr) as { error: { code: string } }).error.code);
      expect(codes).toEqual(['NOT_READY', 'NOT_FOUND', 'NOT_FOUND', 'TOO_FEW_DATA', 'NOT_FOUND']);
    },
    PATIENCE_MS,
  );

  test(
    'simulate writes files, and import brings them in, once',
    async () => {
      const folder = join(directory, 'shop');
      const written = await json<{ users: number; behaviours: number; files: string[] }>(
        'simulate',
        folder,
        '--behaviours',
        '80000',
      );
      const imported = await json<{
        files: { lines: number; kept: number; dropped: number; rejected: number }[];
      }>('import', ...written.files);
      expect(imported.files).toHaveLength(written.files.length);
      for (const { lines, kept, dropped, rejected } of imported.files) {
        expect(kept + dropped + rejected).toBe(lines);
        expect(rejected).toBe(0);
      }
      const { code, stdout, stderr } = await tandem('import', written.files[2]);
      expect(code).toBe(0);
      expect(stderr).toContain('Import 100 %');
      expect(stdout).toMatch(/behaviours: 0 new or changed, \d+ there already/);
    },
    PATIENCE_MS,
  );

  test(
    'import says what is wrong with each line, and fails on a file that is none',
    async () => {
      const file = join(directory, 'malformed.csv');
      await writeFile(
        file,
        'userId,itemId,type,occurredAt\nu0,i0,PURCHASE,2026-01-01T00:00:00Z\nu1,i0,PURCHASE,last week\n"u2,i0,VIEW,2026-01-01\n',
      );
      const { files } = await json<{
        files: {
          lines: number;
          kept: number;
          rejected: number;
          problems: { line: number; message: string }[];
        }[];
      }>('import', file);
      expect(files[0].kept).toBe(1);
      expect(files[0].rejected).toBe(files[0].lines - 1);
      expect(files[0].problems[0]).toMatchObject({
        line: 3,
        message: expect.stringContaining('last week') as unknown,
      });
      const missing = await tandem('import', join(directory, 'no-such-file.csv'));
      expect(missing).toMatchObject({ code: 1, stdout: '' });
      expect(missing.stderr).toContain('no-such-file.csv');
    },
    PATIENCE_MS,
  );

  test(
    'crawl reads a catalogue',
    async () => {
      const product = {
        '@type': 'Product',
        name: 'Teapot',
        sku: 'crawled-1',
        offers: { price: '12.50', priceCurrency: 'GBP' },
      };
      const pages: Server = createServer((request, response) => {
        if (request.url !== '/') return void response.writeHead(404).end();
        response.setHeader('content-type', 'text/html');
        response.end(`<script type="application/ld+json">${JSON.stringify(product)}</script>`);
      });
      await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
      const { port } = pages.address() as { port: number };
      try {
        const address = `http://127.0.0.1:${port}/`;
        const report = await json<{ items: { accepted: number } }>(
          'crawl',
          address,
          '--allow-private',
          '--delay',
          '0',
        );
        expect(report.items.accepted).toBe(1);
        expect(await tandem('crawl', address)).toMatchObject({
          stdout: expect.stringContaining('0 items') as unknown,
        });
      } finally {
        pages.close();
      }
    },
    PATIENCE_MS,
  );

  test(
    'train refuses what no model takes before it queues',
    async () => {
      const refused = await tandem('train', '--tasks', 'churn', '--set', 'dropuot=0.2', '--json');
      expect(refused.code).toBe(2);
      expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: 'BAD_USER_INPUT' } });
      expect(refused.stderr).toContain('dropuot');
      const answer = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          query: `mutation { startTraining(input: { kind: SINGLE_TASK, tasks: [CHURN], resampling: [{ task: CHURN, method: "MAGIC" }] }) { id } }`,
        }),
      });
      const { errors } = (await answer.json()) as {
        errors: { message: string; extensions: { code: string } }[];
      };
      expect(errors[0].extensions.code).toBe('BAD_USER_INPUT');
      expect(errors[0].message).toContain('resampling');
    },
    PATIENCE_MS,
  );

  test(
    'train, evaluate, ensemble and deploy bring a model into service',
    async () => {
      const wanted = [
        '--tasks',
        'purchase-intent',
        '--set',
        'epochs=1',
        '--resample',
        'purchase-intent=class_weights',
      ];
      for (const seed of ['1', '2']) {
        const { run, evaluations } = await json<Ended>('train', ...wanted, '--seed', seed);
        expect(run.status).toBe('SUCCEEDED');
        expect(evaluations.map(({ architecture }) => architecture)).toContain('dense');
        versions.push(run.modelVersionId);
      }
      const table = await tandem('evaluate');
      expect(table.code).toBe(0);
      expect(table.stdout).toMatch(/PURCHASE_INTENT: \d+ test examples/);
      expect(table.stdout).toMatch(/single: dense +\d\.\d{3} \[\d/);
      const ensemble = await tandem('ensemble', ...versions, '--deploy');
      expect(ensemble.code).toBe(0);
      expect(ensemble.stderr).toContain('ensemble 100 %');
      expect(ensemble.stdout).toMatch(/ensemble: weighted-average/);
      const deployed = await json<{ modelVersionId: string; trafficShare: number }>(
        'deploy',
        versions[0],
        '--share',
        '0.5',
      );
      expect(deployed).toMatchObject({ modelVersionId: versions[0], trafficShare: 0.5 });
      const back = await json<{ modelVersionId: string }>('deploy', '--rollback');
      expect(ensemble.stdout).toContain(back.modelVersionId);
    },
    PATIENCE_MS,
  );

  test(
    'search tries settings, the best is trained; cross-validate tells mean and spread',
    async () => {
      const { run, trials } = await json<{
        run: Ended['run'];
        trials: { number: number; isBest: boolean; settings: Record<string, number> }[];
      }>(
        ...[
          'search',
          '--task',
          'purchase-intent',
          '--architecture',
          'logistic-regression',
          '--method',
          'random',
        ],
        ...['--trials', '2', '--try', 'learningRate=log:0.001..0.02', '--set', 'epochs=1'],
      );
      expect(run.status).toBe('SUCCEEDED');
      expect(trials.map(({ number }) => number)).toEqual([1, 2]);
      const best = trials.find(({ isBest }) => isBest)!;
      expect(best.settings.learningRate).toBeGreaterThanOrEqual(0.001);
      const trained = await json<{ run: { config: { hyperparameters: object } } }>(
        'train',
        '--trial',
        run.id,
      );
      expect(trained.run.config.hyperparameters).toEqual(best.settings);
      const folds = await tandem(
        ...['cross-validate', '--task', 'purchase-intent', '--architectures', 'recency,logistic-regression'],
        ...['--folds', '2', '--seeds', '1'],
      );
      expect(folds.code).toBe(0);
      expect(folds.stdout).toMatch(/^PURCHASE_INTENT: AUC, no ranking/);
      expect(folds.stdout).toMatch(
        /baseline: recency +0\.\d{4} +deviation over folds 0\.\d{4}, over seeds –/,
      );
      expect(folds.stdout).toMatch(/2 {2}from \d{4}-\d{2}-\d{2}, \d+ examples: /);
    },
    PATIENCE_MS,
  );

  test(
    'export takes out a model, a person and all behaviours',
    async () => {
      const model = join(directory, 'model');
      await json('export', 'model', versions[0], model);
      expect(await readdir(model)).toContain('manifest.json');
      expect(await tandem('export', 'model', versions[0], model)).toMatchObject({ code: 2 });
      const networks = join(directory, 'networks');
      const exported = await json<{ networks: { path: string; tasks: string[] }[]; left: unknown[] }>(
        'export',
        'model',
        versions[0],
        networks,
        '--format',
        'saved-model',
      );
      expect(exported.left).toEqual([]);
      for (const { path } of exported.networks)
        expect(await readdir(join(networks, path))).toContain('saved_model.pb');
      const described = JSON.parse(await readFile(join(networks, 'networks.json'), 'utf8')) as {
        networks: {
          path: string;
          inputs: { columns: unknown[] }[];
          examples: { outputs: Record<string, number[]> };
        }[];
        thresholds: Record<string, number>;
      };
      expect(described.networks.map(({ path }) => path)).toEqual(exported.networks.map(({ path }) => path));
      expect(described.networks[0].inputs[0].columns.length).toBeGreaterThan(50);
      for (const value of described.networks[0].examples.outputs.PURCHASE_INTENT) {
        expect(value).toBeGreaterThan(0);
        expect(value).toBeLessThan(1);
      }
      expect(Object.keys(described.thresholds)).toContain('PURCHASE_INTENT');
      const onnx = await tandem('export', 'model', versions[0], join(directory, 'onnx'), '--format', 'onnx');
      expect(onnx).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/\.onnx: PURCHASE_INTENT/) as unknown,
      });
      for (const wrong of [
        ['--format', 'pickle'],
        ['--format', 'onnx', '--task', 'weather'],
      ]) {
        const answer = await tandem('export', 'model', versions[0], join(directory, 'none'), ...wrong);
        expect(answer).toMatchObject({ code: 2, stdout: '' });
      }
      const file = join(directory, 'u0.json');
      const { behaviours } = await json<{ behaviours: number }>('export', 'user', 'u0', file);
      const person = JSON.parse(await readFile(file, 'utf8')) as {
        user: { externalId: string };
        behaviours: unknown[];
      };
      expect(person.user.externalId).toBe('u0');
      expect(person.behaviours).toHaveLength(behaviours);
      const all = await json<{ behaviours: number }>('export', 'behaviours', join(directory, 'all.ndjson'));
      const lines = (await readFile(join(directory, 'all.ndjson'), 'utf8')).trim().split('\n');
      expect(lines).toHaveLength(all.behaviours);
    },
    PATIENCE_MS,
  );

  test(
    'erase removes a person, who is unknown from then on',
    async () => {
      const receipt = await json<{ removed: Record<string, number> }>('erase', 'u0');
      expect(receipt.removed.behaviours).toBeGreaterThan(0);
      expect(await tandem('export', 'user', 'u0', join(directory, 'gone.json'))).toMatchObject({ code: 1 });
      expect(await tandem('erase', 'u0')).toMatchObject({ code: 1, stdout: '' });
    },
    PATIENCE_MS,
  );

  test(
    'keys are made, listed without what they are, and revoked',
    async () => {
      const made = await json<{ id: string; key: string }>('keys', 'create', 'till', '--role', 'ingest');
      const listed = await tandem('keys', 'list', '--json');
      expect(listed.stdout).toContain(made.id);
      expect(listed.stdout).not.toContain(made.key);
      await json('keys', 'revoke', made.id);
      expect((await tandem('keys', 'list')).stdout).toContain('revoked');
      expect(await tandem('keys', 'revoke', '00000000-0000-4000-8000-000000000000')).toMatchObject({
        code: 1,
      });
    },
    PATIENCE_MS,
  );

  test(
    'retention is set, shown, applied and ended',
    async () => {
      const policy = { kind: 'FEEDBACK', keepDays: 30, isArchived: true };
      expect(await json('retention', 'set', 'feedback', '30', '--archive')).toEqual([policy]);
      expect((await tandem('retention', 'list')).stdout).toBe('feedback: 30 days, then archived\n');
      expect(await json('retention', 'apply')).toEqual([{ kind: 'FEEDBACK', removed: 0, files: [] }]);
      expect(await json('retention', 'end', 'feedback')).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    'doctor finds the installation, and what is wrong with it',
    async () => {
      const { checks, settings } = await json<{
        checks: { name: string; ok: boolean; value: string }[];
        settings: { name: string; source: string }[];
      }>('doctor');
      expect(checks.filter(({ ok }) => !ok)).toEqual([]);
      expect(checks.find(({ name }) => name === 'database')?.value).toMatch(/\d+ behaviours/);
      expect(settings.find(({ name }) => name === 'TANDEM_DATA')?.source).toBe('environment');
      const before = env;
      env = { ...env, DATABASE_URL: 'postgresql://shop:geheim@127.0.0.1:1/none' };
      const broken = await tandem('doctor');
      env = before;
      expect(broken.code).toBe(1);
      expect(broken.stdout).toMatch(/WRONG +database .*cannot be used/);
      expect(broken.stdout).not.toContain('geheim');
    },
    PATIENCE_MS,
  );

  test(
    'worker takes runs until it is told to stop',
    async () => {
      const worker = startProcess('cli', ['worker'], { env });
      await worker.saysOnError(/taking runs/i, PATIENCE_MS);
      expect(await stopProcess(worker)).toBe(0);
    },
    PATIENCE_MS,
  );
});
