import { AppError } from '../errors.js';
import type { HistoryTransaction } from '../pipeline/index.js';
import type { JsonObject } from '../store/index.js';
import type { Context } from './context.js';
import { requireDecimal, requireKeptAmount, requireTime } from './inputs/checks.js';
import type { TransactionInput } from './inputs/rows.input.js';
import type { FraudAssessment } from './types/fraud-assessment.type.js';

/** Contributions asked of the serving host; a query shows as many as it likes of them. */
const CONTRIBUTIONS = 100;

/** Assesses an order that is not stored, in the light of the user's earlier ones. @throws AppError BAD_USER_INPUT, NOT_READY */
export async function assessTransaction(context: Context, input: TransactionInput): Promise<FraudAssessment> {
  const { services, shop, loaders } = context;
  const transaction = toHistoryTransaction(input);
  const earlier = await shop.readTransactions(input.userId, new Date(transaction.occurredAt));
  const { probabilities, contributions, servedBy } = await services.serving.assessTransactions(
    shop.shopKey,
    // A transaction that is already stored is no predecessor of itself.
    [{ transaction, earlier: earlier.filter((other) => other.id !== input.id) }],
    CONTRIBUTIONS,
  );
  const version = await loaders.modelVersionById.load(servedBy.modelVersionId);
  const note = version ? simulationNote(version.manifest) : null;
  const [probability] = probabilities;
  return {
    probability,
    label: probability >= servedBy.threshold,
    threshold: servedBy.threshold,
    isSimulated: note !== null,
    note,
    allContributions: contributions[0],
    modelVersionId: servedBy.modelVersionId,
  };
}

/** What the version's manifest says of simulated transactions; null when its fraud model learned from the shop's own. */
function simulationNote({ notes }: JsonObject): string | null {
  const texts = Array.isArray(notes) ? notes.map(String) : [];
  return texts.find((text) => /simulat/i.test(text)) ?? null;
}

function toHistoryTransaction(input: TransactionInput): HistoryTransaction {
  const amount = requireKeptAmount('transaction.amount', input.amount);
  if (amount < 0)
    throw new AppError('BAD_USER_INPUT', `transaction.amount must be 0 or more; got ${input.amount}.`);
  const lines = (input.items ?? []).map((line, index) => {
    if (line.quantity < 0) {
      throw new AppError(
        'BAD_USER_INPUT',
        `transaction.items[${index}].quantity must be 0 or more; got ${line.quantity}.`,
      );
    }
    const price = line.price ?? null;
    return {
      item: -1,
      quantity: line.quantity,
      price: price === null ? Number.NaN : Number(requireDecimal(`transaction.items[${index}].price`, price)),
    };
  });
  return {
    id: input.id,
    user: 0,
    amount,
    currency: input.currency,
    occurredAt: requireTime('transaction.occurredAt', input.occurredAt).getTime(),
    lines,
    paymentMethod: input.paymentMethod ?? null,
    deviceId: input.deviceId ?? null,
    ipCountry: input.ipCountry ?? null,
    billingCountry: input.billingCountry ?? null,
    shippingCountry: input.shippingCountry ?? null,
    isFraud: null,
  };
}
