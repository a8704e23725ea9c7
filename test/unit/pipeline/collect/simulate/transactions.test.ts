import { describe, expect, test } from '@jest/globals';

import { simulateTransactions } from '../../../../../src/pipeline/collect/index.js';
import { areaUnderCurve } from '../../../../support/area-under-curve.js';
import { shopWithOrders } from '../../../../support/small-shop.js';

const history = shopWithOrders({ users: 600, ordersPerUser: 20, seed: 1 });
const simulated = simulateTransactions(history);
const labels: number[] = simulated.transactions.map(({ isFraud }) => (isFraud === true ? 1 : 0));

describe('simulated transactions', () => {
  test('keep what is real', () => {
    simulated.transactions.forEach((transaction, index) => {
      const { id, user, amount, occurredAt, lines } = history.transactions[index];
      expect(transaction).toMatchObject({ id, user, amount, occurredAt, lines });
    });
  });

  test('the truth is right: among orders of equal probability, that share is fraud', () => {
    const bins = [0, 0.01, 0.03, 0.1, 0.3, 1.01];
    for (let bin = 0; bin < bins.length - 1; bin++) {
      const rows = [...labels.keys()].filter(
        (row) => simulated.probabilities[row] >= bins[bin] && simulated.probabilities[row] < bins[bin + 1],
      );
      const expected = rows.reduce((sum, row) => sum + simulated.probabilities[row], 0);
      const variance = rows.reduce(
        (sum, row) => sum + simulated.probabilities[row] * (1 - simulated.probabilities[row]),
        0,
      );
      const found = rows.reduce((sum, row) => sum + labels[row], 0);
      expect(rows.length).toBeGreaterThan(50);
      expect(Math.abs(found - expected)).toBeLessThan(4 * Math.sqrt(variance) + 1);
    }
  });

  test('frauds are rare, of all patterns, and can be told better than by chance, but not surely', () => {
    const frauds = labels.reduce((sum, label) => sum + label, 0);
    expect(frauds / labels.length).toBeGreaterThan(0.01);
    expect(frauds / labels.length).toBeLessThan(0.08);
    const names = new Set(
      simulated.patterns.map((pattern) => pattern?.name).filter((name) => name !== undefined),
    );
    expect([...names].sort()).toEqual(['ACCOUNT_TAKEOVER', 'RING', 'STOLEN_CARD']);
    const ceiling = areaUnderCurve(labels, simulated.probabilities);
    expect(ceiling).toBeGreaterThan(0.85);
    expect(ceiling).toBeLessThan(0.97);
  });

  test('a history cut at any time is simulated alike, and a seed is a world', () => {
    const early = { ...history, transactions: history.transactions.slice(0, 3_000) };
    expect(simulateTransactions(early).transactions).toEqual(simulated.transactions.slice(0, 3_000));
    const other = simulateTransactions(history, 5).transactions.map(({ isFraud }) =>
      isFraud === true ? 1 : 0,
    );
    expect(other).not.toEqual(labels);
  });

  test('rings share devices between users', () => {
    const users = new Map<string, Set<number>>();
    for (const { deviceId, user } of simulated.transactions) {
      if (deviceId !== null) users.set(deviceId, (users.get(deviceId) ?? new Set()).add(user));
    }
    const shared = [...users].filter(([, owners]) => owners.size > 1);
    expect(shared.length).toBeGreaterThan(0);
    expect(shared.every(([device]) => device.startsWith('sim-ring-'))).toBe(true);
  });
});
