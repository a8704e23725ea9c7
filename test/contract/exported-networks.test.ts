import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from '@jest/globals';

import { isNative } from '../../src/nn/index.js';
import { MODEL_TYPES } from '../../src/pipeline/deploy/host/index.js';
import { EnsembleModel } from '../../src/pipeline/ensemble/index.js';
import {
  customTask,
  DAY_MS,
  type ExportableNetwork,
  type FitContext,
  type Model,
  type NetworkFormat,
  type NetworkRows,
} from '../../src/pipeline/index.js';
import {
  dailyUnits,
  sessionOutcomeExamples,
  transactionContexts,
} from '../../src/pipeline/preprocess/index.js';
import { exampleRows } from '../../src/pipeline/single-task/index.js';
import { PROBABILITY } from '../../src/pipeline/single-task/index.js';
import { customTaskName, type TaskName } from '../../src/tasks/index.js';
import { type Asked, expectedOf } from '../support/exported-rows.js';
import { findPython, ONNX_SCRIPT, SAVED_MODEL_SCRIPT } from '../support/python.js';
import { SESSION_START, shopWithSessions } from '../support/shop-with-sessions.js';
import { shopWithTruth, TRUTH_START } from '../support/shop-with-truth.js';

/** Made of counts: a table has no network to hand out. */
const WITHOUT_NETWORK = [
  'recency',
  'popular',
  'recently-popular',
  'own-history',
  'item-knn',
  'seasonal-naive',
  'mean-28',
  'markov-chain',
  'own-rate',
];
const WORLD = { users: 230, items: 40, groups: 4, days: 180, seed: 9, hasFunnel: true };
const DAYS = 150;
const cut = TRUTH_START + DAYS * DAY_MS;
const history = shopWithTruth(WORLD);
const sessionsHistory = shopWithSessions({ users: 90, items: 19, days: 50, seed: 3 });
const sessionsCut = SESSION_START + 30 * DAY_MS;
const views = customTask({ name: 'views', behaviours: ['VIEW'], windowDays: 14, atLeast: 2 });
const asked: Asked = {
  customTask: views,
  history,
  cut,
  users: Int32Array.from({ length: 30 }, (_, user) => 2 * user), // even ones buy often
  orders: transactionContexts(history.transactions)
    .filter(({ transaction }) => transaction.occurredAt >= cut)
    .slice(0, 40),
  sessions: sessionOutcomeExamples(sessionsHistory, {
    from: sessionsCut,
    until: SESSION_START + 50 * DAY_MS,
  }).sessions.slice(0, 25),
  series: dailyUnits(
    history,
    Int32Array.from({ length: WORLD.items }, (_, item) => item),
    TRUTH_START,
    DAYS,
  ),
};
const ofSessions: Asked = { ...asked, history: sessionsHistory, cut: sessionsCut };

const QUICK: Record<string, Record<string, unknown>> = {
  'boosted-trees': { trees: 12 },
  'boosted-hazards': { trees: 12 },
  'session-dense': { epochs: 2, members: 2 },
  'session-regression': { epochs: 2 },
};
const NETWORK = { epochs: 1 };
const SEQUENCE = { epochs: 1, embeddingDim: 8, blocks: 1, length: 10 };
const JOINT = { epochs: 1, hiddenUnits: [12, 10], cuts: 2, candidates: 20, embeddingSize: 3 };
const JOINT_TASKS: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'FRAUD', 'DEMAND'];

