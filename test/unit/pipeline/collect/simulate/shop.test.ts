import { createHash } from 'node:crypto';

import { describe, expect, test } from '@jest/globals';

import { simulateBlocks, simulateShop } from '../../../../../src/pipeline/collect/index.js';
import {
  BEHAVIOUR_CODE,
  type BehaviourColumns,
  type BehaviourType,
  type ShopHistory,
} from '../../../../../src/pipeline/index.js';

const { history, truth } = simulateShop({ behaviours: 40_000, seed: 5 });
const { behaviours, userOffsets } = history;
const columnNames = ['user', 'item', 'type', 'occurredAt', 'quantity', 'value', 'session'] as const;

function hashOf(columns: BehaviourColumns, others: unknown): string {
  const hash = createHash('sha256');
  for (const name of columnNames) hash.update(new Uint8Array(columns[name].buffer));
  return hash.update(JSON.stringify(others)).digest('hex');
}
const hashOfShop = ({ behaviours: columns, users, items, transactions }: ShopHistory) =>
  hashOf(columns, { users, items, transactions });

function* visits(): Generator<{ user: number; rows: number[] }> {
  for (let row = 0; row < behaviours.count;) {
    const rows = [row];
    const session = behaviours.session[row];
    while (++row < behaviours.count && behaviours.session[row] === session) rows.push(row);
    yield { user: behaviours.user[rows[0]], rows };
  }
}
const isType = (row: number, type: BehaviourType) => behaviours.type[row] === BEHAVIOUR_CODE[type];

