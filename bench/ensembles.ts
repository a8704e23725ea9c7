/**
 * What each way of combining members brings on Online Retail: members fitted before a cut, combination chosen on the window before it, and measured on the
 * window after it. Members' predictions are kept on disk, so that another way can be tried without fitting again.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { AppError } from '../src/errors.js';
import { heldOutOf } from '../src/jobs/worker/ensemble/held-examples.js';
import {
  makeTaskEnsemble,
  type MemberPredictions,
  type TaskEnsembleExamples,
} from '../src/jobs/worker/ensemble/task-ensemble.js';
import { taskExamples } from '../src/jobs/worker/examples.js';
import type { TaskExamples } from '../src/jobs/worker/task-examples.js';
import { readOnlineRetail } from '../src/pipeline/collect/index.js';
import type { HeldOut } from '../src/pipeline/ensemble/index.js';
import { evaluateBinary, MAIN_METRICS, thresholdRule } from '../src/pipeline/evaluate/index.js';
import { DAY_MS, type ShopHistory } from '../src/pipeline/index.js';
import { PROJECT_ROOT } from '../src/root.js';
import type { TaskName } from '../src/tasks/index.js';
import { type BenchMember, MEASURED, type Measured, MEMBERS, WAYS } from './ensembles/members.js';

const RETAIL_FILE = 'online-retail.csv.gz';
const WINDOW_DAYS = 30;

interface Row {
  readonly task: TaskName;
  readonly way: string;
  readonly metric: string;
  readonly value: number;
  readonly kept: number;
  readonly of: number;
  readonly ece: number | null;
  readonly eceBefore: number | null;
}

export default async function run(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      data: { type: 'string', default: 'data/online-retail' },
      /** Nothing later than the last one's window is looked at; the figures that choices were made by. */
      cuts: { type: 'string', default: '2011-04-10,2011-05-10' },
      seeds: { type: 'string', default: '3' },
      tasks: { type: 'string', default: MEASURED.join() },
      cache: { type: 'string', default: join(PROJECT_ROOT, '.data', 'bench-ensembles') },
      json: { type: 'boolean' },
    },
  });
  const file = join(resolve(flags.data), RETAIL_FILE);
  if (!existsSync(file)) throw new Error(`Expected ${RETAIL_FILE} in ${flags.data}.`);
  await mkdir(flags.cache, { recursive: true });
  const { history } = await readOnlineRetail(file, { keepDuplicates: true });
  const predictions = new Predictions(history, flags.cache);
  const rows: Row[] = [];
  for (let seed = 1; seed <= Number(flags.seeds); seed++) {
    for (const cut of flags.cuts.split(',').map((text) => Date.parse(text))) {
      for (const task of MEASURED.filter((name) => flags.tasks.split(',').includes(name))) {
        // Ninety days of labels do not fit twice before these cuts: half of the users decide for the other half.
        if (task === 'CHURN') rows.push(...(await measureByUsers(predictions, cut, seed)));
        else rows.push(...(await measureByTime(predictions, task, cut, seed)));
      }
      process.stderr.write(`${day(cut)} seed ${seed} done\n`);
    }
  }
  const table = summarise(rows);
  for (const line of table) console.log(line.text);
  console.log(JSON.stringify(Object.fromEntries(table.map(({ name, figures }) => [name, figures]))));
}

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

/** Members' predictions at a cut, from disk where they are there. */
class Predictions {
  constructor(
    private readonly history: ShopHistory,
    private readonly cache: string,
  ) {}

  examples(task: TaskName, cut: number): TaskExamples {
    return taskExamples(task, this.history, cut, cut + WINDOW_DAYS * DAY_MS);
  }

  async ofAll(task: Measured, cut: number, seed: number): Promise<Float32Array[]> {
    const all: Float32Array[] = [];
    for (const member of MEMBERS[task]) all.push(await this.of(member, task, cut, seed));
    return all;
  }

  private async of(member: BenchMember, task: TaskName, cut: number, seed: number): Promise<Float32Array> {
    const own = seed + member.seedOffset;
    const nameFor = (one: TaskName) =>
      join(this.cache, `${member.type.architecture}-${member.tasks.length}-${one}-${day(cut)}-${own}.f32`);
    const name = nameFor(task);
    if (!existsSync(name)) await this.fit(member, cut, own, nameFor);
    const bytes = await readFile(name);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  }

  private async fit(
    { type, tasks }: BenchMember,
    cut: number,
    seed: number,
    nameFor: (task: TaskName) => string,
  ): Promise<void> {
    const model = type.create(tasks, {});
    try {
      await model.fit(
        { history: this.history, cut },
        {
          seed,
          signal: new AbortController().signal,
          onEpoch: () => undefined,
          onProgress: () => undefined,
        },
      );
      for (const task of tasks) {
        const values = await this.examples(task, cut).predict(model);
        await writeFile(nameFor(task), Buffer.from(values.buffer, values.byteOffset, values.byteLength));
      }
    } finally {
      model.dispose();
    }
  }
}

