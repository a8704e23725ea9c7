/** One unit of the sequence bench, in a process of its own: one model fitted with one seed on what is not held back, and how it ranks the rest. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { Random } from '../src/nn/random.js';
import { rankingFigures, topK } from '../src/pipeline/evaluate/index.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type FitContext,
  type ShopHistory,
} from '../src/pipeline/index.js';
import { SINGLE_TASK_TYPES } from '../src/pipeline/single-task/index.js';

const LIST = 10;

/**
 * What is held back of each user: the last item (for validation the one before it, and the last is not seen at all), or every tenth at
 * random beside another tenth that is neither learnt from nor measured (for validation the two change places).
 */
export type Split = 'LEAVE_ONE_OUT' | 'RANDOM';

export interface SequenceUnit {
  readonly file: string;
  readonly architecture: string;
  readonly seed: number;
  readonly split: Split;
  readonly part: 'validation' | 'test';
  /** Rank against so many sampled items instead of all. */
  readonly negatives: number | null;
}

export interface SequenceFigures {
  readonly hr10: number;
  readonly ndcg10: number;
  /** Found of a user's held-back items; with one of them it is the hit rate. */
  readonly recall10: number;
}

interface Interaction {
  readonly user: string;
  readonly item: string;
  readonly time: number;
}

/** Of each user what is learnt from, what is to be found, and what is left out of lists beside what was learnt from. */
interface HeldBack {
  readonly history: ShopHistory;
  readonly targets: ReadonlyMap<number, ReadonlySet<number>>;
  readonly hidden: ReadonlyMap<number, ReadonlySet<number>>;
}

/** The split is drawn once: seeds differ by the model's start alone. */
const SPLIT_SEED = 1;
const HELD_SHARE = 0.1;

/** Fits the unit's model and ranks for every user with something held back. */
export default async function measure(unit: SequenceUnit): Promise<SequenceFigures> {
  const interactions = await readInteractions(unit.file);
  const { history, targets, hidden } = holdBack(interactions, unit);
  const type = SINGLE_TASK_TYPES.find(({ architecture }) => architecture === unit.architecture);
  if (!type) throw new Error(`No model is called ${unit.architecture}.`);
  const last = history.behaviours.occurredAt.reduce((latest, time) => Math.max(latest, time), 0);
  const cut = last + 1;
  const model = type.create(['RECOMMENDATION'], {});
  const context: FitContext = {
    seed: unit.seed,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
  await model.fit({ history, cut }, context);
  const random = new Random(SPLIT_SEED).fork('negatives');
  const sums = { hr10: 0, ndcg10: 0, recall10: 0 };
  for (const [user, wanted] of targets) {
    const scores = await model.items!.scoreItems({ history, users: Int32Array.of(user), asOf: cut });
    const seen = new Set<number>(hidden.get(user));
    for (let row = history.userOffsets[user]; row < history.userOffsets[user + 1]; row++)
      seen.add(history.behaviours.item[row]);
    const candidates =
      unit.negatives === null
        ? null
        : sample(random, { items: history.items.length, count: unit.negatives, seen, wanted });
    const ranked = topK(
      scores,
      LIST,
      (item) => seen.has(item) || (candidates !== null && !candidates.has(item)),
    );
    const { hit, ndcg } = rankingFigures(ranked, wanted, LIST);
    sums.hr10 += hit;
    sums.ndcg10 += ndcg;
    sums.recall10 += ranked.filter((item) => wanted.has(item)).length / wanted.size;
  }
  model.dispose();
  return {
    hr10: sums.hr10 / targets.size,
    ndcg10: sums.ndcg10 / targets.size,
    recall10: sums.recall10 / targets.size,
  };
}

/** RecBole's tab-separated files (their first line names columns and types), or lines of "user item" in order. */
async function readInteractions(path: string): Promise<Interaction[]> {
  const rows: Interaction[] = [];
  let columns: string[] | null = null;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const fields = line.trim().split(/\t|\s+/);
    if (rows.length === 0 && !columns && line.includes(':token')) {
      columns = fields.map((field) => field.split(':')[0]);
      continue;
    }
    if (fields.length < 2) continue;
    const at = (name: string, fallback: number) => fields[columns ? columns.indexOf(name) : fallback];
    const time = columns ? Number(at('timestamp', -1)) * 1000 : rows.length * 60_000;
    rows.push({ user: at('user_id', 0), item: at('item_id', 1), time });
  }
  return rows;
}

