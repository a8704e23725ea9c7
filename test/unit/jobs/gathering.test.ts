import { describe, expect, test } from '@jest/globals';

import { DAY_MS } from '../../../src/pipeline/index.js';
import { itemState, userExamples } from '../../../src/pipeline/preprocess/index.js';
import { gatherRankingExamples, rankingExamples } from '../../../src/pipeline/single-task/index.js';
import { shopWithTastes, TASTE_START } from '../../support/shop-with-tastes.js';

const history = shopWithTastes({ users: 150, items: 400, groups: 4, days: 200, seed: 2 });
const cut = TASTE_START + 190 * DAY_MS;

/** Aborted by a timer: only work that lets the process breathe can see it. */
function abortedSoon(): { signal: AbortSignal; reason: Error } {
  const controller = new AbortController();
  const reason = new Error('cancelled');
  setTimeout(() => controller.abort(reason), 1);
  return { signal: controller.signal, reason };
}

describe('a cancel while examples are gathered', () => {
  test('ends the gathering of users', async () => {
    const { signal, reason } = abortedSoon();
    await expect(userExamples(history, cut, undefined, signal)).rejects.toBe(reason);
  });

  test('ends the gathering of rankings', async () => {
    const { signal, reason } = abortedSoon();
    await expect(gatherRankingExamples(history, cut, 1, { candidates: 200 }, signal)).rejects.toBe(reason);
  });
});

test('rankings gathered bit by bit are those gathered at once', async () => {
  const options = { candidates: 64, most: 200 };
  const signal = new AbortController().signal;
  expect(await gatherRankingExamples(history, cut, 3, options, signal)).toEqual(
    rankingExamples(history, cut, 3, options),
  );
});

test('the state of the items is built once for a cut', () => {
  expect(itemState(history, cut)).toBe(itemState(history, cut));
  expect(itemState(history, cut - DAY_MS)).not.toBe(itemState(history, cut));
});
