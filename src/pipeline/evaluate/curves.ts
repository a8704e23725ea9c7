import { CALIBRATION_BINS, calibrationBins, orderByScore } from './binary.js';
import type { CurvePoint, Curves, Numbers } from './metric.js';

const MAX_POINTS = 200;

/** ROC, precision-recall, calibration and lift curves, at most 200 points each. */
export function binaryCurves(labels: Numbers, probabilities: Numbers): Curves {
  const { order, isTied } = orderByScore(probabilities);
  let positives = 0;
  for (let at = 0; at < labels.length; at++) if (labels[at] > 0) positives++;
  const negatives = labels.length - positives;
  const roc: CurvePoint[] = [{ x: 0, y: 0 }];
  const precisionRecall: CurvePoint[] = [];
  const lift: CurvePoint[] = [];
  let found = 0;
  for (let at = 0; at < order.length; at++) {
    if (labels[order[at]] > 0) found++;
    if (at + 1 < order.length && isTied[at + 1]) continue;
    const flagged = at + 1;
    roc.push({ x: (flagged - found) / negatives, y: found / positives });
    precisionRecall.push({ x: found / positives, y: found / flagged });
    lift.push({ x: flagged / order.length, y: (found / flagged) * (order.length / positives) });
  }
  const isDefined = positives > 0 && negatives > 0;
  return {
    ROC: isDefined ? thin(roc) : [],
    PRECISION_RECALL: positives > 0 ? thin(precisionRecall) : [],
    LIFT: positives > 0 ? thin(lift) : [],
    CALIBRATION: calibrationBins(labels, probabilities, CALIBRATION_BINS).map((bin) => ({
      x: bin.meanProbability,
      y: bin.rate,
    })),
  };
}

/** Keeps the first, the last and evenly many between. */
function thin(points: readonly CurvePoint[]): CurvePoint[] {
  if (points.length <= MAX_POINTS) return [...points];
  return Array.from(
    { length: MAX_POINTS },
    (_, at) => points[Math.round((at * (points.length - 1)) / (MAX_POINTS - 1))],
  );
}
