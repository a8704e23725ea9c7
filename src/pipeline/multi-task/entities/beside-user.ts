import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchArrays,
  type BatchSpec,
  idColumn,
  type ModelContext,
  tf,
} from '../../../nn/index.js';
import { type ShopHistory, type TransactionContext } from '../../index.js';
import {
  type BehaviourSequences,
  behaviourSequences,
  orderSequences,
  SEQUENCE_PLACES,
} from '../../preprocess/index.js';
import type { TensorMeaning } from '../../single-task/index.js';
import type { EntityExamples, ExampleColumn } from '../joint-rows.js';
import type { SequenceEncoder, SequenceTensors } from '../sequence-encoder.js';
import { billingCountriesOf, countriesOf, countryMeaning, type SharedIds } from '../shared-ids.js';

type Part = 'country' | keyof SequenceTensors;

/** What rows about a user hold beside their features, and share with other entities' rows: the country, and what the user did last. */
export class BesideUser {
  /** Columns, where there are any. */
  readonly spec: BatchSpec;
  /** Numbers that stand behind the features. */
  readonly width: number;

  /** @param nameOf names of the columns; several entities' lie in one row */
  constructor(
    private readonly ids: SharedIds,
    private readonly nameOf: (part: Part) => string,
  ) {
    const { countries, sequences } = ids;
    this.width = (countries?.width ?? 0) + (sequences?.width ?? 0);
    this.spec = {
      ...(countries && { [nameOf('country')]: idColumn() }),
      ...sequences?.spec(nameOf),
    };
  }

  /** Columns of users. @param times [users], or one for all: nothing at or after it is read */
  ofUsers(history: ShopHistory, users: Int32Array, times: Float64Array | number): BatchArrays {
    const { countries, sequences } = this.ids;
    return {
      ...(countries && { [this.nameOf('country')]: countriesOf(countries, history, users) }),
      ...(sequences && this.named(behaviourSequences(history, users, times, sequences))),
    };
  }

  /** Columns of those who order, from what is known of them then: where it is billed to, and the earlier orders. */
  ofOrders(orders: readonly TransactionContext[]): BatchArrays {
    const { countries, sequences } = this.ids;
    return {
      ...(countries && { [this.nameOf('country')]: billingCountriesOf(countries, orders) }),
      ...(sequences && this.named(orderSequences(orders, sequences))),
    };
  }

  /** Columns as examples have them. */
  columns(arrays: BatchArrays): EntityExamples['columns'] {
    return Object.fromEntries(
      Object.entries(arrays).map(([name, values]) => [
        name,
        { spec: this.spec[name], values: values as ExampleColumn['values'] },
      ]),
    );
  }

  /** [rows, features] → [rows, features + width] @param columns those of `spec` */
  join(features: Tensorflow.Tensor, columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const { countries, sequences } = this.ids;
    const parts = [features];
    if (countries) parts.push(countries.lookup(columns[this.nameOf('country')], context));
    if (sequences) parts.push(sequences.encode(this.sequencesOf(columns), context));
    return (parts.length === 1 ? features : tf.concat(parts, 1)) as Tensorflow.Tensor2D;
  }

  /** Numbers of the embedded sequences: length × width of a place; 0 where there are none. */
  get sequenceNumbers(): number {
    const { sequences } = this.ids;
    return sequences ? sequences.length * sequences.width : 0;
  }

  /** The sequences' places, embedded: [rows, sequenceNumbers]. */
  embedded(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Tensor2D {
    const sequences = this.encoder();
    const embedded = sequences.embed(sequences.asked(this.sequencesOf(columns)), context);
    return tf.reshape(embedded, [-1, this.sequenceNumbers]);
  }

  /** As `join`, with the places as `embedded` gives them, or on the way there. */
  joinEmbedded(
    features: Tensorflow.Tensor,
    embedded: Tensorflow.Tensor,
    columns: Batch<BatchSpec>,
    context: ModelContext,
  ): Tensorflow.Tensor2D {
    const { countries, sequences } = this.ids;
    const parts = [features];
    if (countries) parts.push(countries.lookup(columns[this.nameOf('country')], context));
    if (sequences) {
      const places = tf.reshape(embedded, [-1, sequences.length, sequences.width]);
      const { types } = sequences.asked(this.sequencesOf(columns));
      parts.push(sequences.fromEmbedded(places, types, context));
    }
    return tf.concat(parts, 1) as Tensorflow.Tensor2D;
  }

  /** What the sequences' columns hold; null where there are none. */
  sequenceValues(columns: BatchArrays) {
    const { sequences } = this.ids;
    if (!sequences) return null;
    const of = (part: Part) => columns[this.nameOf(part)];
    const values = { items: of('items'), types: of('types'), days: of('days') };
    return { vocabulary: sequences.vocabulary, length: sequences.length, values };
  }

  /** Where the encoder has a place of the sequence; -1 where it does not see it. */
  placeOf(place: number): number {
    return this.encoder().placeOf(place);
  }

  /** The sequence encoder's own loss; null where there is none. @param columns those of `spec`, a row an example */
  sequenceLoss(columns: Batch<BatchSpec>, context: ModelContext): Tensorflow.Scalar | null {
    return this.ids.sequences?.loss(this.sequencesOf(columns), context) ?? null;
  }

  sequencesOf(columns: Batch<BatchSpec>): SequenceTensors {
    const of = (part: Part) => columns[this.nameOf(part)];
    return { items: of('items'), types: of('types'), days: of('days') };
  }

  /** The columns as inputs of an exported network. */
  get meanings(): Record<string, TensorMeaning> {
    const { countries, sequences } = this.ids;
    const order = sequences && `the latest ${sequences.length} behaviours, the last one at the end`;
    return {
      ...(countries && { [this.nameOf('country')]: countryMeaning(countries) }),
      ...(sequences && {
        [this.nameOf('items')]: {
          description: `items of ${order}; an empty place has none`,
          vocabulary: sequences.vocabulary.ids,
        },
        [this.nameOf('types')]: {
          description: `types of ${order}`,
          vocabulary: SEQUENCE_PLACES,
        },
        [this.nameOf('days')]: {
          description: `of ${order}: days before the time in question, and days since the behaviour before`,
        },
      }),
    };
  }

  private encoder(): SequenceEncoder {
    const { sequences } = this.ids;
    if (!sequences) throw new Error('The model looks at no sequences.');
    return sequences;
  }

  private named({ items, types, days }: BehaviourSequences): BatchArrays {
    return {
      [this.nameOf('items')]: items,
      [this.nameOf('types')]: types,
      [this.nameOf('days')]: days,
    };
  }
}

/** Names such as userCountry and userItems. */
export const prefixed =
  (prefix: string) =>
  (part: Part): string =>
    prefix + part[0].toUpperCase() + part.slice(1);