async function measureByTime(
  predictions: Predictions,
  task: Measured,
  cut: number,
  seed: number,
): Promise<Row[]> {
  const step = WINDOW_DAYS * DAY_MS;
  const at = (time: number) => predictions.ofAll(task, time, seed);
  const [before, now] = [await at(cut - step), await at(cut)];
  const validation = predictions.examples(task, cut - step);
  const test = predictions.examples(task, cut);
  const members = before.map((own, member) => ({ validation: own, test: now[member] }));
  const earlier = await earlierOf(task, predictions, cut - 2 * step, seed);
  return allWays(task, { validation, test, earlier }, members, seed);
}

/** Out-of-fold predictions at an earlier cut; null where a member has too little history before it. */
async function earlierOf(
  task: Measured,
  predictions: Predictions,
  cut: number,
  seed: number,
): Promise<HeldOut | null> {
  try {
    return heldOutOf(predictions.examples(task, cut), await predictions.ofAll(task, cut, seed));
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'TOO_FEW_DATA') throw thrown;
    return null;
  }
}

async function measureByUsers(predictions: Predictions, cut: number, seed: number): Promise<Row[]> {
  const examples = predictions.examples('CHURN', cut);
  const values = await predictions.ofAll('CHURN', cut, seed);
  return [0, 1].flatMap((half) => {
    const [validation, test] = [halfOf(examples, half), halfOf(examples, 1 - half)];
    const members = values.map((own) => ({
      validation: everySecond(own, half),
      test: everySecond(own, 1 - half),
    }));
    return allWays('CHURN', { validation, test, earlier: null }, members, seed);
  });
}

const everySecond = (values: Float32Array, from: number): Float32Array =>
  values.filter((_, at) => at % 2 === from);

function halfOf(examples: TaskExamples, half: number): TaskExamples {
  const labels = everySecond(examples.labels!, half);
  return {
    ...examples,
    count: labels.length,
    labels,
    evaluate: (probabilities, threshold, seed) => evaluateBinary({ labels, probabilities, threshold, seed }),
  };
}

function allWays(
  task: Measured,
  examples: TaskEnsembleExamples,
  members: readonly MemberPredictions[],
  seed: number,
): Row[] {
  const { validation, test, earlier } = examples;
  const [metric] = MAIN_METRICS[task];
  const plan = { rule: thresholdRule(task), seed };
  const rows: Row[] = [];
  for (const [way, { byTime, ...asked }] of Object.entries(WAYS)) {
    if (byTime && !earlier) continue;
    if (asked.calibration !== 'NONE' && !validation.labels) continue;
    const seen = { validation, test, earlier: byTime ? earlier : null };
    const made = makeTaskEnsemble({ ...plan, ...asked }, seen, members);
    const figure = (name: string) => made.onTest.metrics.find((one) => one.name === name)?.value ?? null;
    rows.push({
      task,
      way,
      metric,
      value: figure(metric)!,
      kept: made.kept.length,
      of: members.length,
      ece: figure('ECE'),
      eceBefore: figure('ECE_UNCALIBRATED'),
    });
    if (way === 'soft voting') rows.push(...singles(task, metric, made.subsets, members.length));
  }
  return rows;
}

/** The best member by validation, and the one that nobody could have known to be best. */
function singles(
  task: TaskName,
  metric: string,
  subsets: ReturnType<typeof makeTaskEnsemble>['subsets'],
  of: number,
): Row[] {
  const sign = metric === 'WAPE' ? -1 : 1;
  const own = subsets.filter(({ members }) => members.length === 1);
  const best = (split: 'validation' | 'test') =>
    own.reduce((top, one) => (sign * one[split].value > sign * top[split].value ? one : top));
  const row = (way: string, subset: (typeof own)[number]): Row => ({
    task,
    way,
    metric,
    value: subset.test.value,
    kept: 1,
    of,
    ece: null,
    eceBefore: null,
  });
  return [
    row('best member by validation', best('validation')),
    row('best member in hindsight', best('test')),
  ];
}

function summarise(rows: readonly Row[]) {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = `${row.task}: ${row.way}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups].map(([name, group]) => {
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const values = group.map(({ value }) => value);
    const errors = group.flatMap(({ ece }) => (ece === null ? [] : [ece]));
    const before = group.flatMap(({ eceBefore }) => (eceBefore === null ? [] : [eceBefore]));
    const figures = {
      mean: mean(values),
      low: Math.min(...values),
      high: Math.max(...values),
      kept: mean(group.map(({ kept }) => kept)),
      ...(errors.length > 0 && { ece: mean(errors) }),
      ...(before.length > 0 && { ece_before: mean(before) }),
    };
    const parts = Object.entries(figures).map(([key, value]) => `${key} ${value.toFixed(4)}`);
    return { name, figures, text: `${name.padEnd(64)} ${group[0].metric} ${parts.join('  ')}` };
  });
}