/** What to make a type with, so that a fit takes a moment. */
function howToFit(architecture: string, family: string): [readonly TaskName[], Record<string, unknown>] {
  if (architecture.startsWith('session') || architecture === 'markov-chain')
    return [['SESSION_OUTCOME'], QUICK[architecture] ?? {}];
  if (/^own-rate|^custom-/.test(architecture))
    return [
      [customTaskName(views.name)],
      { customTasks: [views], ...(architecture !== 'own-rate' && NETWORK) },
    ];
  if (architecture.startsWith('fraud')) return [['FRAUD'], architecture === 'fraud-dense' ? NETWORK : {}];
  if (/demand|mean-28|seasonal/.test(architecture))
    return [['DEMAND'], architecture.startsWith('demand') ? NETWORK : {}];
  if (/sasrec|bert4rec|two-towers/.test(architecture)) return [['RECOMMENDATION'], SEQUENCE];
  if (architecture === 'retrieve-and-rank')
    return [['RECOMMENDATION'], { ...SEQUENCE, cuts: 2, candidates: 20 }];
  if (architecture === 'softmax-ranker') return [['RECOMMENDATION'], { ...NETWORK, cuts: 2, candidates: 20 }];
  if (/popular|own-history|item-knn/.test(architecture)) return [['RECOMMENDATION'], {}];
  if (/hazards/.test(architecture)) return [['PURCHASE_INTENT', 'CHURN'], QUICK[architecture] ?? NETWORK];
  if (family === 'MULTI') return [JOINT_TASKS, JOINT];
  return [['PURCHASE_INTENT'], QUICK[architecture] ?? {}];
}

const context: FitContext = {
  seed: 1,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
};