describe('a simulated shop', () => {
  test('is the same for the same options and another for another seed', () => {
    const small = { behaviours: 5_000, seed: 5 };
    const first = hashOfShop(simulateShop(small).history);
    expect(hashOfShop(simulateShop(small).history)).toBe(first);
    expect(hashOfShop(simulateShop({ ...small, seed: 6 }).history)).not.toBe(first);
    expect(hashOfShop(simulateShop({ ...small, relatedness: -0.5 }).history)).not.toBe(first);
  });

  test('comes in blocks of the same rows', () => {
    let row = 0;
    let user = 0;
    let orders = 0;
    for (const block of simulateBlocks({ behaviours: 40_000, seed: 5 })) {
      expect(block.firstUser).toBe(user);
      for (const name of columnNames)
        expect(block.behaviours[name]).toEqual(behaviours[name].slice(row, row + block.behaviours.count));
      row += block.behaviours.count;
      user += block.users.length;
      orders += block.transactions.length;
    }
    expect([row, user, orders]).toEqual([
      behaviours.count,
      history.users.length,
      history.transactions.length,
    ]);
  });

  test('has about as many behaviours as asked for, in proportion', () => {
    const counts = [20_000, 40_000, 80_000].map(
      (asked) => simulateShop({ behaviours: asked, items: 400 }).history.behaviours.count / asked,
    );
    for (const share of counts) expect(Math.abs(share - 1)).toBeLessThan(0.2);
  });

  test('keeps the contract of a history: sorted rows, offsets, indices in range, money only for sales', () => {
    expect(userOffsets[history.users.length]).toBe(behaviours.count);
    const breaches = Array.from({ length: behaviours.count }, (_, row) => row).filter((row) => {
      const user = behaviours.user[row];
      const follows =
        row === userOffsets[user] ||
        (behaviours.occurredAt[row] >= behaviours.occurredAt[row - 1] &&
          behaviours.session[row] >= behaviours.session[row - 1]);
      const isSale = isType(row, 'PURCHASE') || isType(row, 'REFUND');
      return !(
        row >= userOffsets[user] &&
        row < userOffsets[user + 1] &&
        follows &&
        (behaviours.item[row] === -1) === isType(row, 'SEARCH') &&
        behaviours.item[row] < history.items.length &&
        behaviours.value[row] > 0 === isSale
      );
    });
    expect(breaches).toEqual([]);
    const times = history.transactions.map(({ occurredAt }) => occurredAt);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('nobody does anything before arriving, after leaving, or after the shop’s clock', () => {
    let left = 0;
    for (let user = 0; user < history.users.length; user++) {
      const days = behaviours.occurredAt.subarray(userOffsets[user], userOffsets[user + 1]);
      expect(truth.dayAt(days[0])).toBe(truth.arrivalDays[user]);
      const last = truth.dayAt(days[days.length - 1]);
      expect(last).toBeLessThan(Math.min(truth.leavingDays[user], 450));
      if (truth.leavingDays[user] < 450) left++;
    }
    expect(left / history.users.length).toBeGreaterThan(0.2);
    expect(left / history.users.length).toBeLessThan(0.9);
  });

  test('what is bought was looked at and put into the cart in the same visit, and stayed there', () => {
    let purchases = 0;
    let breaches = 0;
    for (const { rows } of visits()) {
      const viewed = new Set<number>();
      const cart = new Set<number>();
      for (const row of rows) {
        const item = behaviours.item[row];
        if (isType(row, 'VIEW')) viewed.add(item);
        if ((isType(row, 'FAVOURITE') || isType(row, 'ADD_TO_CART')) && !viewed.has(item)) breaches++;
        if (isType(row, 'ADD_TO_CART')) cart.add(item);
        if (isType(row, 'REMOVE_FROM_CART') && !cart.delete(item)) breaches++;
        if (!isType(row, 'PURCHASE')) continue;
        purchases++;
        if (!cart.has(item)) breaches++;
      }
    }
    expect(breaches).toBe(0);
    expect(purchases).toBeGreaterThan(3_000);
  });

  test('only what was bought before is rated or sent back, and every type of behaviour is there', () => {
    const bought = new Set<string>();
    let breaches = 0;
    for (let row = 0; row < behaviours.count; row++) {
      const key = `${behaviours.user[row]}/${behaviours.item[row]}`;
      if ((isType(row, 'RATING') || isType(row, 'REFUND')) && !bought.has(key)) breaches++;
      if (isType(row, 'PURCHASE')) bought.add(key);
    }
    expect(breaches).toBe(0);
    expect([...new Set(behaviours.type)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('orders are the purchases: the same users, items, units and money', () => {
    const units = new Map<string, number>();
    let money = 0;
    const add = (user: number, item: number, quantity: number) =>
      units.set(`${user}/${item}`, (units.get(`${user}/${item}`) ?? 0) + quantity);
    for (let row = 0; row < behaviours.count; row++) {
      if (!isType(row, 'PURCHASE')) continue;
      add(behaviours.user[row], behaviours.item[row], behaviours.quantity[row]);
      money += behaviours.value[row];
    }
    for (const { user, lines, amount } of history.transactions) {
      for (const { item, quantity } of lines) add(user, item, -quantity);
      money -= amount;
    }
    expect([...units.values()].every((left) => left === 0)).toBe(true);
    expect(Math.abs(money)).toBeLessThan(1);
  });

  test('a few items sell most, many sell little', () => {
    const sold = new Float64Array(history.items.length);
    for (let row = 0; row < behaviours.count; row++)
      if (isType(row, 'PURCHASE')) sold[behaviours.item[row]]++;
    sold.sort().reverse();
    const total = sold.reduce((sum, count) => sum + count, 0);
    const top = sold.subarray(0, sold.length / 10).reduce((sum, count) => sum + count, 0);
    expect(top / total).toBeGreaterThan(0.3);
    expect(sold[Math.floor(sold.length / 2)]).toBeLessThan(total / sold.length);
  });

  test('fraud rings share devices', () => {
    const owners = new Map<string, Set<number>>();
    for (const { deviceId, user } of history.transactions)
      if (deviceId !== null) owners.set(deviceId, (owners.get(deviceId) ?? new Set()).add(user));
    const shared = [...owners].filter(([, users]) => users.size > 1);
    expect(shared.every(([device]) => device.startsWith('sim-ring-'))).toBe(true);
    expect(shared.length).toBeGreaterThan(3);
    expect(Math.max(...shared.map(([, users]) => users.size))).toBeGreaterThan(4);
  });

  test('what cannot be simulated is refused with what was expected', () => {
    expect(() => simulateShop({ behaviours: 10 })).toThrow(/behaviours: .*1000.*\(got 10\)/);
    expect(() => simulateShop({ relatedness: 2 })).toThrow(/relatedness/);
    expect(() => simulateShop({ start: 5 })).toThrow(/start of a day/);
    expect(() => truth.labelProbabilities('CHURN', [0], truth.timeOf(3) + 1, 'LATENTS')).toThrow(
      /start of a day/,
    );
  });
});
