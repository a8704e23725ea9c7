import { describe, expect, test } from '@jest/globals';

import { Random } from '../../../../src/nn/random.js';
import { CANDIDATE_FEATURE_COUNT } from '../../../../src/pipeline/preprocess/index.js';
import {
  RankerNetwork,
  scoreRows,
} from '../../../../src/pipeline/single-task/recommendation/ranker-network.js';

const ROWS = 7;
const rows = new Random(3).fillNormal(new Float32Array(ROWS * CANDIDATE_FEATURE_COUNT), 1);

/** A member's scores, by its own weights. */
function memberScores(network: RankerNetwork, member: number): Float32Array {
  const values = network.weights.export();
  const own = Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(`member-${member}/`))
      .map(([name, value]) => [name.slice(`member-${member}/`.length), value]),
  );
  return scoreRows(own, rows);
}

describe('a ranker of several members', () => {
  test('serves the mean of its members as one network', () => {
    const members = 3;
    const network = new RankerNetwork({ hidden: 5, members, newShare: 0.5 }, 11);
    try {
      const scores = scoreRows(network.served(), rows);
      const parts = Array.from({ length: members }, (_, at) => memberScores(network, at + 1));
      scores.forEach((score, row) => {
        const mean = parts.reduce((sum, part) => sum + part[row], 0) / members;
        expect(score).toBeCloseTo(mean, 4);
      });
      // Members start apart: their mean would be no better than one of them otherwise.
      expect(parts[0]).not.toEqual(parts[1]);
    } finally {
      network.dispose();
    }
  });
});

describe('scoring rows', () => {
  test('is what the network says, row by row, whichever columns rows have in common', () => {
    const network = new RankerNetwork({ hidden: 4, members: 1, newShare: 0.5 }, 12);
    const alike = rows.slice();
    for (let at = 0; at < alike.length; at++) if (at % CANDIDATE_FEATURE_COUNT < 20) alike[at] = -0.25;
    try {
      const weights = network.served();
      const scores = scoreRows(weights, alike);
      for (let row = 0; row < ROWS; row++) {
        const one = alike.subarray(row * CANDIDATE_FEATURE_COUNT, (row + 1) * CANDIDATE_FEATURE_COUNT);
        const hidden = Array.from(weights['hidden/bias'].values, (bias, unit) =>
          one.reduce((sum, value, at) => sum + value * weights['hidden/kernel'].values[at * 4 + unit], bias),
        );
        const linear = one.reduce((sum, value, at) => sum + value * weights['wide/kernel'].values[at], 0);
        const deep = hidden.reduce(
          (sum, value, unit) => sum + Math.max(0, value) * weights['output/kernel'].values[unit],
          0,
        );
        expect(scores[row]).toBeCloseTo(linear + deep, 4);
      }
    } finally {
      network.dispose();
    }
  });

  test('of no rows is nothing', () => {
    const network = new RankerNetwork({ hidden: 2, members: 2, newShare: 0.5 }, 13);
    try {
      expect(scoreRows(network.served(), new Float32Array(0))).toHaveLength(0);
    } finally {
      network.dispose();
    }
  });
});