const directory = mkdtempSync(join(tmpdir(), 'tandem-exported-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Every network that was written, for Python to run. */
const written: Record<
  NetworkFormat,
  { path: string; rows: NetworkRows; outputs: NetworkRows; network: ExportableNetwork }[]
> = {
  SAVED_MODEL: [],
  ONNX: [],
};

async function fit(architecture: string): Promise<{ model: Model; of: Asked }> {
  const type = MODEL_TYPES.find((candidate) => candidate.architecture === architecture)!;
  const [tasks, settings] = howToFit(architecture, type.family);
  const of = tasks[0] === 'SESSION_OUTCOME' ? ofSessions : asked;
  const model = type.create(tasks, settings);
  await model.fit({ history: of.history, cut: of.cut }, context);
  return { model, of };
}

/** Largest difference as a part of the largest number. */
function difference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  let [largest, scale] = [0, 1];
  for (let at = 0; at < expected.length; at++) {
    scale = Math.max(scale, Math.abs(expected[at]));
    largest = Math.max(largest, Math.abs(got[at] - expected[at]));
    if (Number.isNaN(got[at])) return NaN;
  }
  return largest / scale;
}

/** Scores of one user's items are told up to a number that is added to all: the product leaves out biases that a softmax does not see. */
const comparable = (output: string, values: Float32Array): Float32Array =>
  output === 'score' ? values.map((value) => value - values[0]) : values;

/** As a model's members become one: probabilities by the mean of their logits. */
function meanOf(members: readonly Float32Array[], areProbabilities: boolean): Float32Array {
  if (members.length === 1) return members[0];
  const logit = (value: number) => (areProbabilities ? Math.log(value / (1 - value)) : value);
  return members[0].map((_, at) => {
    const mean = members.reduce((sum, member) => sum + logit(member[at]), 0) / members.length;
    return areProbabilities ? 1 / (1 + Math.exp(-mean)) : mean;
  });
}

const types = MODEL_TYPES.filter(({ family }) => family !== 'ENSEMBLE').map(
  ({ architecture }) => architecture,
);

(isNative ? describe : describe.skip)('exported networks', () => {
  test('each architecture has networks, or is known to be made of counts', () => {
    for (const name of WITHOUT_NETWORK) expect(types).toContain(name);
  });

  test.each(types)('%s: raw features give what the model answers, in each format', async (architecture) => {
    const { model, of } = await fit(architecture);
    if (WITHOUT_NETWORK.includes(architecture)) {
      expect('networks' in model).toBe(false);
      model.dispose();
      return;
    }
    const networks = model.networks!();
    const members = Math.max(...networks.map(({ memberOf }) => memberOf?.member ?? 1));
    const answered = networks.flatMap(({ tasks }) => tasks);
    expect(new Set(answered)).toEqual(new Set(model.tasks));
    for (const task of model.tasks)
      expect(answered.filter((other) => other === task).length % members).toBe(0);
    for (const network of networks) {
      const name = network.name.replace(/^member-\d+\//, '');
      const expected = await expectedOf(
        model,
        name,
        network.inputs.map((input) => input.name),
        of,
      );
      const alike = networks.filter((other) => other.name.replace(/^member-\d+\//, '') === name);
      const predictions = alike.map((one) => one.predict(expected[0].rows)); // all outputs are of the same rows
      for (const { output, values } of expected) {
        const isProbability = network.outputs.some(
          (one) => one.name === output && one.description === PROBABILITY,
        );
        const mean = meanOf(
          predictions.map((one) => one[output]),
          isProbability,
        );
        expect(difference(comparable(output, mean), comparable(output, values))).toBeLessThan(2e-5);
      }
      for (const { shape, columns } of network.inputs) if (columns) expect(columns.length).toBe(shape[0]);
      const rows = exampleRows(network.inputs, 5, 3);
      const outputs = network.predict(rows);
      expect(Object.keys(outputs)).toEqual(network.outputs.map(({ name }) => name));
      for (const { name, shape } of network.outputs)
        expect(outputs[name].length).toBe(5 * shape.reduce((a, b) => a * b, 1));
      for (const format of ['SAVED_MODEL', 'ONNX'] as const) {
        const path = join(directory, `${architecture}-${network.name}${format === 'ONNX' ? '.onnx' : ''}`);
        await network.write(format, path); // which runs a SavedModel in the product's own runtime, and compares
        written[format].push({ path, rows, outputs, network });
      }
    }
    model.dispose();
  });

  test('an ensemble hands out its members, and how they become one', async () => {
    const members = [
      (await fit('logistic-regression')).model,
      (await fit('recency')).model,
      (await fit('dense')).model,
    ];
    const combination = {
      method: 'WEIGHTED_AVERAGE',
      weights: [0.5, 0.2, 0.3],
      thresholds: [0.5, 0.5, 0.5],
    } as const;
    const ensemble = new EnsembleModel('weighted-average', 'PURCHASE_INTENT', members, combination);
    const networks = ensemble.networks();
    expect(networks.map(({ name }) => name)).toEqual(['member-1/users', 'member-3/users']);
    expect(networks[1].memberOf).toEqual({
      ensemble: 'weighted-average',
      member: 3,
      architecture: 'dense',
      combination,
    });
    ensemble.dispose();
  });

  test.each([
    ['SAVED_MODEL', 'TENSORFLOW_PYTHON', 'tensorflow', SAVED_MODEL_SCRIPT],
    ['ONNX', 'ONNX_PYTHON', 'onnxruntime', ONNX_SCRIPT],
  ] as const)(
    '%s: Python gives the same numbers',
    (format, variable, module, script) => {
      const python = findPython(variable, module);
      if (!python) {
        console.log(
          `No Python with ${module} here (${variable}): ${written[format].length} networks were written, but not run in it.`,
        );
        return;
      }
      const cases = written[format].map(({ path, rows, network }) => ({
        path,
        inputs: network.inputs.map(({ name, dtype, shape }) => ({
          name,
          dtype,
          shape: [5, ...shape],
          values: Array.from(rows[name]),
        })),
      }));
      const file = join(directory, `${format}.json`);
      writeFileSync(file, JSON.stringify(cases));
      const printed = execFileSync(python, ['-c', script, file], {
        env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1e9,
      });
      const answers = JSON.parse(printed.toString()) as Record<string, number[]>[];
      expect(answers.length).toBe(cases.length);
      written[format].forEach(({ outputs }, at) => {
        expect(Object.keys(answers[at]).sort()).toEqual(Object.keys(outputs).sort());
        for (const [name, values] of Object.entries(outputs)) {
          expect(difference(answers[at][name], values)).toBeLessThan(2e-5);
        }
      });
    },
    120_000,
  );
});
