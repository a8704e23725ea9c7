import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { Random } from '../../../../../src/nn/random.js';
import { modelType } from '../../../../../src/pipeline/deploy/host/index.js';
import {
  choicesOf,
  defaultPoint,
  drawPoint,
  fromUnit,
  type Parameter,
  parseParameters,
  parzenDensity,
  proposeByTpe,
  SEARCH_SPACES,
  searchSpaceOf,
  toUnit,
} from '../../../../../src/pipeline/evaluate/index.js';
import {
  type CustomTask,
  customTaskName,
  isCustomTask,
  type TaskName,
} from '../../../../../src/tasks/index.js';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const number = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
const parameter: fc.Arbitrary<Parameter> = fc.oneof(
  fc
    .tuple(
      name,
      fc.constantFrom('FLOAT' as const, 'LOG' as const),
      number,
      fc.double({ min: 1.01, max: 1e3, noNaN: true }),
    )
    .map(([own, type, low, times]) => ({ name: own, type, low, high: low * times })),
  fc
    .tuple(name, fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 40 }))
    .map(([own, low, more]) => ({ name: own, type: 'INT' as const, low, high: low + more })),
  fc
    .tuple(name, fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 6 }))
    .map(([own, values]) => ({ name: own, type: 'CHOICE' as const, values })),
);
const space = fc.uniqueArray(parameter, { selector: (own) => own.name, minLength: 1, maxLength: 4 });

function isIn(own: Parameter, value: unknown): boolean {
  if (own.type === 'CHOICE') return own.values.includes(value);
  const isNumber = typeof value === 'number' && value >= own.low && value <= own.high;
  return isNumber && (own.type !== 'INT' || Number.isInteger(value));
}

