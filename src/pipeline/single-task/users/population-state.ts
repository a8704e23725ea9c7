/** The population that a user model compares users with, kept beside its weights. */
import { join } from 'node:path';

import { loadTensors, saveTensors } from '../../../nn/index.js';
import type { ShopHistory, UserRequest } from '../../index.js';
import {
  alignStatistics,
  Standardiser,
  USER_FEATURES,
  userFeatures,
  type UserPopulation,
  userPopulation,
  zeroWhereUnknown,
} from '../../preprocess/index.js';

const FILE = 'population.safetensors';

export class PopulationState {
  private constructor(readonly population: UserPopulation) {}

  static fit(history: ShopHistory, cut: number): PopulationState {
    return new PopulationState(userPopulation(history, cut));
  }

  /** Features of the request's users. @returns [users × features] standardised */
  features({ history, users, asOf }: UserRequest): Float32Array {
    const { standardiser } = this.population;
    return standardiser.apply(userFeatures(history, users, asOf, this.alignedStatistics(history)));
  }

  /** The same, with the average user's for users of whom no purchase is known. @returns [users × features] standardised */
  featuresOfAnybody({ history, users, asOf }: UserRequest): Float32Array {
    const raw = userFeatures(history, users, asOf, this.alignedStatistics(history));
    return zeroWhereUnknown(raw, this.population.standardiser.apply(raw.slice()));
  }

  /** Item statistics in the order of another history's items. */
  alignedStatistics(history: ShopHistory) {
    return alignStatistics(
      this.population.statistics,
      history.items.map((item) => item.id),
    );
  }

  async save(directory: string): Promise<void> {
    const { statistics, standardiser } = this.population;
    const vector = (values: Float32Array) => ({ shape: [values.length], values });
    await saveTensors(join(directory, FILE), {
      tensors: {
        buyers: vector(statistics.buyers),
        recentBuyers: vector(statistics.recentBuyers),
        loyalBuyers: vector(statistics.loyalBuyers),
      },
      metadata: {
        // As text: the tensors' 32 bits would change what is standardised after loading.
        means: JSON.stringify([...standardiser.means]),
        deviations: JSON.stringify([...standardiser.deviations]),
        loyalShare: JSON.stringify(statistics.loyalShare),
        itemIds: JSON.stringify(statistics.itemIds),
        features: JSON.stringify(USER_FEATURES.map(({ name }) => name)),
      },
    });
  }

  /** @throws Error when the model was made with other features */
  static async load(directory: string): Promise<PopulationState> {
    const { tensors, metadata } = await loadTensors(join(directory, FILE));
    const features = JSON.stringify(USER_FEATURES.map(({ name }) => name));
    if (metadata.features !== features)
      throw new Error('The model was made with other user features; train it again.');
    const floats = (name: string) => tensors[name].values as Float32Array;
    const numbers = (name: string) => Float64Array.from(JSON.parse(metadata[name]) as number[]);
    return new PopulationState({
      statistics: {
        itemIds: JSON.parse(metadata.itemIds) as string[],
        buyers: floats('buyers'),
        recentBuyers: floats('recentBuyers'),
        loyalBuyers: floats('loyalBuyers'),
        loyalShare: JSON.parse(metadata.loyalShare) as number,
      },
      standardiser: new Standardiser(numbers('means'), numbers('deviations')),
    });
  }
}
