/** Embeddings of ids that rows of several entities name: what one task learns of an item or a country, the others read. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import { type ModelContext, type Table, tf, type WeightSet } from '../../nn/index.js';
import { isCustomTask, type TaskName } from '../../tasks/index.js';
import type { HistoryUser, ShopHistory, TrainingData, TransactionContext } from '../index.js';
import { knownItems, Vocabulary } from '../preprocess/index.js';
import { isUserTask } from '../single-task/index.js';
import { SequenceEncoder } from './sequence-encoder.js';
import type { MultiTaskSettings } from './settings.js';

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

/**
 * What rows of several of the model's entities hold. Ids are null where only one names them: it would have nobody to share with.
 */
export interface SharedIds {
  /** Of rankings and demand. */
  readonly items: IdEmbedding | null;
  /** Of users and transactions. */
  readonly countries: IdEmbedding | null;
  /** Of what users did last; null unless the settings ask for it. */
  readonly sequences: SequenceEncoder | null;
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

/** Names by kind; null = not shared. */
interface SharedNames {
  readonly items: readonly string[] | null;
  readonly countries: readonly string[] | null;
  /** Items of the sequences; there are none in what was written before there was the encoder. */
  readonly sequenceItems?: readonly string[] | null;
}

/** Ids known before the cut. */
export function gatherSharedIds(
  data: TrainingData,
  tasks: readonly TaskName[],
  settings: MultiTaskSettings,
): SharedIds {
  const { items, countries } = sharedKinds(settings.embeddingSize > 0 ? tasks : []);
  const hasSequences = settings.userEncoder !== 'FEATURES';
  const names = items || hasSequences ? itemsBefore(data) : null;
  return sharedIds(
    {
      items: items ? names : null,
      countries: countries ? countriesBefore(data) : null,
      sequenceItems: hasSequences ? names : null,
    },
    settings,
  );
}

function sharedIds({ items, countries, sequenceItems }: SharedNames, settings: MultiTaskSettings): SharedIds {
  const { embeddingSize } = settings;
  return {
    items: items && new IdEmbedding('items', new Vocabulary(items), embeddingSize),
    countries: countries && new IdEmbedding('countries', new Vocabulary(countries), embeddingSize),
    sequences: sequenceItems ? new SequenceEncoder(new Vocabulary(sequenceItems), settings) : null,
  };
}

export async function saveSharedIds(
  directory: string,
  { items, countries, sequences }: SharedIds,
): Promise<void> {
  const saved: SharedNames = {
    items: items?.vocabulary.ids ?? null,
    countries: countries?.vocabulary.ids ?? null,
    sequenceItems: sequences?.vocabulary.ids ?? null,
  };
  await writeFile(join(directory, FILE), JSON.stringify(saved));
}

export async function loadSharedIds(directory: string, settings: MultiTaskSettings): Promise<SharedIds> {
  return sharedIds(JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SharedNames, settings);
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
