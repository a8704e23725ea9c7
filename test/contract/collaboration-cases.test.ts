/** Each way of learning on the ground that it was made for: what it reaches against the same net by itself. */
import { expect, test } from '@jest/globals';

import { caseAuc, CONSTRUCTED } from '../../bench/collaborate-cases.js';

async function gain(name: string, trial: string, seed: number): Promise<number> {
  const found = CONSTRUCTED[name];
  return (await caseAuc(found, trial, seed)) - (await caseAuc(found, null, seed));
}

// Unlabelled examples and a discriminator without reversal gain about 0.06.
test('a net blind to the country holds where only another country has labels', async () => {
  expect(await gain('shift', 'domain-adversarial', 1)).toBeGreaterThan(0.1);
});

// Without pseudo-labels it loses.
test('views teach each other what the few labels do not show', async () => {
  expect(await gain('few-labels', 'co-training, more pseudo-labels', 1)).toBeGreaterThan(0.04);
});
