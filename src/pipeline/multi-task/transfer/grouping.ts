import type { TaskName } from '../../../tasks/index.js';
import type { TransferGain } from './gain.js';

/** SHARE: one net. SHARE_PARTLY: one net with experts and gates, which can keep to themselves. APART: a net of its own. */
export type Sharing = 'SHARE' | 'SHARE_PARTLY' | 'APART';

export interface TaskGroup {
  readonly tasks: readonly TaskName[];
  readonly sharing: Sharing;
  /** Whether the group itself was measured, or its gains are means of its pairs' (as Standley et al., ICML 2020, found to hold well). */
  readonly isMeasured: boolean;
}

/** Half the width of a 95 % interval in standard errors. */
const Z = 1.96;

const nameOf = (tasks: readonly TaskName[]): string => [...tasks].sort().join('+');

/**
 * The partition of the tasks that gains most in all, each task's gain in units of its standard error; a group with a member that is
 * clearly harmed is never taken. What gains nothing stays apart.
 *
 * @param gains of every pair, and of larger sets where they were measured
 */
export function bestGrouping(tasks: readonly TaskName[], gains: readonly TransferGain[]): TaskGroup[] {
  const known = new Map(gains.map((gain) => [`${gain.task} in ${nameOf(gain.together)}`, gain]));
  const worths = new Map<string, Worth>();
  const worthOf = (group: readonly TaskName[]): Worth => {
    const name = nameOf(group);
    const worth = worths.get(name) ?? groupWorth(group, known);
    worths.set(name, worth);
    return worth;
  };
  let best = { groups: tasks.map((task) => [task]), total: 0 };
  for (const groups of partitions(tasks)) {
    const total = groups.reduce((sum, group) => sum + worthOf(group).total, 0);
    if (total > best.total) best = { groups, total };
  }
  return best.groups.map((group) => {
    const { sharing, isMeasured } = worthOf(group);
    return { tasks: group, sharing, isMeasured };
  });
}

interface Worth {
  /** Sum of the members' gains in standard errors; -Infinity where one is clearly harmed. */
  readonly total: number;
  readonly sharing: Sharing;
  readonly isMeasured: boolean;
}

function groupWorth(group: readonly TaskName[], known: ReadonlyMap<string, TransferGain>): Worth {
  if (group.length === 1) return { total: 0, sharing: 'APART', isMeasured: true };
  const own = group.map((task) => known.get(`${task} in ${nameOf(group)}`));
  const isMeasured = own.every((gain) => gain !== undefined);
  const members = group.map((task, at) => {
    const measured = own[at];
    if (measured)
      return {
        isHarmed: measured.verdict === 'HARMS',
        isClear: measured.verdict === 'HELPS',
        z: zOf(measured),
      };
    const pairs = group
      .filter((other) => other !== task)
      .map((other) => known.get(`${task} in ${nameOf([task, other])}`));
    const z = pairs.reduce((sum, pair) => sum + (pair ? zOf(pair) : 0), 0) / pairs.length;
    return { isHarmed: pairs.some((pair) => pair?.verdict === 'HARMS'), isClear: z > Z, z };
  });
  const isHarmed = members.some((member) => member.isHarmed);
  const isClear = members.some((member) => member.isClear) && members.every((member) => member.z > -1);
  return {
    total: isHarmed ? -Infinity : members.reduce((sum, { z }) => sum + z, 0),
    sharing: isClear ? 'SHARE' : 'SHARE_PARTLY',
    isMeasured,
  };
}

/** Gain in standard errors; of one that does not vary at all, its sign alone. */
function zOf({ gain, low, high }: TransferGain): number {
  const error = (high - low) / (2 * Z);
  return error > 0 ? gain / error : Math.sign(gain);
}

/** All ways to part tasks into groups. */
function* partitions(tasks: readonly TaskName[]): Generator<TaskName[][]> {
  if (tasks.length === 0) {
    yield [];
    return;
  }
  const [first, ...rest] = tasks;
  for (const groups of partitions(rest)) {
    yield [[first], ...groups];
    for (let at = 0; at < groups.length; at++)
      yield groups.map((group, index) => (index === at ? [first, ...group] : group));
  }
}
