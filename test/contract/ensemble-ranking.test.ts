import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

import { type Combination, EnsembleModel, ensembleType } from '../../src/pipeline/ensemble/index.js';
import {
  BEHAVIOUR_CODE,
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type ItemRanker,
  type Model,
  type ModelType,
  type ShopHistory,
} from '../../src/pipeline/index.js';
import { itemKnn, ownHistory, softmaxRanker } from '../../src/pipeline/single-task/index.js';
import { shopWithTastes, TASTE_START } from '../support/shop-with-tastes.js';

const history = shopWithTastes({ users: 120, items: 60, groups: 4, days: 120, seed: 5 });
const cut = TASTE_START + 110 * DAY_MS;
const SHOWN = 12;
const TYPES: readonly ModelType[] = [ownHistory, itemKnn, softmaxRanker];
const COMBINATIONS: readonly Combination[] = [
  { method: 'WEIGHTED_AVERAGE', weights: [0.2, 0.3, 0.5], thresholds: [0.5, 0.5, 0.5] },
  { method: 'VOTING', weights: [1 / 3, 1 / 3, 1 / 3], thresholds: [0.5, 0.5, 0.5] },
  { method: 'STACKING', weights: [0, 0.6, 0.1, 0.3], thresholds: [0.5, 0.5, 0.5] },
];

let members: Model[];
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ensemble-ranking-'));
  members = [];
  for (const type of TYPES) {
    const model = type.create(
      ['RECOMMENDATION'],
      type === softmaxRanker ? { epochs: 1, cuts: 2, candidates: 40 } : {},
    );
    const signal = new AbortController().signal;
    await model.fit(
      { history, cut },
      { seed: 1, signal, onEpoch: () => undefined, onProgress: () => undefined },
    );
    members.push(model);
  }
});
afterAll(async () => {
  for (const member of members) member.dispose();
  await rm(directory, { recursive: true });
});

const rankerOf = (combination: Combination): ItemRanker =>
  new EnsembleModel('ensemble', 'RECOMMENDATION', members, combination).items!;

/** As serving reads it: one user's behaviours, and no items but those. */
function servedHistory(user: number): ShopHistory {
  const { behaviours, userOffsets } = history;
  const rows: BehaviourRow[] = [];
  const items: number[] = [];
  for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++) {
    if (!items.includes(behaviours.item[row])) items.push(behaviours.item[row]);
    rows.push({
      user: 0,
      item: items.indexOf(behaviours.item[row]),
      type: 'PURCHASE',
      occurredAt: behaviours.occurredAt[row],
      quantity: behaviours.quantity[row],
      value: behaviours.value[row],
      session: behaviours.session[row],
    });
  }
  return {
    ...history,
    users: [history.users[user]],
    items: items.map((item) => history.items[item]),
    ...buildBehaviourColumns(rows, 1),
  };
}

/** The order that is measured: by the scores of all items. */
async function measured(
  ranker: ItemRanker,
  user: number,
  isAllowed: (item: number) => boolean,
): Promise<string[]> {
  const scores = await ranker.scoreItems({ history, users: Int32Array.of(user), asOf: cut });
  return Array.from(scores.keys())
    .filter((item) => scores[item] > -Infinity && isAllowed(item))
    .sort((a, b) => scores[b] - scores[a] || a - b)
    .slice(0, SHOWN)
    .map((item) => history.items[item].id);
}

async function served(ranker: ItemRanker, user: number, options = {}): Promise<string[]> {
  const request = { history: servedHistory(user), users: Int32Array.of(0), asOf: cut };
  const [list] = await ranker.rankItems(request, {
    first: SHOWN,
    allowed: null,
    excludeBought: false,
    ...options,
  });
  return list.map(({ itemId }) => itemId);
}

describe.each(COMBINATIONS.map((combination) => [combination.method, combination] as const))(
  'an ensemble of rankings by %s',
  (_method, combination) => {
    test('serves the very ranking that is measured', async () => {
      const ranker = rankerOf(combination);
      for (let user = 0; user < 120; user += 5)
        expect(await served(ranker, user)).toEqual(await measured(ranker, user, () => true));
    });

    test('leaves out what is not allowed or was bought, and changes nothing else', async () => {
      const ranker = rankerOf(combination);
      const allowed = new Set(history.items.filter((_, item) => item % 3 > 0).map(({ id }) => id));
      const { behaviours, userOffsets } = history;
      for (const user of [1, 22, 57]) {
        const bought = new Set<number>();
        for (let row = userOffsets[user]; row < userOffsets[user + 1]; row++)
          if (behaviours.occurredAt[row] < cut && behaviours.type[row] === BEHAVIOUR_CODE.PURCHASE)
            bought.add(behaviours.item[row]);
        const isAllowed = (item: number) => item % 3 > 0 && !bought.has(item);
        expect(await served(ranker, user, { allowed, excludeBought: true })).toEqual(
          await measured(ranker, user, isAllowed),
        );
      }
    });

    test('comes back from its files with the same lists, each item with a score and a reason', async () => {
      const folder = join(directory, combination.method);
      await mkdir(folder);
      const model = new EnsembleModel('ensemble', 'RECOMMENDATION', members, combination);
      await model.save(folder);
      const loaded = await ensembleType('ensemble', (architecture) =>
        TYPES.find((type) => type.architecture === architecture)!,
      ).load(folder);
      const request = { history: servedHistory(7), users: Int32Array.of(0), asOf: cut };
      const options = { first: 5, allowed: null, excludeBought: false };
      const [list] = await loaded.items!.rankItems(request, options);
      expect(list).toEqual((await model.items!.rankItems(request, options))[0]);
      expect(list).toHaveLength(5);
      for (const [at, { score, reason }] of list.entries()) {
        expect(score).toBeGreaterThan(0);
        expect(score).toBeLessThanOrEqual(at === 0 ? 1 : list[at - 1].score);
        expect(reason.kind).toEqual(expect.any(String));
      }
      loaded.dispose();
    });
  },
);
