import { type ShopHistory } from '../index.js';
import { type CleaningRuleCount } from './cleaning.js';
import { HistoryBuilder } from './history-builder.js';
import { onlineRetailLayout } from './layouts/online-retail.js';
import { openRecords } from './records.js';

/** What reading a file made of its lines: lines = purchases + refunds + dropped + rejected. */
export interface OnlineRetailReport {
  /** Lines after the header. */
  readonly lines: number;
  readonly purchases: number;
  readonly refunds: number;
  readonly dropped: number;
  readonly rejected: number;
  readonly rules: CleaningRuleCount[];
}

/**
 * Reads the UCI Online Retail file (CSV, gzip or not) into a history, without a database: for benchmarks and tests.
 *
 * @param options.keepDuplicates keep lines that equal an earlier one, as the published protocol does; they are dropped otherwise
 * @throws AppError BAD_USER_INPUT when the file is not of that layout
 */
export async function readOnlineRetail(
  path: string,
  options: { keepDuplicates?: boolean } = {},
): Promise<{ history: ShopHistory; report: OnlineRetailReport }> {
  const builder = new HistoryBuilder();
  let purchases = 0;
  let refunds = 0;
  const source = await openRecords(path);
  const mapper = onlineRetailLayout.createMapper(
    source.columns,
    {
      user: (row) => builder.addUser(row),
      item: (row) => builder.addItem(row),
      itemIfNew: (row) => builder.addItem(row),
      behaviour: (row) => {
        if (row.type === 'REFUND') refunds++;
        else purchases++;
        builder.addBehaviour(row);
      },
      transaction: (row) => builder.addTransaction(row),
      link: () => undefined, // its customers have one id each
    },
    // Nothing in this layout depends on the wall clock: its year is fixed.
    { now: Date.now(), keepDuplicates: options.keepDuplicates },
  );
  let lines = 0;
  let dropped = 0;
  let rejected = 0;
  for await (const batch of source.batches()) {
    for (const { values, problem } of batch) {
      lines++;
      const outcome = problem === null ? mapper.map(values) : { rejected: problem };
      if (outcome === 'DROPPED') dropped++;
      else if (outcome !== 'KEPT') rejected++;
    }
  }
  mapper.finish();
  return {
    history: builder.build('GBP'),
    report: { lines, purchases, refunds, dropped, rejected, rules: mapper.rules() },
  };
}
