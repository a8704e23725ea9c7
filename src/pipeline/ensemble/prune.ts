/** Which members pay: those whose part in the ensemble is worth more than chance, for each costs time at every answer. */
import type { UnitStatistic } from '../evaluate/index.js';
import type { Pruning } from '../index.js';
import { worthOf } from './held-out.js';
import { gainOf, isWorthIt } from './weights.js';

/** Some members as an ensemble. */
export interface Subset {
  /** Indices, ascending. */
  readonly members: readonly number[];
  /** The deciding figure on examples that the subset's weights were not fitted to. */
  readonly statistic: UnitStatistic;
}

export interface Pruned {
  readonly kept: readonly number[];
  /** Every subset that was the best of its size on the way, the first one first. */
  readonly path: readonly Subset[];
}

/**
 * FORWARD_SELECTION: from the best member on, the one that helps most is added for as long as the gain is above its standard error by paired
 * bootstrap (without replacement; after Caruana et al., ICML 2004). BACKWARD_ELIMINATION: from all members on, the one that is missed least
 * is left out for as long as the best subset so far is not better by more than that. NONE keeps all.
 *
 * @param measure the subset of the given members
 */
export function pruneMembers(
  method: Pruning,
  count: number,
  measure: (members: readonly number[]) => Subset,
  seed: number,
): Pruned {
  const all = Array.from({ length: count }, (_, member) => member);
  switch (method) {
    case 'NONE':
      return { kept: all, path: [measure(all)] };
    case 'FORWARD_SELECTION':
      return addMembers(all, measure, seed);
    case 'BACKWARD_ELIMINATION':
      return dropMembers(all, measure, seed);
  }
}

/** Goes on to the end, so that the report shows also what was not worth it. */
function addMembers(
  all: readonly number[],
  measure: (members: readonly number[]) => Subset,
  seed: number,
): Pruned {
  const path: Subset[] = [best(all.map((member) => measure([member])))];
  let kept = path[0].members;
  for (let isOpen = true; path[path.length - 1].members.length < all.length;) {
    const before = path[path.length - 1];
    const left = all.filter((member) => !before.members.includes(member));
    const next = best(left.map((member) => measure([...before.members, member].sort((a, b) => a - b))));
    path.push(next);
    isOpen &&= isWorthIt(gainOf(before.statistic, next.statistic, seed));
    if (isOpen) kept = next.members;
  }
  return { kept, path };
}

function dropMembers(
  all: readonly number[],
  measure: (members: readonly number[]) => Subset,
  seed: number,
): Pruned {
  const path: Subset[] = [measure(all)];
  let kept = all;
  let strongest = path[0];
  for (let isOpen = true; path[path.length - 1].members.length > 1;) {
    const before = path[path.length - 1].members;
    const next = best(before.map((out) => measure(before.filter((member) => member !== out))));
    path.push(next);
    // Against the best so far, not the one before, so that many small losses do not add up unseen.
    isOpen &&= !isWorthIt(gainOf(next.statistic, strongest.statistic, seed));
    if (isOpen) kept = next.members;
    strongest = best([strongest, next]);
  }
  return { kept, path };
}

function best(subsets: readonly Subset[]): Subset {
  return subsets.reduce((top, one) => (worthOf(one.statistic) > worthOf(top.statistic) ? one : top));
}
