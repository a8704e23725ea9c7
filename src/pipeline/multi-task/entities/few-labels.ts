import { tooFewData } from '../../../errors.js';
import type { ShopHistory } from '../../index.js';
import { NEEDED_LABELS } from '../../single-task/index.js';

/** Simulated orders have all their labels: there is nothing to learn from those without. @throws AppError TOO_FEW_DATA */
export function refuseFewLabels({ transactions }: ShopHistory, cut: number): never {
  const known = transactions.filter(({ occurredAt, isFraud }) => occurredAt < cut && isFraud !== null);
  const frauds = known.filter(({ isFraud }) => isFraud).length;
  const { fraud, honest } = NEEDED_LABELS;
  if (frauds < fraud) throw tooFewData('Frauds among the shop’s own labels', frauds, fraud);
  throw tooFewData('Honest orders among the shop’s own labels', known.length - frauds, honest);
}
