/** Features in files, one a cut, kept for as long as nothing before their cut changes. */
import { appendFile, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type CutFeatures,
  type FeatureSink,
  featuresOfBlocks,
  type HistoryBlocks,
} from './feature-blocks.js';
import { alignStatistics, type ItemStatistics } from './item-statistics.js';
import { Standardiser } from './standardiser.js';
import { USER_FEATURE_COUNT, USER_FEATURES } from './user-features.js';

/** A history that counts its changes, such as the store's column files. */
export interface ChangingHistory extends HistoryBlocks {
  readonly generation: number;
  /** Time of the earliest change after a generation; Infinity where there is none. */
  changedSince(generation: number): number;
}

/** A cut's population as it stands in its file. */
interface KeptCut {
  readonly generation: number;
  /** Names of the features: others are not these. */
  readonly features: readonly string[];
  readonly users: number;
  readonly itemIds: readonly string[];
  readonly buyers: readonly number[];
  readonly recentBuyers: readonly number[];
  readonly loyalBuyers: readonly number[];
  readonly loyalShare: number;
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

const NAMES = USER_FEATURES.map(({ name }) => name);
/** Bytes before each part: the number of its users, padded. */
const HEAD_BYTES = 8;
const USER_BYTES = 4 + 4 * USER_FEATURE_COUNT;

/** A folder of features. */
export class FeatureFiles implements FeatureSink {
  constructor(private readonly directory: string) {}

  /**
   * Features as of each cut, computed where they are not kept or no longer hold: a new day costs the new cut, and a late behaviour the cuts
   * behind it.
   *
   * @returns the populations, in the order of the cuts, and the cuts that were computed now; `read` gives the features
   */
  async bringUp(
    history: ChangingHistory,
    cuts: readonly number[],
  ): Promise<{ cuts: CutFeatures[]; computed: readonly number[] }> {
    await mkdir(this.directory, { recursive: true });
    const kept = new Map<number, CutFeatures>();
    for (const cut of cuts) {
      const features = await this.kept(history, cut);
      if (features) kept.set(cut, features);
    }
    const due = cuts.filter((cut) => !kept.has(cut));
    for (const cut of due)
      for (const file of [this.file(cut), this.populationFile(cut)]) await rm(file, { force: true });
    if (due.length > 0)
      for (const features of await featuresOfBlocks(history, due, this)) {
        await this.keep(history.generation, features);
        kept.set(features.cut, features);
      }
    return { cuts: cuts.flatMap((cut) => kept.get(cut) ?? []), computed: due };
  }

  async write(cut: number, users: Int32Array, features: Float32Array): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(users.length, 0);
    await appendFile(this.file(cut), Buffer.concat([head, bytesOf(users), bytesOf(features)]));
  }

  async *read(cut: number): AsyncGenerator<{ users: Int32Array; features: Float32Array }> {
    const file = await open(this.file(cut));
    try {
      const head = Buffer.alloc(HEAD_BYTES);
      while ((await file.read(head, 0, HEAD_BYTES)).bytesRead === HEAD_BYTES) {
        const count = head.readUInt32LE(0);
        const bytes = new Uint8Array(count * USER_BYTES);
        await file.read(bytes, 0, bytes.length);
        yield {
          users: new Int32Array(bytes.buffer, 0, count),
          features: new Float32Array(bytes.buffer, 4 * count, count * USER_FEATURE_COUNT),
        };
      }
    } finally {
      await file.close();
    }
  }

  private async kept(history: ChangingHistory, cut: number): Promise<CutFeatures | undefined> {
    let kept: KeptCut;
    try {
      kept = JSON.parse(await readFile(this.populationFile(cut), 'utf8')) as KeptCut;
    } catch {
      return undefined; // never computed, or broken off
    }
    if (cut > history.changedSince(kept.generation) || kept.features.join() !== NAMES.join())
      return undefined;
    const statistics: ItemStatistics = {
      itemIds: kept.itemIds,
      buyers: Float32Array.from(kept.buyers),
      recentBuyers: Float32Array.from(kept.recentBuyers),
      loyalBuyers: Float32Array.from(kept.loyalBuyers),
      loyalShare: kept.loyalShare,
    };
    const standardiser = new Standardiser(Float64Array.from(kept.means), Float64Array.from(kept.deviations));
    // Items that came since have sold nothing before the cut.
    const aligned = alignStatistics(
      statistics,
      history.items.map((item) => item.id),
    );
    return { cut, users: kept.users, statistics: aligned, standardiser };
  }

  /** Written last and in one step: a cut whose features are not whole has no population. */
  private async keep(
    generation: number,
    { cut, users, statistics, standardiser }: CutFeatures,
  ): Promise<void> {
    const kept: KeptCut = {
      generation,
      features: NAMES,
      users,
      itemIds: statistics.itemIds,
      buyers: [...statistics.buyers],
      recentBuyers: [...statistics.recentBuyers],
      loyalBuyers: [...statistics.loyalBuyers],
      loyalShare: statistics.loyalShare,
      means: [...standardiser.means],
      deviations: [...standardiser.deviations],
    };
    await writeFile(`${this.populationFile(cut)}.new`, JSON.stringify(kept));
    await rename(`${this.populationFile(cut)}.new`, this.populationFile(cut));
  }

  private file(cut: number): string {
    return join(this.directory, `${cut}.features`);
  }

  private populationFile(cut: number): string {
    return join(this.directory, `${cut}.json`);
  }
}

function bytesOf(values: Int32Array | Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
