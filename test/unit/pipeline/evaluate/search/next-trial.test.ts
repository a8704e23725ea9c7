import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import {
  bestTrial,
  nextTrial,
  onRung,
  rungBudgets,
  type RungTrial,
  type SearchPlan,
  type TrialState,
  trialToFinish,
  trialToPromote,
} from '../../../../../src/pipeline/evaluate/index.js';

const ASHA: SearchPlan = {
  method: 'ASHA',
  parameters: [{ name: 'x', type: 'FLOAT', low: 0, high: 1 }],
  budgets: [1, 3, 9],
  trials: 20,
  seed: 4,
};

test('rungs grow threefold up to the most, whole and each above the one before', () => {
  expect(rungBudgets({ least: 1, most: 9 })).toEqual([1, 3, 9]);
  expect(rungBudgets({ least: 2, most: 12 })).toEqual([4, 12]);
  expect(rungBudgets({ least: 5, most: 5 })).toEqual([5]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 2000 }), (least, more) => {
      const budgets = rungBudgets({ least, most: least + more });
      expect(budgets.at(-1)).toBe(least + more);
      budgets.forEach((budget, at) => {
        expect(Number.isInteger(budget)).toBe(true);
        expect(budget).toBeGreaterThanOrEqual(least);
        if (at > 0) expect(budget).toBeGreaterThan(budgets[at - 1]);
      });
    }),
  );
});

/** Plays a search with several workers, whose trials end in any order. */
function play(
  plan: SearchPlan,
  workers: number,
  seed: number,
  worthOf: (x: number, rung: number) => number | null,
) {
  const trials: (TrialState & {
    results: { rung: number; worth: number | null }[];
    status: string;
    rung: number;
  })[] = [];
  const steps: { number: number; rung: number; budget: number | null }[] = [];
  let pick = seed;
  for (let step = 0; step < 1000; step++) {
    const running = trials.filter(({ status }) => status === 'RUNNING');
    const next = running.length < workers ? nextTrial(plan, trials) : null;
    if (next) {
      const known = trials.find(({ number }) => number === next.number);
      if (known) Object.assign(known, { status: 'RUNNING', rung: next.rung });
      else trials.push({ ...next, status: 'RUNNING', results: [] });
      steps.push(next);
      continue;
    }
    if (running.length === 0) return { trials, steps };
    pick = (pick * 48271 + 11) % 2147483647;
    const ended = running[pick % running.length];
    const worth = worthOf(ended.hyperparameters.x as number, ended.rung);
    ended.results.push({ rung: ended.rung, worth });
    ended.status =
      worth === null ? 'FAILED' : ended.rung === plan.budgets.length - 1 ? 'SUCCEEDED' : 'PAUSED';
  }
  throw new Error('The search does not end.');
}

describe("ASHA's rule", () => {
  test('lets go on only those among the best third of their rung, the best first', () => {
    const worths = fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.array(worths, { maxLength: 30 }), (all) => {
        const trials = all.map((own, at): RungTrial => ({ number: at + 1, worths: own, running: null }));
        const chosen = trialToPromote(trials, 4);
        if (!chosen) return;
        const rung = onRung(trials, chosen.rung - 1);
        const place = rung.findIndex(({ number }) => number === chosen.number);
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThan(Math.floor(rung.length / 3));
        expect(rung[place].worths[chosen.rung - 1]).not.toBeNull();
        expect(rung[place].worths.slice(chosen.rung).every((worth) => worth === undefined)).toBe(true);
        // Whoever is ahead on the rung has gone on, or broke.
        for (const { worths: ahead } of rung.slice(0, place))
          expect(ahead.length > chosen.rung || ahead[chosen.rung - 1] === null).toBe(true);
      }),
    );
  });

  test('no trial of two of the best third goes on twice, and no promotion is missed', () => {
    const trials: RungTrial[] = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4].map((worth, at) => ({
      number: at + 1,
      worths: [worth],
      running: null,
    }));
    expect(trialToPromote(trials, 2)).toEqual({ number: 1, rung: 1 });
    const going = trials.map((trial) => (trial.number === 1 ? { ...trial, running: 1 } : trial));
    expect(trialToPromote(going, 2)).toEqual({ number: 2, rung: 1 });
    const done = going.map((trial) => (trial.number === 2 ? { ...trial, worths: [0.8, 0.85] } : trial));
    expect(trialToPromote(done, 2)).toBeNull();
    expect(trialToPromote([trials[0], trials[1]], 2)).toBeNull();
  });

  test('a search of few trials still ends with one of the whole budget', () => {
    const two: RungTrial[] = [
      { number: 1, worths: [0.2], running: null },
      { number: 2, worths: [0.4], running: null },
    ];
    expect(trialToFinish(two, 3)).toEqual({ number: 2, rung: 2 });
    expect(
      trialToFinish([{ number: 1, worths: [0.2, undefined as never, 0.3], running: null }], 3),
    ).toBeNull();
    expect(trialToFinish([{ number: 1, worths: [null], running: null }], 3)).toBeNull();
  });
});

