/** The shops that benchmarks of multi-task nets run on, and what their fits are given. */
import { join } from 'node:path';

import type { SimulatedShop } from '../src/pipeline/collect/index.js';
import type { FitContext, ShopHistory } from '../src/pipeline/index.js';

/** Churn's 90 days end with the simulated shop's 450. */
const SIMULATED_CUT_DAY = 360;

export interface BenchShop {
  readonly history: ShopHistory;
  readonly cut: number;
  readonly name: string;
}

/** Online Retail as of several cuts. @param folder with its file @param cuts dates, comma-separated */
export async function retailShops(folder: string, cuts: string): Promise<BenchShop[]> {
  const { readOnlineRetail } = await import('../src/pipeline/collect/index.js');
  const { history } = await readOnlineRetail(join(folder, 'online-retail.csv.gz'), { keepDuplicates: true });
  return cuts
    .split(',')
    .map((day) => ({ history, cut: Date.parse(day), name: `online retail as of ${day}` }));
}

/** A shop whose truth is known; all shops are of the same seed. */
export async function simulatedShop(options: {
  readonly behaviours: number;
  readonly relatedness?: number;
}): Promise<BenchShop & { readonly simulated: SimulatedShop }> {
  const { simulateShop } = await import('../src/pipeline/collect/index.js');
  const simulated = simulateShop({ ...options, seed: 1 });
  const { behaviours, relatedness } = options;
  const dial = relatedness === undefined ? '' : ` and relatedness ${relatedness}`;
  const name = `a simulated shop of ${behaviours} behaviours${dial}, as of its day ${SIMULATED_CUT_DAY}`;
  return { history: simulated.history, cut: simulated.truth.timeOf(SIMULATED_CUT_DAY), name, simulated };
}

/** Of a fit that nobody watches. */
export const contextOf = (seed: number): FitContext => ({
  seed,
  signal: new AbortController().signal,
  onEpoch: () => undefined,
  onProgress: () => undefined,
});
