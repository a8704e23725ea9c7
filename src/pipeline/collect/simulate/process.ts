/** The numbers of the process that makes a shop. The truth is computed from these, never fitted. */

/** A user's habits, each standard normal over users; an order shows all of them, with noise. */
export const TRAITS = ['hour', 'units', 'basket', 'price'] as const;
export type Trait = (typeof TRAITS)[number];
export const TRAIT_COUNT = TRAITS.length;

/** Tasks that a latent direction of the user's traits drives. */
export const DRIVEN_TASKS = ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION', 'FRAUD'] as const;
export type DrivenTask = (typeof DRIVEN_TASKS)[number];

/** Orthonormal: a task's own direction, before the dial turns it towards (or against) that of purchase intent. */
const OWN_DIRECTIONS: Readonly<Record<DrivenTask, readonly number[]>> = {
  PURCHASE_INTENT: [0.8, 0.6, 0, 0],
  CHURN: [0, 0, 1, 0],
  RECOMMENDATION: [0, 0, 0, 1],
  FRAUD: [0.6, -0.8, 0, 0],
};

export const PROCESS = {
  /** Deviation of an order's traits about the user's own. */
  orderNoise: 0.7,
  /** Visits a day of a user in the middle, and the log-change with the drive of purchase intent. */
  visitRate: 0.12,
  intentEffect: 0.4,
  /** Hazard a day of leaving for good, and the log-change with the drive of churn (taken as staying: more of it, less hazard). */
  leavingRate: 0.004,
  stayingEffect: 0.9,
  /** Share of visits that end in an order. */
  conversion: 0.3,
  /** Share of the draws of an item that go to the user's habits, and how many habits a user has. */
  habitShare: 0.3,
  habits: 3,
  /** Logits of fraud with the drive of fraud. */
  fraudEffect: 0.8,
  /** How strongly the drive of recommendation decides which tastes a user has. */
  tasteEffect: 1.5,
  tastes: 12,
  categories: 16,
  factors: 4,
} as const;

/**
 * The direction in trait space that drives a task: its own, turned by the dial (as in the synthetic tasks of Ma et al., KDD 2018, where
 * relatedness is the cosine between two tasks' weights). CHURN's direction is that of staying, so that 1 is the natural way round.
 *
 * @returns [traits] of length 1
 */
export function directionOf(task: DrivenTask, relatedness: number): Float64Array {
  const intent = OWN_DIRECTIONS.PURCHASE_INTENT;
  if (task === 'PURCHASE_INTENT') return Float64Array.from(intent);
  const rest = Math.sqrt(Math.max(0, 1 - relatedness * relatedness));
  return Float64Array.from(OWN_DIRECTIONS[task], (own, at) => relatedness * intent[at] + rest * own);
}

/** The part of a task's direction that is at right angles to that of purchase intent. */
export const ownDirection = (task: DrivenTask): readonly number[] => OWN_DIRECTIONS[task];

/** @param traits [traits] @param direction [traits] */
export function drive(traits: ArrayLike<number>, direction: ArrayLike<number>, from = 0): number {
  let sum = 0;
  for (let at = 0; at < TRAIT_COUNT; at++) sum += traits[from + at] * direction[at];
  return sum;
}

export const visitRateOf = (intentDrive: number): number =>
  PROCESS.visitRate * Math.exp(PROCESS.intentEffect * intentDrive);

export const leavingRateOf = (stayingDrive: number): number =>
  PROCESS.leavingRate * Math.exp(-PROCESS.stayingEffect * stayingDrive);

/** What an order looks like, from its traits: hour of the day, units a line, lines, and what is paid against the list price. */
export const HOUR = { mean: 13, spread: 2.2, earliest: 0.25, latest: 22.5 } as const;
export const hourOf = (trait: number): number =>
  Math.min(HOUR.latest, Math.max(HOUR.earliest, HOUR.mean + HOUR.spread * trait));
export const unitsOf = (trait: number): number => Math.max(1, Math.round(Math.exp(0.8 + 0.5 * trait)));
export const linesOf = (trait: number): number =>
  Math.min(12, Math.max(1, Math.round(Math.exp(0.6 + 0.4 * trait))));
export const premiumOf = (trait: number): number => Math.exp(0.3 * trait);
