/** Loaders of relations: made for each request, one statement for all rows that a query asks for. */
import DataLoader from 'dataloader';

import type {
  BehaviourRecord,
  DeploymentRow,
  EpochMetricRow,
  EvaluationRow,
  ItemRow,
  ModelVersionRow,
  Page,
  RunRow,
  ShopStore,
  TrialRow,
  UserRow,
} from '../store/index.js';
import type { CustomTask } from '../tasks/index.js';
import { Recommender } from './recommend.js';
import type { Services } from './services.js';
import { SessionAnalyst, sessionsOf } from './sessions.js';
import type { UserSession } from './types/session.type.js';
import { createExplanationLoader, createScoreLoader, HistoryReader } from './user-scores.js';

/** Keys of one statement; arrays are one parameter each, so PostgreSQL's limit of parameters does not bind. */
const MAX_BATCH = 1000;

export interface BehaviourPageKey {
  readonly userKey: number;
  readonly first: number;
  readonly after: string | null;
}

export type Loaders = ReturnType<typeof createLoaders>;

export function createLoaders(services: Services, shop: ShopStore) {
  const histories = new HistoryReader(services, shop);
  const itemByExternalId = loader<string, ItemRow | null>((ids) => shop.itemsByExternalIds(ids));
  return {
    userByKey: loader<number, UserRow | null>((keys) => shop.usersByIds(keys)),
    userByExternalId: loader<string, UserRow | null>((ids) => shop.usersByExternalIds(ids)),
    itemByKey: loader<number, ItemRow | null>((keys) => shop.itemsByIds(keys)),
    itemByExternalId,
    runById: loader<string, RunRow | null>((ids) => shop.runsByIds(ids)),
    modelVersionById: loader<string, ModelVersionRow | null>((ids) => shop.modelVersionsByIds(ids)),
    epochsByRun: loader<string, EpochMetricRow[]>((ids) => shop.epochMetricsByRuns(ids)),
    trialsByRun: loader<string, TrialRow[]>((ids) => shop.trialsByRuns(ids)),
    evaluationsByRun: loader<string, EvaluationRow[]>((ids) => shop.evaluationsByRuns(ids)),
    evaluationsByModelVersion: loader<string, EvaluationRow[]>((ids) => shop.evaluationsByModelVersions(ids)),
    activeDeployments: loader<'all', DeploymentRow[]>(async () => [await shop.activeDeployments()]),
    customTasks: loader<'all', CustomTask[]>(async () => [await shop.customTasks()]),
    behaviourPage: behaviourPageLoader(shop),
    score: createScoreLoader(services, shop, histories),
    explanation: createExplanationLoader(services, shop, histories),
    histories,
    sessions: new SessionAnalyst(services, shop),
    userSessions: loader<string, UserSession[]>(async (ids) => {
      const userIds = [...ids].sort();
      const reading = await histories.read(userIds);
      return ids.map((id) => sessionsOf(reading, userIds.indexOf(id)));
    }),
    recommender: new Recommender(services, shop, histories, itemByExternalId),
  };
}

function loader<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
): DataLoader<Key, Value> {
  return new DataLoader(load, { maxBatchSize: MAX_BATCH });
}

/** Pages of the same size and start are read in one statement. */
function behaviourPageLoader(shop: ShopStore): DataLoader<BehaviourPageKey, Page<BehaviourRecord>, string> {
  const loadPages = async (keys: readonly BehaviourPageKey[]): Promise<Page<BehaviourRecord>[]> => {
    const pages = new Map<BehaviourPageKey, Page<BehaviourRecord>>();
    const groups = new Map<string, BehaviourPageKey[]>();
    for (const key of keys) {
      const name = `${key.first} ${key.after}`;
      groups.set(name, [...(groups.get(name) ?? []), key]);
    }
    for (const group of groups.values()) {
      const { first, after } = group[0];
      const read = await shop.behavioursByUsers(
        group.map((key) => key.userKey),
        { first, after },
      );
      group.forEach((key, index) => pages.set(key, read[index]));
    }
    return keys.map((key) => pages.get(key) as Page<BehaviourRecord>);
  };
  return new DataLoader(loadPages, {
    maxBatchSize: MAX_BATCH,
    cacheKeyFn: ({ userKey, first, after }) => `${userKey} ${first} ${after}`,
  });
}
