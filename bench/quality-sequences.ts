/** Leave-one-out on a folder of interactions: a user's last item is the test item, the one before it validation, the rest history. */
import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { Random } from '../src/nn/random.js';
import { rankingFigures, topK } from '../src/pipeline/evaluate/index.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  DAY_MS,
  type FitContext,
  type ModelType,
  type ShopHistory,
} from '../src/pipeline/index.js';
import { bert4rec, itemKnn, popular, sasrec, softmaxRanker } from '../src/pipeline/single-task/index.js';

const LIST = 10;
const SEED = 1;

interface Interaction {
  readonly user: string;
  readonly item: string;
  readonly time: number;
}

/** @param negatives rank against so many sampled items instead of all */
export async function leaveOneOut(folder: string, negatives: number | null): Promise<object> {
  const file =
    readdirSync(folder).find((name) => name.endsWith('.inter')) ??
    readdirSync(folder).find((name) => /\.(txt|tsv|seq)$/.test(name));
  if (!file) throw new Error(`There is no .inter file and no list of "user item" lines in ${folder}.`);
  const interactions = await readInteractions(join(folder, file));
  const figures: Record<string, { validation: Figures; test: Figures }> = {};
  for (const type of [popular, itemKnn, softmaxRanker, sasrec, bert4rec]) {
    figures[type.architecture] = {
      validation: await measure(type, interactions, 2, negatives),
      test: await measure(type, interactions, 1, negatives),
    };
  }
  const [chosen] = Object.entries(figures).sort(
    ([, a], [, b]) => b.validation.ndcg10 - a.validation.ndcg10,
  )[0];
  return {
    protocol: `leave one out, items already seen left out, ${negatives === null ? 'full ranking' : `against ${negatives} sampled items`}`,
    chosen,
    ...figures[chosen].test,
    models: figures,
  };
}

interface Figures {
  readonly hr10: number;
  readonly ndcg10: number;
}

/** RecBole's tab-separated files (their first line names columns and types), or lines of "user item" in order. */
export async function readInteractions(path: string): Promise<Interaction[]> {
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

/** @param back how many of a user's last items are held back; the first of them is the target */
export async function measure(
  type: ModelType,
  interactions: readonly Interaction[],
  back: number,
  negatives: number | null,
  hyperparameters: Readonly<Record<string, unknown>> = {},
): Promise<Figures> {
  const { history, targets } = holdBack(interactions, back);
  const last = history.behaviours.occurredAt.reduce((latest, time) => Math.max(latest, time), 0);
  const cut = last + 1;
  const model = type.create(['RECOMMENDATION'], hyperparameters);
  const context: FitContext = {
    seed: SEED,
    signal: new AbortController().signal,
    onEpoch: () => undefined,
    onProgress: () => undefined,
  };
  await model.fit({ history, cut }, context);
  const random = new Random(SEED).fork('negatives');
  let hits = 0;
  let gains = 0;
  const users = Int32Array.from(targets.keys());
  for (const user of users) {
    const target = targets.get(user) ?? -1;
    const scores = await model.items!.scoreItems({ history, users: Int32Array.of(user), asOf: cut });
    const seen = new Set<number>();
    for (let row = history.userOffsets[user]; row < history.userOffsets[user + 1]; row++)
      seen.add(history.behaviours.item[row]);
    const candidates =
      negatives === null ? null : sample(random, history.items.length, negatives, seen, target);
    const ranked = topK(
      scores,
      LIST,
      (item) => seen.has(item) || (candidates !== null && !candidates.has(item)),
    );
    const figures = rankingFigures(ranked, new Set([target]), LIST);
    hits += figures.hit;
    gains += figures.ndcg;
  }
  model.dispose();
  return { hr10: hits / users.length, ndcg10: gains / users.length };
}

function sample(
  random: Random,
  items: number,
  count: number,
  seen: ReadonlySet<number>,
  target: number,
): Set<number> {
  const chosen = new Set([target]);
  while (chosen.size < Math.min(count + 1, items - seen.size)) {
    const item = random.integer(items);
    if (!seen.has(item)) chosen.add(item);
  }
  return chosen;
}

function holdBack(
  interactions: readonly Interaction[],
  back: number,
): { history: ShopHistory; targets: Map<number, number> } {
  const users = [...new Set(interactions.map((row) => row.user))];
  const items = [...new Set(interactions.map((row) => row.item))];
  const userAt = new Map(users.map((id, at) => [id, at]));
  const itemAt = new Map(items.map((id, at) => [id, at]));
  const byUser: Interaction[][] = users.map(() => []);
  for (const row of interactions) byUser[userAt.get(row.user) ?? 0].push(row);
  const rows: BehaviourRow[] = [];
  const targets = new Map<number, number>();
  byUser.forEach((own, user) => {
    own.sort((a, b) => a.time - b.time);
    const kept = own.slice(0, own.length - back);
    if (own.length > back) targets.set(user, itemAt.get(own[own.length - back].item) ?? -1);
    for (const row of kept) {
      const session = Math.floor(row.time / DAY_MS);
      rows.push({
        user,
        item: itemAt.get(row.item) ?? -1,
        type: 'PURCHASE',
        occurredAt: row.time,
        quantity: 1,
        value: 1,
        session,
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
  return { history, targets };
}
