/** Embeddings of ids that rows of several entities name: what one task learns of an item or a country, the others read. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import { type ModelContext, type Table, tf, type WeightSet } from '../../nn/index.js';
import { isCustomTask, type TaskName } from '../../tasks/index.js';
import type { HistoryUser, ShopHistory, TrainingData, TransactionContext } from '../index.js';
import { knownItems, Vocabulary } from '../preprocess/index.js';
import { isUserTask } from '../single-task/index.js';

const FILE = 'shared-ids.json';

/** The ids of one kind, with an embedding each and one for all that are not known. */
export class IdEmbedding {
  private table: Table | null = null;

  constructor(
    private readonly name: string,
    readonly vocabulary: Vocabulary,
    readonly width: number,
  ) {}

  build(weights: WeightSet): void {
    this.table = weights.table(this.name, this.vocabulary.size + 1, this.width);
  }

  /** @param indices int32 [...] of the vocabulary. @returns [..., width] */
  lookup(indices: Tensorflow.Tensor, context: ModelContext): Tensorflow.Tensor {
    if (!this.table) throw new Error(`The embeddings of ${this.name} have no weights yet.`);
    return context.lookup(this.table, indices);
  }

  /** Rows with the embedding of an id each at their end: [rows, features] and [rows] → [rows, features + width] */
  beside(
    features: Tensorflow.Tensor,
    indices: Tensorflow.Tensor,
    context: ModelContext,
  ): Tensorflow.Tensor2D {
    return tf.concat([features, this.lookup(indices, context)], 1) as Tensorflow.Tensor2D;
  }

  /** The trained embeddings: [ids + 1 × width]; the last is that of unknown ids. */
  get values(): Float32Array {
    if (!this.table) throw new Error(`The embeddings of ${this.name} have no weights yet.`);
    return this.table.values;
  }
}

/** What rows of several of the model's entities name. Null where only one does: it would have nobody to share with. */
export interface SharedIds {
  /** Of rankings and demand. */
  readonly items: IdEmbedding | null;
  /** Of users and transactions. */
  readonly countries: IdEmbedding | null;
}

/** Which ids a model's tasks share. */
function sharedKinds(tasks: readonly TaskName[]): { items: boolean; countries: boolean } {
  const hasUsers =
    tasks.some((task) => isUserTask(task) || isCustomTask(task)) || tasks.includes('RECOMMENDATION');
  return {
    items: tasks.includes('RECOMMENDATION') && tasks.includes('DEMAND'),
    countries: hasUsers && tasks.includes('FRAUD'),
  };
}

/** Ids known before the cut. @param width of the embeddings; 0 = share none */
export function gatherSharedIds(data: TrainingData, tasks: readonly TaskName[], width: number): SharedIds {
  const kinds = sharedKinds(width > 0 ? tasks : []);
  return sharedIds(
    {
      items: kinds.items ? itemsBefore(data) : null,
      countries: kinds.countries ? countriesBefore(data) : null,
    },
    width,
  );
}

function sharedIds(
  ids: { items: readonly string[] | null; countries: readonly string[] | null },
  width: number,
): SharedIds {
  return {
    items: ids.items && new IdEmbedding('items', new Vocabulary(ids.items), width),
    countries: ids.countries && new IdEmbedding('countries', new Vocabulary(ids.countries), width),
  };
}

export async function saveSharedIds(directory: string, { items, countries }: SharedIds): Promise<void> {
  const saved = { items: items?.vocabulary.ids ?? null, countries: countries?.vocabulary.ids ?? null };
  await writeFile(join(directory, FILE), JSON.stringify(saved));
}

export async function loadSharedIds(directory: string, width: number): Promise<SharedIds> {
  const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Parameters<typeof sharedIds>[0];
  return sharedIds(saved, width);
}

/** A user's country as ISO code, '' where it is not known. */
export function countryOf(user: HistoryUser | undefined): string {
  const code = user?.attributes.countryCode;
  return typeof code === 'string' ? code : '';
}

/** Indices of the countries that orders are billed to. */
export function billingCountriesOf(
  { vocabulary }: IdEmbedding,
  transactions: readonly TransactionContext[],
): Int32Array {
  return Int32Array.from(transactions, ({ transaction }) =>
    vocabulary.indexOf(transaction.billingCountry ?? ''),
  );
}

/** A country as the input of an exported network. */
export function countryMeaning({ vocabulary }: IdEmbedding): {
  description: string;
  vocabulary: readonly string[];
} {
  return { description: "ISO code of the country; '' where it is not known", vocabulary: vocabulary.ids };
}

/** Indices of users' countries. */
export function countriesOf(countries: IdEmbedding, history: ShopHistory, users: Int32Array): Int32Array {
  return Int32Array.from(users, (user) => countries.vocabulary.indexOf(countryOf(history.users[user])));
}

function itemsBefore({ history, cut }: TrainingData): string[] {
  const isKnown = knownItems(history, cut);
  return history.items.filter((_, item) => isKnown[item] === 1).map(({ id }) => id);
}

function countriesBefore({ history, cut }: TrainingData): string[] {
  const { behaviours, userOffsets } = history;
  const found = new Set<string>();
  history.users.forEach((user, at) => {
    const isKnown = userOffsets[at] < userOffsets[at + 1] && behaviours.occurredAt[userOffsets[at]] < cut;
    if (isKnown) found.add(countryOf(user));
  });
  for (const { occurredAt, billingCountry } of history.transactions)
    if (occurredAt < cut) found.add(billingCountry ?? '');
  return [...found].sort();
}
