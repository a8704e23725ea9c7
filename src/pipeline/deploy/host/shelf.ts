import { AppError } from '../../../errors.js';
import { hashText } from '../../../nn/random.js';
import type { DeploymentRow } from '../../../store/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type { Model } from '../../index.js';
import type { ServedBy } from '../serving-contract.js';
import type { LoadedBundle } from './bundle.js';

const HASH_RANGE = 2 ** 32;

/** A deployed version in memory. */
export interface Serving {
  readonly deployment: DeploymentRow;
  readonly bundle: LoadedBundle;
}

/** The model that answers one user, and what the answer says of it. */
export interface Choice {
  readonly model: Model;
  readonly servedBy: ServedBy;
}

/** The versions that one shop serves, newest first. Set aside, they are disposed of when the last call on them has ended. */
export class Shelf {
  private calls = 0;
  private isSetAside = false;
  private isDisposed = false;

  constructor(readonly servings: readonly Serving[]) {}

  /** Keeps the models for as long as the work takes. */
  async use<Result>(work: (shelf: Shelf) => Promise<Result>): Promise<Result> {
    this.calls++;
    try {
      return await work(this);
    } finally {
      this.calls--;
      this.disposeWhenUnused();
    }
  }

  setAside(): void {
    this.isSetAside = true;
    this.disposeWhenUnused();
  }

  /**
   * The version that serves this key: the newest whose share of traffic takes it in. A key always gets the same one.
   *
   * @throws AppError NOT_READY when none has the task
   */
  choose(task: TaskName, key: string): Choice {
    const servings = this.servings.filter(({ deployment }) => deployment.tasks.includes(task));
    if (servings.length === 0) {
      throw new AppError('NOT_READY', `No deployed model answers for ${task} yet. Train one and deploy it.`);
    }
    const { deployment, bundle } =
      servings.find(
        ({ deployment: { id, trafficShare } }) => hashText(`${id}/${key}`) / HASH_RANGE < trafficShare,
      ) ?? servings[servings.length - 1];
    const { model, entry } = bundle.predictor(task);
    return { model, servedBy: { modelVersionId: deployment.modelVersionId, threshold: entry.threshold } };
  }

  private disposeWhenUnused(): void {
    if (!this.isSetAside || this.calls > 0 || this.isDisposed) return;
    this.isDisposed = true;
    for (const { bundle } of this.servings) bundle.dispose();
  }
}
