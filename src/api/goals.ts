/** What a list is ranked for, chosen by the caller at query time. */
import { AppError } from '../errors.js';
import type { RankedItem } from '../pipeline/index.js';
import type { ItemRow } from '../store/index.js';
import type { GoalWeights } from './inputs/goal-weights.input.js';

/** Goals that there is something to rank by. */
export interface Weights {
  readonly purchase: number;
  readonly margin: number;
}

const WITHOUT_HEAD = ['view', 'addToCart'] as const;

/**
 * @returns null when the ranker's own order, which is by purchase, is what is asked for
 * @throws AppError BAD_USER_INPUT for a goal that no head predicts, a negative weight, or no weight above 0
 */
export function requireWeights(goals: GoalWeights | null | undefined): Weights | null {
  if (!goals) return null;
  for (const [goal, weight] of Object.entries(goals) as [string, number | null | undefined][]) {
    if (typeof weight === 'number' && !(weight >= 0 && Number.isFinite(weight))) {
      throw new AppError('BAD_USER_INPUT', `weights.${goal} must be 0 or more; got ${weight}.`);
    }
  }
  for (const goal of WITHOUT_HEAD) {
    if (goals[goal]) {
      throw new AppError(
        'BAD_USER_INPUT',
        `weights.${goal}: no deployed model has a head for it; purchase and margin can be weighed.`,
      );
    }
  }
  const weights = { purchase: goals.purchase ?? 0, margin: goals.margin ?? 0 };
  if (weights.purchase + weights.margin === 0) {
    throw new AppError('BAD_USER_INPUT', 'weights: at least one of purchase and margin must be above 0.');
  }
  return weights.margin === 0 ? null : weights;
}

/** Share of the price that the shop keeps, 0 to 1; 0 where nothing says. */
export function marginShare(item: ItemRow): number {
  const { margin, cost } = item.attributes;
  if (typeof margin === 'number') return clamp(margin);
  const price = Number(item.price ?? Number.NaN);
  const paid = typeof cost === 'number' || typeof cost === 'string' ? Number(cost) : Number.NaN;
  return price > 0 && Number.isFinite(paid) ? clamp((price - paid) / price) : 0;
}

/**
 * Reorders by expected value: the purchase score times (weight of a purchase + weight of the margin × margin share). Scores that are
 * not probabilities are brought to [0, 1] over the candidates first, so that the product keeps their order.
 */
export function rankByGoals(
  candidates: readonly RankedItem[],
  rows: ReadonlyMap<string, ItemRow>,
  weights: Weights,
): RankedItem[] {
  const scores = candidates.map((item) => item.score);
  const low = Math.min(...scores);
  const isShifted = low < 0;
  const span = Math.max(...scores) - low || 1;
  const valued = candidates.map((item) => {
    const row = rows.get(item.itemId);
    const value = weights.purchase + weights.margin * (row ? marginShare(row) : 0);
    return { ...item, score: (isShifted ? (item.score - low) / span : item.score) * value };
  });
  return valued.sort((a, b) => b.score - a.score || a.itemId.localeCompare(b.itemId));
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
