import type { DemandForecaster } from '../../index.js';
import {
  DEMAND_DAYS,
  type DemandExamples,
  type DemandHistory,
  seriesBefore,
} from '../../single-task/index.js';

/** Units below which a forecast is as good as none. */
const LEAST_UNITS = 1e-3;

/**
 * A forecaster's fortnights from each example's origin, of which it sees nothing.
 *
 * @param largest bound of the logarithms
 * @returns [examples] logarithms of its units over the example's reference
 */
export async function askDemand(
  forecaster: DemandForecaster,
  history: DemandHistory,
  { days, itemIds, references }: DemandExamples,
  largest: number,
): Promise<Float32Array> {
  const rowOf = new Map(history.itemIds.map((id, row) => [id, row]));
  const ratios = new Float32Array(days.length);
  for (let from = 0, to = 0; from < days.length; from = to) {
    while (to < days.length && days[to] === days[from]) to++;
    const rows = itemIds.slice(from, to).map((id) => rowOf.get(id) ?? 0);
    const { units } = await forecaster.forecast(seriesBefore(history, rows, days[from]), DEMAND_DAYS);
    for (let at = from; at < to; at++) {
      const own = units.subarray((at - from) * DEMAND_DAYS, (at - from + 1) * DEMAND_DAYS);
      const total = own.reduce((sum, value) => sum + value, 0);
      const ratio = Math.log(Math.max(LEAST_UNITS, total) / Math.max(LEAST_UNITS, references[at]));
      ratios[at] = Math.min(largest, Math.max(-largest, ratio));
    }
  }
  return ratios;
}
