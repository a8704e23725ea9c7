/** The best allowed items, best first; equal scores by index. */
export function bestItems(
  scores: Float32Array,
  first: number,
  isAllowed: (item: number) => boolean,
): number[] {
  const best: number[] = [];
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item];
    if (score === -Infinity || Number.isNaN(score)) continue;
    if (best.length >= first && !(score > scores[best[best.length - 1]])) continue;
    if (!isAllowed(item)) continue;
    let low = 0;
    let high = best.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (scores[best[middle]] >= score) low = middle + 1;
      else high = middle;
    }
    best.splice(low, 0, item);
    if (best.length > first) best.pop();
  }
  return best;
}
