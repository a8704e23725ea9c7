import { kFolds } from '../../pipeline/evaluate/index.js';
import type { ShopHistory } from '../../pipeline/index.js';
import { taskExamples } from './examples.js';
import { measureOnce } from './measure-once.js';
import { planRun } from './plan.js';
import type { RunContext } from './run-context.js';
import { runCuts } from './run-cuts.js';

/**
 * k-fold cross-validation by user: each fold fits on the other users' past before the test cut and is measured on its own users' time after it, so
 * that neither a user nor the future is learnt from. A row of evaluation a fold.
 */
export async function crossValidate(context: RunContext): Promise<null> {
  const { run, shop } = context;
  const [task] = run.tasks;
  const planned = planRun(run).at(-1);
  if (!planned) return null;
  const history = await shop.readHistory();
  const cuts = runCuts(history, run);
  const folds = kFolds(history.users.length, run.config.folds as number, run.seed);
  for (const [index, fold] of folds.entries()) {
    await measureOnce(context, {
      planned,
      name: `fold-${index + 1}`,
      history: ofUsers(history, fold.train),
      cut: cuts.test,
      held: () => taskExamples(task, ofUsers(history, fold.test), cuts.test, cuts.final),
      split: 'TEST',
      protocol: `fold ${index + 1} of ${folds.length}, parted by user`,
      part: index,
      parts: folds.length,
    });
  }
  return null;
}

/** The history of some users; others keep their place without behaviours and transactions, so that indices stay. */
function ofUsers(history: ShopHistory, users: Int32Array): ShopHistory {
  const isIn = new Uint8Array(history.users.length);
  users.forEach((user) => (isIn[user] = 1));
  const { behaviours } = history;
  const kept: number[] = [];
  for (let row = 0; row < behaviours.count; row++) if (isIn[behaviours.user[row]]) kept.push(row);
  const pick = <Values extends Int32Array | Uint8Array | Float32Array | Float64Array>(
    values: Values,
  ): Values => {
    const picked = values.slice(0, kept.length) as Values;
    kept.forEach((row, at) => (picked[at] = values[row]));
    return picked;
  };
  const userOffsets = new Int32Array(history.users.length + 1);
  kept.forEach((row) => userOffsets[behaviours.user[row] + 1]++);
  for (let user = 0; user < history.users.length; user++) userOffsets[user + 1] += userOffsets[user];
  return {
    ...history,
    userOffsets,
    behaviours: {
      count: kept.length,
      user: pick(behaviours.user),
      item: pick(behaviours.item),
      type: pick(behaviours.type),
      occurredAt: pick(behaviours.occurredAt),
      quantity: pick(behaviours.quantity),
      value: pick(behaviours.value),
      session: pick(behaviours.session),
    },
    transactions: history.transactions.filter(
      (transaction) => transaction.user >= 0 && isIn[transaction.user],
    ),
  };
}
