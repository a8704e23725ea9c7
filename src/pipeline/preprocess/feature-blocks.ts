/**
 * Features of users over a history that does not fit into memory, a block of users at a time, by the functions that serving calls for
 * one user: equal to the bit to those of the whole history.
 */
import { setImmediate as yieldToLoop } from 'node:timers/promises';

import type { ShopHistory } from '../index.js';
import { BuyerCounter, type ItemStatistics } from './item-statistics.js';
import { buyersBefore } from './labels.js';
import { type Standardiser, StandardiserFit } from './standardiser.js';
import { USER_FEATURE_COUNT, userFeatures } from './user-features.js';

/** A history in blocks of whole users, each with all items, that can be read more than once, always in the same order. */
export interface HistoryBlocks {
  readonly items: readonly { readonly id: string }[];
  blocks(): AsyncIterable<{ readonly firstUser: number; readonly history: ShopHistory }>;
}

/** Takes features as they are computed and gives them back: a file, or memory. */
export interface FeatureSink {
  /** @param users places among all users; @param features [users × features] not yet standardised */
  write(cut: number, users: Int32Array, features: Float32Array): Promise<void>;
  /** What was written for the cut, part by part, in the order of writing. */
  read(cut: number): AsyncIterable<{ readonly users: Int32Array; readonly features: Float32Array }>;
}

/** What one cut's features need beside themselves to be used: the population as of that cut. */
export interface CutFeatures {
  readonly cut: number;
  /** Users with a purchase before the cut: those who have features. */
  readonly users: number;
  readonly statistics: ItemStatistics;
  readonly standardiser: Standardiser;
}

/**
 * Computes the features of all buyers as of each cut: a first pass counts the population, a second computes, block by block.
 *
 * @returns the populations, in the order of the cuts; the features are in the sink
 */
export async function featuresOfBlocks(
  source: HistoryBlocks,
  cuts: readonly number[],
  sink: FeatureSink,
): Promise<CutFeatures[]> {
  const counters = cuts.map((cut) => new BuyerCounter(source.items.length, cut));
  for await (const { history } of source.blocks()) {
    for (const counter of counters) counter.add(history);
    // Other work of the process (heartbeats, cancelling) gets its turn.
    await yieldToLoop();
  }
  const itemIds = source.items.map((item) => item.id);
  const statistics = counters.map((counter) => counter.statistics(itemIds));
  const fits = counters.map((counter) => new StandardiserFit(counter.buyersInAll, USER_FEATURE_COUNT));
  for await (const { firstUser, history } of source.blocks()) {
    for (const [at, cut] of cuts.entries()) {
      const users = buyersBefore(history, cut);
      const features = userFeatures(history, users, cut, statistics[at]);
      fits[at].addMeans(features);
      await sink.write(
        cut,
        users.map((user) => firstUser + user),
        features,
      );
      await yieldToLoop();
    }
  }
  for (const [at, cut] of cuts.entries())
    for await (const { features } of sink.read(cut)) fits[at].addDeviations(features);
  return cuts.map((cut, at) => ({
    cut,
    users: counters[at].buyersInAll,
    statistics: statistics[at],
    standardiser: fits[at].finish(),
  }));
}
