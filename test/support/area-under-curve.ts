/** Share of (positive, negative) pairs in the right order, ties half: the definition, counted pair by pair. */
export function areaUnderCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  let right = 0;
  let pairs = 0;
  for (let a = 0; a < labels.length; a++) {
    if (labels[a] !== 1) continue;
    for (let b = 0; b < labels.length; b++) {
      if (labels[b] !== 0) continue;
      pairs++;
      right += scores[a] > scores[b] ? 1 : scores[a] === scores[b] ? 0.5 : 0;
    }
  }
  return right / pairs;
}
