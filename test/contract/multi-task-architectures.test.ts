import { describe, expect, test } from '@jest/globals';

import {
  adam,
  column,
  compilePredict,
  compileStep,
  dense,
  Random,
  tf,
  WeightSet,
} from '../../src/nn/index.js';
import { type Architecture, ARCHITECTURES } from '../../src/pipeline/multi-task/index.js';
import { multiTaskSettings } from '../../src/pipeline/multi-task/settings.js';
import { largestDifference } from '../support/nn-model.js';

const WIDTH = 6;
const ROWS = 32;

/** Tasks that an architecture with these user questions is asked for. */
function tasksOf({ userQuestion }: Architecture): string[] {
  return userQuestion === 'SURVIVAL'
    ? ['PURCHASE_INTENT', 'CHURN', 'FRAUD']
    : ['VIEW', 'ADD_TO_CART', 'PURCHASE', 'FRAUD'];
}

function build(architecture: Architecture, seed = 1) {
  const settings = multiTaskSettings({ hiddenUnits: [WIDTH, 5, 4] }, architecture);
  const weights = new WeightSet(new Random(seed));
  const tasks = tasksOf(architecture);
  const body = architecture.build(weights, { inputWidth: WIDTH, tasks, settings });
  return { weights, body, tasks };
}

/** A step that regresses each task's own linear function of the inputs. */
function makeStep(architecture: Architecture, mode: 'graph' | 'eager', seed = 1) {
  const { weights, body, tasks } = build(architecture, seed);
  const heads = tasks.map((task) => weights.dense(`${task}/head`, body.width, 1));
  const step = compileStep({
    weights,
    batch: { features: column(WIDTH), labels: column(tasks.length) },
    loss: ({ features, labels }, context) => {
      const found = body
        .forward(features as Parameters<typeof body.forward>[0], tasks, context)
        .map(({ values }, at) => dense(values, heads[at]));
      return tf.mean(tf.squaredDifference(tf.concat(found, 1), labels));
    },
    optimizer: adam(0.01),
    seed: 3,
    mode,
  });
  return { weights, step, tasks };
}

function examples(tasks: number) {
  const random = new Random(5);
  const features = random.fillNormal(new Float32Array(ROWS * WIDTH), 1);
  const labels = Float32Array.from(
    { length: ROWS * tasks },
    (_, at) => features[Math.floor(at / tasks) * WIDTH + (at % tasks)],
  );
  return { features, labels };
}

const valuesOf = (weights: WeightSet) =>
  Object.fromEntries(Object.entries(weights.export()).map(([name, { values }]) => [name, values]));

describe.each(ARCHITECTURES.map((architecture) => [architecture.name, architecture] as const))(
  '%s',
  (_name, architecture) => {
    test('learns, in graph mode as step by step, and the same from the same seed', () => {
      const made = (['graph', 'eager', 'graph'] as const).map((mode) => makeStep(architecture, mode));
      const batch = examples(made[0].tasks.length);
      const losses = made.map(({ step }) => Array.from({ length: 30 }, () => step.run(batch)[0]));
      expect(losses[0].at(-1)).toBeLessThan(losses[0][0]);
      for (const { step } of made) step.pullWeights();
      const [graph, eager, again] = made.map(({ weights }) => valuesOf(weights));
      expect(largestDifference(graph, eager)).toBeLessThan(1e-3);
      expect(again).toEqual(graph);
      for (const { step, weights } of made) {
        step.dispose();
        weights.dispose();
      }
    });

    test('gates are shares: named, at least 0, and 1 together', () => {
      const { weights, body, tasks } = build(architecture);
      const gated = tasks.filter((task) => body.sources(task).length > 0);
      const predictor = compilePredict({
        weights,
        batch: { features: column(WIDTH) },
        batchSizes: [ROWS],
        predict: ({ features }, context) => {
          const found = body.forward(features as Parameters<typeof body.forward>[0], tasks, context);
          return Object.fromEntries(tasks.map((task, at) => [task, found[at].gates ?? tf.zeros([ROWS, 0])]));
        },
      });
      const gates = predictor.predict({ features: examples(1).features });
      for (const task of tasks) {
        const sources = body.sources(task).length;
        expect(new Set(body.sources(task)).size).toBe(sources);
        expect(gates[task]).toHaveLength(ROWS * sources);
        for (let row = 0; row < ROWS && gated.includes(task); row++) {
          const own = gates[task].subarray(row * sources, (row + 1) * sources);
          expect(own.every((share) => share >= 0)).toBe(true);
          expect(own.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        }
      }
      predictor.dispose();
      weights.dispose();
    });

    test('what it gives for one task does not depend on which others are asked for', () => {
      const { weights, body, tasks } = build(architecture);
      const outputOf = (asked: readonly string[]) => {
        const predictor = compilePredict({
          weights,
          batch: { features: column(WIDTH) },
          batchSizes: [ROWS],
          predict: ({ features }, context) => ({
            last: body.forward(features as Parameters<typeof body.forward>[0], asked, context).at(-1)!.values,
          }),
        });
        const { last } = predictor.predict({ features: examples(1).features });
        predictor.dispose();
        return last;
      };
      const alone = outputOf(tasks.slice(-1));
      expect(alone).toHaveLength(ROWS * body.width);
      outputOf(tasks).forEach((value, at) => expect(value).toBeCloseTo(alone[at], 5));
      weights.dispose();
    });
  },
);