describe('a search', () => {
  test.each([1, 3, 8])('by %s workers ends, spends most on few, and finds a good trial', (workers) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const { trials, steps } = play({ ...ASHA, seed }, workers, seed + 1, (x, rung) => x + 0.01 * rung);
        expect(trials).toHaveLength(20);
        const at = (rung: number) => steps.filter((step) => step.rung === rung).length;
        expect(at(0)).toBe(20);
        // With several workers a rung's third is taken before all have come.
        expect(at(1)).toBeGreaterThanOrEqual(6);
        expect(at(1)).toBeLessThanOrEqual(20 / 3 + 6);
        expect(at(2)).toBeGreaterThanOrEqual(1);
        expect(at(2)).toBeLessThanOrEqual(8);
        expect(steps.every(({ rung, budget }) => budget === [1, 3, 9][rung])).toBe(true);
        const best = bestTrial(trials);
        expect(best?.results.at(-1)?.rung).toBe(2);
        const ranks = trials.map(({ hyperparameters }) => hyperparameters.x as number).sort((a, b) => b - a);
        expect(ranks.indexOf(best?.hyperparameters.x as number)).toBeLessThan(8);
      }),
      { numRuns: 20 },
    );
  });

  test('goes on over broken trials, and takes a waiting one first', () => {
    const { trials } = play(ASHA, 2, 1, (x) => (x > 0.5 ? null : x));
    expect(bestTrial(trials)?.hyperparameters.x as number).toBeLessThanOrEqual(0.5);
    const waiting: TrialState = {
      number: 1,
      status: 'WAITING',
      hyperparameters: { x: 0.3 },
      rung: 1,
      results: [{ rung: 0, worth: 1 }],
    };
    expect(nextTrial(ASHA, [waiting])).toEqual({
      number: 1,
      hyperparameters: { x: 0.3 },
      rung: 1,
      budget: 3,
    });
  });

  test('of few values tries each once and ends', () => {
    const plan: SearchPlan = {
      ...ASHA,
      method: 'RANDOM',
      budgets: [null],
      parameters: [{ name: 'x', type: 'CHOICE', values: [0.1, 0.2, 0.3] }],
    };
    const { trials } = play(plan, 2, 1, (x) => x);
    expect(trials.map(({ hyperparameters }) => hyperparameters.x).sort()).toEqual([0.1, 0.2, 0.3]);
  });

  test('begins with the usual settings where they are known; draws do not depend on who asks when', () => {
    const plan: SearchPlan = {
      ...ASHA,
      method: 'RANDOM',
      budgets: [9],
      parameters: [{ name: 'x', type: 'FLOAT', low: 0, high: 1, default: 0.25 }],
    };
    const one = play(plan, 1, 1, (x) => x).trials.map(({ hyperparameters }) => hyperparameters.x);
    const many = play(plan, 5, 7, (x) => -x).trials.map(({ hyperparameters }) => hyperparameters.x);
    expect(one[0]).toBe(0.25);
    expect(many).toEqual(one);
    expect(new Set(one).size).toBe(20);
  });
});
