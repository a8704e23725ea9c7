import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, expect, test } from '@jest/globals';

import {
  type GivenSimulationOptions,
  HistoryBuilder,
  simulateShop,
  writeSimulatedShop,
} from '../../../../../src/pipeline/collect/index.js';
import { chooseLayout } from '../../../../../src/pipeline/collect/layouts/registry.js';
import { openRecords } from '../../../../../src/pipeline/collect/records.js';

const directory = await mkdtemp(join(tmpdir(), 'simulated-'));
afterAll(() => rm(directory, { recursive: true }));

test('the files are read by an import without a mapping, and give the shop again', async () => {
  const options: GivenSimulationOptions = { behaviours: 3_000, seed: 3, days: 200 };
  const written = await writeSimulatedShop(directory, options);
  const { history } = simulateShop(options);
  const builder = new HistoryBuilder();
  const events = new Set<string>();
  for (const path of written.files) {
    const source = await openRecords(path);
    const layout = chooseLayout(source, {});
    const mapper = layout.createMapper(
      source.columns,
      {
        user: (row) => builder.addUser(row),
        item: (row) => builder.addItem(row),
        itemIfNew: (row) => builder.addItem(row),
        link: () => undefined,
        behaviour: (row) => {
          if (!events.has(row.eventId)) builder.addBehaviour(row);
          events.add(row.eventId);
        },
        transaction: (row) => builder.addTransaction(row),
      },
      { now: Date.now() },
    );
    for await (const batch of source.batches({ columns: source.columns }))
      for (const { values } of batch) expect(mapper.map(values)).toBe('KEPT');
    mapper.finish();
  }
  const read = builder.build('GBP');
  expect(read.users).toEqual(history.users);
  expect(read.items).toEqual(history.items);
  expect(read.behaviours.count).toBe(written.behaviours);
  expect(read.behaviours.count).toBe(history.behaviours.count);
  for (const name of ['user', 'type', 'occurredAt'] as const)
    expect(read.behaviours[name]).toEqual(history.behaviours[name]);
  const money = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  expect(money(read.behaviours.value)).toBeCloseTo(money(history.behaviours.value), 1);
  expect(read.transactions.map(({ lines, ...rest }) => ({ ...rest, lines: lines.length }))).toEqual(
    history.transactions.map((transaction) => ({ ...transaction, lines: 0 })),
  );
  expect(JSON.parse(await readFile(join(directory, 'simulation.json'), 'utf8'))).toMatchObject(options);
});
