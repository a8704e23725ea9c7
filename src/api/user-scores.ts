/** Loaders of what models say about users: one read of histories and one call of the serving host, however many users. */
import DataLoader from 'dataloader';

import { AppError } from '../errors.js';
import type { Contribution } from '../pipeline/index.js';
import type { ShopStore, UserSessions } from '../store/index.js';
import type { TaskName } from '../tasks/index.js';
import type { Services } from './services.js';
import type { Prediction } from './types/prediction.type.js';

export interface ScoreKey {
  readonly userId: string;
  readonly task: TaskName;
}

export interface ExplanationKey extends ScoreKey {
  readonly first: number;
}

/** Histories of users, as of the shop's clock. */
export interface UserReading extends UserSessions {
  readonly asOf: number;
}

/** Reads the histories of users; the same users asked for twice in one request are read once. */
export class HistoryReader {
  private readonly reads = new Map<string, Promise<UserReading>>();

  constructor(
    private readonly services: Services,
    private readonly shop: ShopStore,
  ) {}

  /** @param userIds the shop's own ids, each once; history.users comes in their order */
  read(userIds: readonly string[]): Promise<UserReading> {
    const key = JSON.stringify(userIds);
    const known = this.reads.get(key);
    if (known) return known;
    const reading = Promise.all([
      this.shop.readUserSessions(userIds),
      this.services.clocks.asOf(this.shop),
    ]).then(([read, asOf]) => ({ ...read, asOf }));
    this.reads.set(key, reading);
    return reading;
  }
}

/** Ids in one order, so that loaders that batch the same users share one read. */
export function distinctUsers(keys: readonly { readonly userId: string }[]): string[] {
  return [...new Set(keys.map((key) => key.userId))].sort();
}

export function createScoreLoader(
  services: Services,
  shop: ShopStore,
  histories: HistoryReader,
): DataLoader<ScoreKey, Prediction, string> {
  const scoreBatch = async (keys: readonly ScoreKey[]): Promise<(Prediction | Error)[]> => {
    const tasks = [...new Set(keys.map((key) => key.task))];
    try {
      return await score(keys, tasks);
    } catch (thrown) {
      // One task without a model must not take the others' answers along.
      if (tasks.length === 1 || !(thrown instanceof AppError)) throw thrown;
      const byTask = new Map<TaskName, (Prediction | Error)[]>();
      for (const task of tasks) {
        const own = keys.filter((key) => key.task === task);
        byTask.set(task, await score(own, [task]).catch((error: unknown) => own.map(() => error as Error)));
      }
      return keys.map((key) => byTask.get(key.task)?.shift() as Prediction | Error);
    }
  };
  const score = async (keys: readonly ScoreKey[], tasks: readonly TaskName[]): Promise<Prediction[]> => {
    const userIds = distinctUsers(keys);
    const { history, asOf } = await histories.read(userIds);
    const scores = await services.serving.scoreUsers(shop.shopKey, history, asOf, tasks);
    const indexOf = new Map(history.users.map((user, index) => [user.id, index]));
    return keys.map(({ userId, task }) => {
      const index = indexOf.get(userId) ?? -1;
      const probability = scores.probabilities[task]?.[index];
      const servedBy = scores.servedBy[task]?.[index];
      if (probability === undefined || !servedBy) {
        throw new AppError('NOT_READY', `No deployed model answers ${task} yet.`);
      }
      const { threshold, modelVersionId } = servedBy;
      return { probability, threshold, label: probability >= threshold, modelVersionId, userId, task };
    });
  };
  return new DataLoader(scoreBatch, { cacheKeyFn: ({ userId, task }) => `${task} ${userId}` });
}

/** One call a task: the serving host explains one task at a time. */
export function createExplanationLoader(
  services: Services,
  shop: ShopStore,
  histories: HistoryReader,
): DataLoader<ExplanationKey, Contribution[], string> {
  const explainBatch = async (keys: readonly ExplanationKey[]): Promise<Contribution[][]> => {
    const answers = new Map<ExplanationKey, Contribution[]>();
    for (const task of new Set(keys.map((key) => key.task))) {
      const own = keys.filter((key) => key.task === task);
      const userIds = distinctUsers(own);
      const { history, asOf } = await histories.read(userIds);
      const first = Math.max(...own.map((key) => key.first));
      const explained = await services.serving.explainUsers(shop.shopKey, history, asOf, task, first);
      const indexOf = new Map(history.users.map((user, index) => [user.id, index]));
      for (const key of own) {
        const contributions = explained[indexOf.get(key.userId) ?? -1] ?? [];
        answers.set(key, contributions.slice(0, key.first));
      }
    }
    return keys.map((key) => answers.get(key) ?? []);
  };
  return new DataLoader(explainBatch, {
    cacheKeyFn: ({ userId, task, first }) => `${task} ${first} ${userId}`,
  });
}
