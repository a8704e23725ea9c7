import type { TaskName } from '../../../tasks/index.js';
import type { UnitStatistic } from '../../evaluate/index.js';
import type { TaskAffinity } from '../../index.js';
import { type TransferGain, transferGain } from './gain.js';
import { bestGrouping, type TaskGroup } from './grouping.js';

/** Whether tasks help each other, by measurement. */
export interface TransferReport {
  readonly architecture: string;
  readonly protocol: string;
  readonly seeds: readonly number[];
  /** Of every pair, of all tasks together, and of the recommended groups. */
  readonly gains: readonly TransferGain[];
  readonly groups: readonly TaskGroup[];
  /** Of every pair, learnt with all others. */
  readonly affinities: readonly PairAffinity[];
}

/**
 * Cosine between two tasks' gradients by the layers that they share: above 0 their steps agree (task affinity by gradients; Yu et al.,
 * NeurIPS 2020; Fifty et al., NeurIPS 2021). It foretells transfer, it does not measure it: the gains decide.
 */
export interface PairAffinity extends TaskAffinity {
  /** Lowest and highest of the seeds. */
  readonly low: number;
  readonly high: number;
}

/** What a net that learnt several tasks came to. */
export interface TogetherMeasured {
  readonly figures: Partial<Record<TaskName, UnitStatistic>>;
  readonly affinities: readonly TaskAffinity[];
}

/** The deciding figures of a net that learnt `tasks` together from a seed, by task, and how their gradients lie where that was asked for. */
export type MeasureTogether = (
  tasks: readonly TaskName[],
  seed: number,
  areGradientsCompared: boolean,
) => Promise<TogetherMeasured>;

export interface TransferOptions {
  readonly tasks: readonly TaskName[];
  readonly seeds: readonly number[];
  readonly architecture: string;
  readonly protocol: string;
  readonly measure: MeasureTogether;
  /** Called with the share of the fits that is done. */
  readonly onProgress?: (share: number) => void;
}

/** Groups are chosen, measured where they were not, and chosen again at most so often. */
const ROUNDS = 3;

/**
 * Measures each task alone, in every pair and with all others, by the same net from the same seeds; then recommends which to learn
 * together (task grouping: Standley et al., ICML 2020). A recommended group that was only guessed from its pairs is measured before it
 * is recommended.
 */
export async function transferReport(options: TransferOptions): Promise<TransferReport> {
  const { tasks, seeds, architecture, protocol } = options;
  const measured = new Map<string, Record<TaskName, UnitStatistic>[]>();
  const first = [
    ...tasks.map((task) => [task]),
    ...pairsOf(tasks),
    ...(tasks.length > 2 ? [[...tasks]] : []),
  ];
  let done = 0;
  const compared: TaskAffinity[][] = [];
  const measureSet = async (set: readonly TaskName[], planned: number): Promise<void> => {
    const bySeed: Record<TaskName, UnitStatistic>[] = [];
    for (const seed of seeds) {
      const isWhole = set.length > 1 && set.length === tasks.length;
      const { figures, affinities } = await options.measure(set, seed, isWhole);
      bySeed.push(figures as Record<TaskName, UnitStatistic>);
      if (isWhole) compared.push([...affinities]);
      done++;
      options.onProgress?.(Math.min(1, done / (planned * seeds.length)));
    }
    measured.set(set.join('+'), bySeed);
  };
  for (const set of first) await measureSet(set, first.length + 1);
  const gains = first.filter((set) => set.length > 1).flatMap((set) => gainsOf(set, measured));
  let groups = bestGrouping(tasks, gains);
  for (let round = 0; round < ROUNDS; round++) {
    const guessed = groups.filter((group) => !group.isMeasured);
    if (guessed.length === 0) break;
    for (const group of guessed) {
      await measureSet(group.tasks, first.length + 1);
      gains.push(...gainsOf(group.tasks, measured));
    }
    groups = bestGrouping(tasks, gains);
  }
  options.onProgress?.(1);
  return { architecture, protocol, seeds, gains, groups, affinities: overSeeds(compared) };
}

/** @param compared pairs by seed, in the same order each */
function overSeeds(compared: readonly TaskAffinity[][]): PairAffinity[] {
  const [first = []] = compared;
  return first.map(({ task, other }, pair) => {
    const cosines = compared.map((pairs) => pairs[pair].cosine);
    const cosine = cosines.reduce((a, b) => a + b) / cosines.length;
    return { task, other, cosine, low: Math.min(...cosines), high: Math.max(...cosines) };
  });
}

function gainsOf(
  set: readonly TaskName[],
  measured: ReadonlyMap<string, Record<TaskName, UnitStatistic>[]>,
): TransferGain[] {
  return set.map((task) =>
    transferGain(task, set, {
      alone: (measured.get(task) ?? []).map((figures) => figures[task]),
      shared: (measured.get(set.join('+')) ?? []).map((figures) => figures[task]),
      seed: 1,
    }),
  );
}

function pairsOf(tasks: readonly TaskName[]): TaskName[][] {
  return tasks.flatMap((one, at) => tasks.slice(at + 1).map((other) => [one, other]));
}