function sample(
  random: Random,
  {
    items,
    count,
    seen,
    wanted,
  }: { items: number; count: number; seen: ReadonlySet<number>; wanted: ReadonlySet<number> },
): Set<number> {
  const chosen = new Set(wanted);
  while (chosen.size < Math.min(count + wanted.size, items - seen.size)) {
    const item = random.integer(items);
    if (!seen.has(item)) chosen.add(item);
  }
  return chosen;
}

function holdBack(interactions: readonly Interaction[], { split, part }: SequenceUnit): HeldBack {
  const users = [...new Set(interactions.map((row) => row.user))];
  const items = [...new Set(interactions.map((row) => row.item))];
  const userAt = new Map(users.map((id, at) => [id, at]));
  const itemAt = new Map(items.map((id, at) => [id, at]));
  const byUser: Interaction[][] = users.map(() => []);
  for (const row of interactions) byUser[userAt.get(row.user) ?? 0].push(row);
  const rows: BehaviourRow[] = [];
  const targets = new Map<number, Set<number>>();
  const hidden = new Map<number, Set<number>>();
  const random = new Random(SPLIT_SEED).fork('split');
  byUser.forEach((own, user) => {
    own.sort((a, b) => a.time - b.time);
    const parts = split === 'LEAVE_ONE_OUT' ? lastOut(own, part) : tenthOut(own, part, random);
    const indices = (of: readonly Interaction[]) => new Set(of.map(({ item }) => itemAt.get(item) ?? -1));
    if (parts.targets.length > 0) targets.set(user, indices(parts.targets));
    hidden.set(user, indices(parts.hidden));
    for (const { item, time } of parts.kept) {
      rows.push({
        user,
        item: itemAt.get(item) ?? -1,
        type: 'PURCHASE',
        occurredAt: time,
        quantity: 1,
        value: 1,
        session: Math.floor(time / DAY_MS),
      });
    }
  });
  const history: ShopHistory = {
    users: users.map((id) => ({ id, attributes: {} })),
    items: items.map((id) => ({ id, title: id, category: [], price: 1, available: true, attributes: {} })),
    ...buildBehaviourColumns(rows, users.length),
    transactions: [],
    currency: 'USD',
  };
  return { history, targets, hidden };
}

interface Parts {
  readonly kept: readonly Interaction[];
  readonly targets: readonly Interaction[];
  readonly hidden: readonly Interaction[];
}

function lastOut(own: readonly Interaction[], part: SequenceUnit['part']): Parts {
  const back = part === 'test' ? 1 : 2;
  const at = own.length - back;
  if (at <= 0) return { kept: own.slice(0, Math.max(0, at)), targets: [], hidden: [] };
  return { kept: own.slice(0, at), targets: [own[at]], hidden: [] };
}

function tenthOut(own: readonly Interaction[], part: SequenceUnit['part'], random: Random): Parts {
  const order = random.permutation(own.length);
  const held = Math.round(HELD_SHARE * own.length);
  const places = { test: new Set(order.slice(0, held)), validation: new Set(order.slice(held, 2 * held)) };
  const other = part === 'test' ? 'validation' : 'test';
  return {
    kept: own.filter((_, at) => !places.test.has(at) && !places.validation.has(at)),
    targets: own.filter((_, at) => places[part].has(at)),
    hidden: own.filter((_, at) => places[other].has(at)),
  };
}
