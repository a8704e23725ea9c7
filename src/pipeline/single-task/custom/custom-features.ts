/** The features of custom tasks: the user's, and beside them how much was shown so far of what the task counts. */
import type { CustomTask } from '../../../tasks/index.js';
import type { Contribution, UserRequest } from '../../index.js';
import {
  ACTIVITY_FEATURE_COUNT,
  ACTIVITY_FEATURES,
  activityLogs,
  BehaviourCounter,
  rawUserFeatures,
  Standardiser,
  standardiserOf,
  USER_FEATURE_COUNT,
  USER_FEATURES,
} from '../../preprocess/index.js';
import type { PopulationState } from '../users/population-state.js';

/** Features of a custom task: those of users first. */
export const CUSTOM_FEATURE_COUNT = USER_FEATURE_COUNT + ACTIVITY_FEATURE_COUNT;

/** What `save` keeps of the scales of the activity features, as JSON. */
export interface SavedActivityScales {
  readonly features: readonly string[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/** Brings activity to mean 0 and deviation 1 among the examples of training, also when the model answers. */
export class ActivityScales {
  private constructor(private readonly standardiser: Standardiser) {}

  /** @param activity [examples × ACTIVITY_FEATURE_COUNT] */
  static fit(activity: Float32Array): ActivityScales {
    return new ActivityScales(standardiserOf(activity, ACTIVITY_FEATURE_COUNT));
  }

  /** @throws Error when it was made with other features */
  static restore({ features, means, deviations }: SavedActivityScales): ActivityScales {
    if (features.join() !== ACTIVITY_FEATURES.map(({ name }) => name).join())
      throw new Error('The model was made with other activity features; train it again.');
    return new ActivityScales(new Standardiser(Float64Array.from(means), Float64Array.from(deviations)));
  }

  get saved(): SavedActivityScales {
    const { means, deviations } = this.standardiser;
    return {
      features: ACTIVITY_FEATURES.map(({ name }) => name),
      means: [...means],
      deviations: [...deviations],
    };
  }

  /** Standardises in place. @param activity [rows × ACTIVITY_FEATURE_COUNT] */
  apply(activity: Float32Array): Float32Array {
    return this.standardiser.apply(activity);
  }

  /** Activity of the request's users. @returns [users × ACTIVITY_FEATURE_COUNT] standardised */
  of(task: CustomTask, { history, users, asOf }: UserRequest): Float32Array {
    return this.apply(activityLogs(new BehaviourCounter(history, task).rawActivity(users, asOf)));
  }
}

/** Rows of both kinds of features side by side. @returns [rows × CUSTOM_FEATURE_COUNT] */
export function besideEachOther(userFeatures: Float32Array, activity: Float32Array): Float32Array {
  const rows = activity.length / ACTIVITY_FEATURE_COUNT;
  const joined = new Float32Array(rows * CUSTOM_FEATURE_COUNT);
  for (let row = 0; row < rows; row++) {
    const [user, active] = [row * USER_FEATURE_COUNT, row * ACTIVITY_FEATURE_COUNT];
    joined.set(userFeatures.subarray(user, user + USER_FEATURE_COUNT), row * CUSTOM_FEATURE_COUNT);
    joined.set(
      activity.subarray(active, active + ACTIVITY_FEATURE_COUNT),
      row * CUSTOM_FEATURE_COUNT + USER_FEATURE_COUNT,
    );
  }
  return joined;
}

/**
 * Contributions by name, the largest first; none for a user who has done nothing yet.
 *
 * @param parts [users × CUSTOM_FEATURE_COUNT], in logits; for a number in its logarithm
 */
export function customContributions(
  { history, users, asOf }: UserRequest,
  {
    task,
    population,
    parts,
    first,
  }: {
    readonly task: CustomTask;
    readonly population: PopulationState;
    readonly parts: ArrayLike<number>;
    readonly first: number;
  },
): Contribution[][] {
  const statistics = population.alignedStatistics(history);
  const activity = new BehaviourCounter(history, task).rawActivity(users, asOf);
  return Array.from(users, (user, at) => {
    const raw = rawUserFeatures(history, user, asOf, statistics);
    const from = at * CUSTOM_FEATURE_COUNT;
    const known = activity.subarray(at * ACTIVITY_FEATURE_COUNT, (at + 1) * ACTIVITY_FEATURE_COUNT);
    if (known.every((value) => value === 0)) return [];
    const ofUser = USER_FEATURES.map(({ name, description }, index) => ({
      feature: name,
      description,
      value: raw?.[index] ?? 0,
      contribution: parts[from + index],
    }));
    const ofActivity = ACTIVITY_FEATURES.map(({ name, description }, index) => ({
      feature: name,
      description,
      value: known[index],
      contribution: parts[from + USER_FEATURE_COUNT + index],
    }));
    return [...(raw ? ofUser : []), ...ofActivity]
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
      .slice(0, first);
  });
}