describe('a space', () => {
  test('holds every point that is drawn or proposed', () => {
    fc.assert(
      fc.property(
        space,
        fc.nat(),
        fc.array(fc.option(fc.double({ noNaN: true })), { maxLength: 30 }),
        (parameters, seed, worths) => {
          const random = new Random(seed);
          const observations = worths.map((worth) => ({ point: drawPoint(parameters, random), worth }));
          const proposed = proposeByTpe(parameters, observations, random);
          for (const point of [...observations.map((own) => own.point), proposed]) {
            expect(Object.keys(point).sort()).toEqual(parameters.map((own) => own.name).sort());
            for (const own of parameters) expect(isIn(own, point[own.name])).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a value comes back from its place', () => {
    fc.assert(
      fc.property(parameter, fc.nat(), (own, seed) => {
        const value = drawPoint([own], new Random(seed))[own.name];
        const back = fromUnit(own, toUnit(own, value));
        if (typeof value === 'number' && own.type !== 'CHOICE')
          expect(back).toBeCloseTo(value, 6 - Math.ceil(Math.log10(Math.abs(value) + 1)));
        else expect(back).toEqual(value);
      }),
    );
  });

  test('whole numbers are drawn evenly, logarithms evenly by magnitude', () => {
    const random = new Random(3);
    const counts = new Map<unknown, number>();
    let small = 0;
    for (let draw = 0; draw < 6000; draw++) {
      const point = drawPoint(
        [
          { name: 'units', type: 'INT', low: 1, high: 6 },
          { name: 'rate', type: 'LOG', low: 1e-4, high: 1 },
        ],
        random,
      );
      counts.set(point.units, (counts.get(point.units) ?? 0) + 1);
      if ((point.rate as number) < 1e-2) small++;
    }
    expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    expect(Math.abs(small - 3000)).toBeLessThan(200);
  });

  test.each([
    [[{ name: 'a', type: 'FLOAT', low: 1, high: 1 }], /space.a: expected low below high, got 1 and 1/],
    [[{ name: 'a', type: 'LOG', low: 0, high: 1 }], /0.low/],
    [[{ name: 'a', type: 'INT', low: 0.5, high: 2 }], /0.low/],
    [[{ name: 'a', type: 'CHOICE', values: [] }], /0.values/],
    [[{ name: 'a', type: 'GUESS' }], /type/],
    [
      [
        { name: 'a', type: 'CHOICE', values: [1] },
        { name: 'a', type: 'CHOICE', values: [2] },
      ],
      /a is named twice/,
    ],
    [[], /space/],
  ])('%j is refused', (given, message) => {
    expect(() => parseParameters(given)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) as unknown }),
    );
  });

  test('lists of values are choices', () => {
    expect(choicesOf({ dropout: [0, 0.3] })).toEqual([{ name: 'dropout', type: 'CHOICE', values: [0, 0.3] }]);
    expect(() => choicesOf({ dropout: 0.3 })).toThrow(/values/);
  });
});

const RETURNS_SOON: CustomTask = {
  name: 'RETURNS_SOON',
  title: 'Returns soon',
  description: 'Anything within a week',
  behaviours: ['PURCHASE'],
  counts: 'BEHAVIOURS',
  category: null,
  windowDays: 7,
  atLeast: 1,
  threshold: { by: 'F1' },
  activeDays: 90,
};
const TASK_OF: Readonly<Record<string, TaskName>> = {
  'fraud-logistic-regression': 'FRAUD',
  'fraud-dense': 'FRAUD',
  'softmax-ranker': 'RECOMMENDATION',
  sasrec: 'RECOMMENDATION',
  bert4rec: 'RECOMMENDATION',
  'two-towers': 'RECOMMENDATION',
  'demand-regression': 'DEMAND',
  'session-regression': 'SESSION_OUTCOME',
  'session-dense': 'SESSION_OUTCOME',
  'custom-regression': customTaskName(RETURNS_SOON.name),
  'custom-dense': customTaskName(RETURNS_SOON.name),
};

describe.each(Object.entries(SEARCH_SPACES))('the space of %s', (architecture, { parameters, budget }) => {
  test('is taken by the model, at its defaults, at every end and where points are drawn', () => {
    const type = modelType(architecture);
    const task = TASK_OF[architecture] ?? 'PURCHASE_INTENT';
    const fine = (settings: Record<string, unknown>) => {
      const model = type.create([task], {
        ...settings,
        ...(isCustomTask(task) && { customTasks: [RETURNS_SOON] }),
      });
      expect(model.architecture).toBe(architecture);
      model.dispose();
    };
    const own = defaultPoint(parameters);
    expect(own).not.toBeNull();
    for (const one of parameters) expect(isIn(one, own?.[one.name]) || one.type === 'CHOICE').toBe(true);
    for (const one of parameters) expect(Number.isFinite(toUnit(one, own?.[one.name]))).toBe(true);
    fine({ ...own });
    const random = new Random(1);
    for (let draw = 0; draw < 5; draw++) fine({ ...drawPoint(parameters, random) });
    for (const one of parameters)
      for (const value of one.type === 'CHOICE' ? one.values : [one.low, one.high])
        fine({ [one.name]: value });
    if (budget) for (const length of [budget.least, budget.most]) fine({ [budget.parameter]: length });
  });
});

test('an architecture without a space is told so', () => {
  expect(() => searchSpaceOf('popular')).toThrow(/popular has no space of its own/);
});

describe("TPE's densities", () => {
  const FLOAT: Parameter = { name: 'x', type: 'FLOAT', low: 0, high: 1 };

  test('are whole within the space and nothing outside', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }), (units) => {
        const density = parzenDensity(FLOAT, units);
        const steps = 20_000;
        let sum = 0;
        for (let step = 0; step < steps; step++) sum += density.at((step + 0.5) / steps) / steps;
        expect(sum).toBeCloseTo(1, 2);
        expect(density.at(-0.01)).toBe(0);
        expect(density.at(1.01)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  test('of choices are probabilities, none of them zero', () => {
    const density = parzenDensity({ name: 'x', type: 'CHOICE', values: ['a', 'b', 'c'] }, [0, 0, 2]);
    const shares = [0, 1, 2].map((at) => density.at(at));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(shares[0]).toBeGreaterThan(shares[2]);
    expect(shares[2]).toBeGreaterThan(shares[1]);
    expect(shares[1]).toBeGreaterThan(0);
    expect(density.at(3)).toBe(0);
  });

  test('draw as they say', () => {
    const density = parzenDensity(FLOAT, [0.1, 0.15, 0.2, 0.8]);
    const random = new Random(5);
    const draws = Array.from({ length: 20_000 }, () => density.draw(random));
    const below = draws.filter((unit) => unit < 0.3).length / draws.length;
    let expected = 0;
    for (let step = 0; step < 3000; step++)
      expected += density.at(((step + 0.5) / 3000) * 0.3) * (0.3 / 3000);
    expect(Math.abs(below - expected)).toBeLessThan(0.015);
  });

  test('lead to where the good ones are', () => {
    const parameters: Parameter[] = [FLOAT, { name: 'kind', type: 'CHOICE', values: ['bad', 'good'] }];
    const worth = ({ x, kind }: Record<string, unknown>) =>
      -Math.abs((x as number) - 0.7) + (kind === 'good' ? 0.5 : 0);
    const gains = [1, 2, 3, 4, 5].map((seed) => {
      const run = (isTpe: boolean) => {
        const random = new Random(seed);
        const seen: { point: Record<string, unknown>; worth: number }[] = [];
        for (let trial = 0; trial < 40; trial++) {
          const point = isTpe ? proposeByTpe(parameters, seen, random) : drawPoint(parameters, random);
          seen.push({ point, worth: worth(point) });
        }
        return seen.slice(20).reduce((sum, own) => sum + own.worth, 0) / 20;
      };
      return run(true) - run(false);
    });
    expect(gains.every((gain) => gain > 0.1)).toBe(true);
  });
});
