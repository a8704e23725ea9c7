/** Figures of rankings: binary relevance, full ranking over all candidates. */
import type { Numbers } from './metric.js';

export interface RankingFigures {
  /** 1 when one of the first k is a target. */
  readonly hit: number;
  /** Hits over min(k, targets). */
  readonly recall: number;
  /** NDCG over min(k, targets) ideal places (Järvelin and Kekäläinen, 2002; binary gains). */
  readonly ndcg: number;
}

/**
 * The best k candidates, best first; equal scores go by index, so that a ranking is reproducible. Excluded candidates and those at
 * -Infinity are never ranked.
 *
 * @param scores [items]
 */
export function topK(scores: Numbers, k: number, isExcluded?: (item: number) => boolean): number[] {
  const best: number[] = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    if (score === -Infinity || Number.isNaN(score)) continue;
    if (best.length === k && !(score > scores[best[k - 1]])) continue;
    if (isExcluded?.(item)) continue;
    let at = best.length === k ? k - 1 : best.length;
    while (at > 0 && score > scores[best[at - 1]]) {
      best[at] = best[at - 1];
      at--;
    }
    best[at] = item;
  }
  return best;
}

/** Figures of one user's ranking against the items that they went on to buy. */
export function rankingFigures(
  ranked: readonly number[],
  targets: ReadonlySet<number>,
  k = 10,
): RankingFigures {
  const places = Math.min(k, targets.size);
  let hits = 0;
  let gain = 0;
  let ideal = 0;
  for (let place = 0; place < Math.min(k, ranked.length); place++) {
    if (!targets.has(ranked[place])) continue;
    hits++;
    gain += 1 / Math.log2(place + 2);
  }
  for (let place = 0; place < places; place++) ideal += 1 / Math.log2(place + 2);
  return { hit: hits > 0 ? 1 : 0, recall: hits / places, ndcg: gain / ideal };
}
