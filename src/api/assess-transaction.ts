import { AppError } from '../errors.js';
import type { HistoryTransaction } from '../pipeline/index.js';
import type { JsonObject } from '../store/index.js';
import type { Context } from './context.js';
import { requireDecimal, requireTime } from './inputs/checks.js';
import type { TransactionInput } from './inputs/rows.input.js';
import type { FraudAssessment } from './types/fraud-assessment.type.js';

/** Contributions asked of the serving host; a query shows as many as it likes of them. */
const CONTRIBUTIONS = 100;
const SIMULATED =
  'The model learned from simulated transactions: the shop has too few orders that are known to be fraud or not. Record them with `isFraud`.';

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
  const isSimulated = version ? saysSimulated(version.manifest) : false;
  const [probability] = probabilities;
  return {
    probability,
    label: probability >= servedBy.threshold,
    threshold: servedBy.threshold,
    isSimulated,
    note: isSimulated ? SIMULATED : null,
    allContributions: contributions[0],
    modelVersionId: servedBy.modelVersionId,
  };
}

/** Whether the version's manifest says that its fraud model learned from simulated labels. */
function saysSimulated(manifest: JsonObject): boolean {
  const text = JSON.stringify(manifest);
  return /"(isSimulated|simulated)":true/.test(text) || /"labels":"simulated"/i.test(text);
}

function toHistoryTransaction(input: TransactionInput): HistoryTransaction {
  const amount = Number(requireDecimal('transaction.amount', input.amount));
  if (amount < 0) throw new AppError('BAD_USER_INPUT', `transaction.amount must be 0 or more; got ${input.amount}.`);
  const lines = (input.items ?? []).map((line, index) => {
    if (line.quantity < 0) {
      throw new AppError('BAD_USER_INPUT', `transaction.items[${index}].quantity must be 0 or more; got ${line.quantity}.`);
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
