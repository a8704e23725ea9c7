import { expect, test } from '@jest/globals';

import { DAY_MS } from '../../../../src/pipeline/index.js';
import { MULTI_TASK_DEFAULTS, MULTI_TASKS as TASKS } from '../../../../src/pipeline/multi-task/settings.js';
import { gatherSharedIds } from '../../../../src/pipeline/multi-task/shared-ids.js';
import { shopWithTruth, TRUTH_START } from '../../../support/shop-with-truth.js';

const plain = shopWithTruth({ users: 20, items: 12, groups: 3, days: 60, seed: 2 });
const cut = TRUTH_START + 40 * DAY_MS;
const NARROW = { ...MULTI_TASK_DEFAULTS, embeddingSize: 4 };
const history = {
  ...plain,
  users: plain.users.map((user, at) => ({
    ...user,
    attributes: at % 3 === 0 ? { countryCode: 'FR' } : {},
  })),
};

test('ids are shared where rows of two entities name them, and nowhere else', () => {
  const kinds = (tasks: readonly (typeof TASKS)[number][], width = 8) => {
    const { items, countries } = gatherSharedIds({ history, cut }, tasks, {
      ...MULTI_TASK_DEFAULTS,
      embeddingSize: width,
    });
    return [items !== null, countries !== null];
  };
  expect(kinds(TASKS)).toEqual([true, true]);
  expect(kinds(['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'])).toEqual([false, false]);
  expect(kinds(['RECOMMENDATION', 'DEMAND'])).toEqual([true, false]);
  expect(kinds(['CHURN', 'FRAUD'])).toEqual([false, true]);
  expect(kinds(['FRAUD', 'DEMAND'])).toEqual([false, false]);
  expect(kinds(TASKS, 0)).toEqual([false, false]);
});

test('only ids that were there before the cut are known', () => {
  const { items, countries } = gatherSharedIds({ history, cut: TRUTH_START + DAY_MS }, TASKS, NARROW);
  const bought = new Set<string>();
  const { behaviours } = history;
  for (let row = 0; row < behaviours.count; row++)
    if (behaviours.occurredAt[row] < TRUTH_START + DAY_MS) bought.add(`i${behaviours.item[row]}`);
  expect(new Set(items!.vocabulary.ids)).toEqual(bought);
  expect(bought.size).toBeLessThan(12);
  expect(countries!.vocabulary.indexOf('DE')).toBe(countries!.vocabulary.size);
  const later = gatherSharedIds({ history, cut }, TASKS, NARROW).countries!.vocabulary;
  // Users without a country are '', orders are billed to GB.
  expect(later.ids).toEqual(['', 'FR', 'GB']);
});
