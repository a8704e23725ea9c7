/** What users did last, one behaviour after another, as rows of a sequence encoder. */
import {
  BEHAVIOUR_CODE,
  BEHAVIOUR_TYPES,
  DAY_MS,
  type ShopHistory,
  type TransactionContext,
} from '../index.js';
import type { Vocabulary } from './vocabulary.js';

/** What a place may hold, by code: nothing, or a behaviour. */
export const SEQUENCE_PLACES = ['NONE', ...BEHAVIOUR_TYPES] as const;
/** Numbers about the time of each behaviour. */
export const SEQUENCE_TIMES = 2;

/** The latest behaviours before a time, the last one at the end; the first places are empty where there are fewer. */
export interface BehaviourSequences {
  /** [rows × length] index into the vocabulary, the one after the last for an unknown item, none, or an empty place. */
  readonly items: Int32Array;
  /** [rows × length] index into SEQUENCE_PLACES. */
  readonly types: Int32Array;
  /** [rows × length × SEQUENCE_TIMES] days before the time in question, and days since the behaviour before. */
  readonly days: Float32Array;
}

function emptySequences(rows: number, length: number, vocabulary: Vocabulary): BehaviourSequences {
  return {
    items: new Int32Array(rows * length).fill(vocabulary.oovIndex),
    types: new Int32Array(rows * length),
    days: new Float32Array(rows * length * SEQUENCE_TIMES),
  };
}

/**
 * Sequences of users, each before a time of its own.
 *
 * @param times [rows] milliseconds since the epoch, or one for all; nothing at or after it is read
 */
export function behaviourSequences(
  history: ShopHistory,
  users: Int32Array,
  times: Float64Array | number,
  { length, vocabulary }: { readonly length: number; readonly vocabulary: Vocabulary },
): BehaviourSequences {
  const { behaviours, userOffsets } = history;
  const indexOf = lazyIndices(history, vocabulary);
  const sequences = emptySequences(users.length, length, vocabulary);
  users.forEach((user, row) => {
    const time = typeof times === 'number' ? times : times[row];
    const first = userOffsets[user];
    const end = firstAtOrAfter(behaviours.occurredAt, time, first, userOffsets[user + 1]);
    const from = Math.max(first, end - length);
    for (let at = from; at < end; at++) {
      const place = (row + 1) * length - (end - at);
      const item = behaviours.item[at];
      if (item >= 0) sequences.items[place] = indexOf(item);
      sequences.types[place] = 1 + behaviours.type[at];
      const since = at > first ? behaviours.occurredAt[at] - behaviours.occurredAt[at - 1] : 0;
      sequences.days.set(
        [(time - behaviours.occurredAt[at]) / DAY_MS, since / DAY_MS],
        SEQUENCE_TIMES * place,
      );
    }
  });
  return sequences;
}

/** Index of an item of the history; looked up once, and only where it is asked for: catalogues are longer than what a user did last. */
function lazyIndices({ items }: ShopHistory, vocabulary: Vocabulary): (item: number) => number {
  const known = new Map<number, number>();
  return (item) => {
    const index = known.get(item) ?? vocabulary.indexOf(items[item].id);
    known.set(item, index);
    return index;
  };
}

/** A user's earlier orders, each one purchase of no item in particular: what is known where an order is assessed. */
export function orderSequences(
  orders: readonly TransactionContext[],
  { length, vocabulary }: { readonly length: number; readonly vocabulary: Vocabulary },
): BehaviourSequences {
  const sequences = emptySequences(orders.length, length, vocabulary);
  orders.forEach(({ transaction, earlier }, row) => {
    const latest = earlier.slice(-length);
    latest.forEach(({ occurredAt }, at) => {
      const place = (row + 1) * length - (latest.length - at);
      const before = earlier[earlier.length - latest.length + at - 1]?.occurredAt ?? occurredAt;
      sequences.types[place] = 1 + BEHAVIOUR_CODE.PURCHASE;
      sequences.days.set(
        [(transaction.occurredAt - occurredAt) / DAY_MS, (occurredAt - before) / DAY_MS],
        SEQUENCE_TIMES * place,
      );
    });
  });
  return sequences;
}

/** Index of the first time in [from, to) at or after `time`; `to` where there is none. @param times ascending there */
function firstAtOrAfter(times: Float64Array, time: number, from: number, to: number): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
