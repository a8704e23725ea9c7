import { simulateTransactions } from '../../collect/index.js';
import { type ShopHistory, type TransactionContext } from '../../index.js';
import { transactionContexts } from '../../preprocess/index.js';

/** Labelled transactions, each with the same user's earlier ones. */
export interface FraudExamples {
  readonly contexts: readonly TransactionContext[];
  /** [transactions] 1 = fraud. */
  readonly labels: Uint8Array;
  /** Whether labels and attributes are simulated; whoever shows a figure must say so. */
  readonly isSimulated: boolean;
  /** [transactions] the best possible prediction, known only where simulated. */
  readonly bestProbabilities: Float64Array | null;
  /** Orders of the same time that nobody has labelled yet. */
  readonly unlabelled: readonly TransactionContext[];
}

/** Labels of each class that a shop must have before they count more than the simulation. */
export const NEEDED_LABELS = { fraud: 50, honest: 500 };

/**
 * The transactions of [from, to) with labels: the shop's own when it has enough of both classes before `labelledUntil`, otherwise
 * simulated ones. The simulation draws by transaction, so that training and evaluation see one world.
 *
 * @param options.labelledUntil decides between labels and simulation by what was known then, the training's cut; `to` when left out
 */
export function fraudExamples(
  history: ShopHistory,
  options: { from?: number; to: number; labelledUntil?: number },
): FraudExamples {
  const { from = -Infinity, to, labelledUntil = to } = options;
  const isSimulated = !hasLabels(history, labelledUntil);
  const simulated = isSimulated ? simulateTransactions(history) : null;
  const transactions = simulated?.transactions ?? history.transactions;
  const contexts: TransactionContext[] = [];
  const unlabelled: TransactionContext[] = [];
  const labels: number[] = [];
  const best: number[] = [];
  for (const [index, context] of transactionContexts(transactions).entries()) {
    const { occurredAt, isFraud } = context.transaction;
    if (occurredAt < from || occurredAt >= to) continue;
    if (isFraud === null) {
      unlabelled.push(context);
      continue;
    }
    contexts.push(context);
    labels.push(isFraud ? 1 : 0);
    if (simulated !== null) best.push(simulated.probabilities[index]);
  }
  return {
    contexts,
    labels: Uint8Array.from(labels),
    isSimulated,
    unlabelled,
    bestProbabilities: simulated === null ? null : Float64Array.from(best),
  };
}

/** The protocol of an evaluation on these examples, in words. */
export function describeFraudExamples(examples: FraudExamples, from: number, to: number): string {
  const day = (time: number) => new Date(time).toISOString().slice(0, 10);
  const frauds = examples.labels.reduce((sum, label) => sum + label, 0);
  const source = examples.isSimulated
    ? 'on simulated transactions (the shop has too few labels): payment, device, countries and fraud are simulated on its real orders'
    : 'on the shop’s own labels';
  return `${examples.contexts.length} orders from ${day(from)} to ${day(to - 1)}, ${frauds} of them fraud, ${source}.`;
}

function hasLabels(history: ShopHistory, until: number): boolean {
  let [fraud, honest] = [0, 0];
  for (const { isFraud, occurredAt } of history.transactions) {
    if (occurredAt >= until || isFraud === null) continue;
    if (isFraud) fraud++;
    else honest++;
  }
  return fraud >= NEEDED_LABELS.fraud && honest >= NEEDED_LABELS.honest;
}
