/** Holds the deployed models of every shop and answers scoring requests. */
import { AppError } from '../../../errors.js';
import type { DeploymentRow, Store } from '../../../store/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  DemandSeries,
  Model,
  RankedItem,
  RankOptions,
  SessionRequest,
  ShopHistory,
  TransactionContext,
  UserRequest,
} from '../../index.js';
import type { ModelFiles } from '../model-files.js';
import type { ServedBy, ServingClient, SessionTaskName, UserScores } from '../serving-contract.js';
import { LoadedBundle } from './bundle.js';
import { groupByModel, required } from './choices.js';
import { explainServedSessions, scoreSessions } from './serve-sessions.js';
import { type Choice, type Serving, Shelf } from './shelf.js';

/** The answering side of ServingClient. */
export class ServingHost implements Omit<ServingClient, 'checkPlan' | 'status' | 'close'> {
  private readonly shelves = new Map<string, Promise<Shelf>>();
  /** The last reload of each shop: they follow each other, so that none sets aside what another has just put up. */
  private readonly reloads = new Map<string, Promise<void>>();

  constructor(
    private readonly store: Store,
    private readonly files: ModelFiles,
  ) {}

  scoreUsers(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    tasks: readonly TaskName[],
  ): Promise<UserScores> {
    return this.using(shopKey, async (shelf) => {
      const probabilities: Partial<Record<TaskName, Float32Array>> = {};
      const servedBy: Partial<Record<TaskName, ServedBy[]>> = {};
      const asked: Scored[] = [];
      for (const task of tasks) {
        const choices = chooseForUsers(shelf, task, history);
        const answers = new Float32Array(history.users.length);
        for (const [model, users] of groupByModel(choices)) {
          const scores = await scoreOnce(asked, model, task, { history, users, asOf });
          users.forEach((user, at) => (answers[user] = scores[task]?.[at] ?? Number.NaN));
        }
        probabilities[task] = answers;
        servedBy[task] = choices.map((choice) => choice.servedBy);
      }
      return { probabilities, servedBy };
    });
  }

  explainUsers(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    task: TaskName,
    first: number,
  ): Promise<Contribution[][]> {
    return this.using(shopKey, async (shelf) => {
      const choices = chooseForUsers(shelf, task, history);
      const explanations: Contribution[][] = choices.map(() => []);
      for (const [model, users] of groupByModel(choices)) {
        const parts = await required(model.users, task).explainUsers({ history, users, asOf }, task, first);
        users.forEach((user, at) => (explanations[user] = parts[at]));
      }
      return explanations;
    });
  }

  rankItems(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    options: RankOptions,
  ): Promise<{ items: RankedItem[][]; servedBy: ServedBy[] }> {
    return this.using(shopKey, async (shelf) => {
      const choices = chooseForUsers(shelf, 'RECOMMENDATION', history);
      const items: RankedItem[][] = choices.map(() => []);
      for (const [model, users] of groupByModel(choices)) {
        const ranker = required(model.items, 'RECOMMENDATION');
        const ranked = await ranker.rankItems({ history, users, asOf }, options);
        users.forEach((user, at) => (items[user] = ranked[at]));
      }
      return { items, servedBy: choices.map((choice) => choice.servedBy) };
    });
  }

  similarItems(
    shopKey: string,
    itemId: string,
    options: RankOptions,
  ): Promise<{ items: RankedItem[]; servedBy: ServedBy }> {
    return this.using(shopKey, async (shelf) => {
      const { model, servedBy } = shelf.choose('RECOMMENDATION', itemId);
      return { items: await required(model.items, 'RECOMMENDATION').similarItems(itemId, options), servedBy };
    });
  }

  trendingItems(shopKey: string, options: RankOptions): Promise<{ items: RankedItem[]; servedBy: ServedBy }> {
    return this.using(shopKey, async (shelf) => {
      const { model, servedBy } = shelf.choose('RECOMMENDATION', 'trending');
      return { items: await required(model.items, 'RECOMMENDATION').trendingItems(options), servedBy };
    });
  }

  forecast(
    shopKey: string,
    series: DemandSeries,
    horizonDays: number,
  ): ReturnType<ServingClient['forecast']> {
    return this.using(shopKey, async (shelf) => {
      const { model, servedBy } = shelf.choose('DEMAND', series.itemIds[0] ?? '');
      return { values: await required(model.demand, 'DEMAND').forecast(series, horizonDays), servedBy };
    });
  }

  assessTransactions(
    shopKey: string,
    transactions: readonly TransactionContext[],
    explainFirst: number,
  ): ReturnType<ServingClient['assessTransactions']> {
    return this.using(shopKey, async (shelf) => {
      const { model, servedBy } = shelf.choose('FRAUD', transactions[0]?.transaction.id ?? '');
      const scorer = required(model.fraud, 'FRAUD');
      return {
        probabilities: await scorer.scoreTransactions(transactions),
        contributions:
          explainFirst > 0
            ? await scorer.explainTransactions(transactions, explainFirst)
            : transactions.map(() => []),
        servedBy,
      };
    });
  }

  scoreSessions(
    shopKey: string,
    request: SessionRequest,
    task: SessionTaskName,
  ): ReturnType<ServingClient['scoreSessions']> {
    return this.using(shopKey, (shelf) => scoreSessions(shelf, request, task));
  }

  explainSessions(
    shopKey: string,
    request: SessionRequest,
    task: SessionTaskName,
    first: number,
  ): Promise<Contribution[][]> {
    return this.using(shopKey, (shelf) => explainServedSessions(shelf, request, task, first));
  }

  /** Loads what is deployed now; answers go on from the old models until the new ones are there. */
  async reload(shopKey: string): Promise<void> {
    const earlier = this.reloads.get(shopKey) ?? Promise.resolve();
    const reload = earlier.catch(() => undefined).then(() => this.replace(shopKey));
    this.reloads.set(shopKey, reload);
    await reload;
  }

  /** Versions in memory. */
  async loaded(): Promise<{ shopKey: string; modelVersionId: string; tasks: TaskName[] }[]> {
    const shops = await Promise.all(
      [...this.shelves].map(async ([shopKey, shelf]) => {
        const servings = await shelf.then(({ servings: all }) => all).catch(() => []);
        return servings.map(({ deployment: { modelVersionId, tasks } }) => ({
          shopKey,
          modelVersionId,
          tasks,
        }));
      }),
    );
    return shops.flat();
  }

  /** Lets go of all models, those of calls under way once they have ended. A later call loads them again. */
  async close(): Promise<void> {
    const shelves = [...this.shelves.values()];
    this.shelves.clear();
    for (const shelf of shelves) (await shelf.catch(() => undefined))?.setAside();
  }

  private async replace(shopKey: string): Promise<void> {
    const fresh = await this.load(shopKey);
    const before = this.shelves.get(shopKey);
    this.shelves.set(shopKey, Promise.resolve(fresh));
    (await before?.catch(() => undefined))?.setAside();
  }

  private async load(shopKey: string): Promise<Shelf> {
    const shop = await this.store.forShop(shopKey);
    const deployments = neededOf(await shop.activeDeployments());
    const ids = deployments.map((deployment) => deployment.modelVersionId);
    const versions = await shop.modelVersionsByIds(ids);
    const loads = await Promise.allSettled(
      deployments.map(async (deployment, at): Promise<Serving> => {
        const version = versions[at];
        if (!version)
          throw new AppError('NOT_FOUND', `There is no model version ${deployment.modelVersionId}.`);
        return { deployment, bundle: await LoadedBundle.open(this.files, version.contentHash) };
      }),
    );
    const shelf = new Shelf(loads.flatMap((load) => (load.status === 'fulfilled' ? [load.value] : [])));
    const failed = loads.find((load) => load.status === 'rejected');
    if (!failed) return shelf;
    shelf.setAside();
    throw failed.reason;
  }

  private async using<Result>(shopKey: string, work: (shelf: Shelf) => Promise<Result>): Promise<Result> {
    let shelf = this.shelves.get(shopKey);
    if (!shelf) {
      const loading = this.load(shopKey);
      shelf = loading;
      this.shelves.set(shopKey, loading);
      // A load that failed (files not copied yet) is tried again at the next call.
      loading.catch(() => this.shelves.get(shopKey) === loading && this.shelves.delete(shopKey));
    }
    return (await shelf.catch(notServed)).use(work);
  }
}

/** One model's answers to one set of users. */
interface Scored {
  readonly model: Model;
  readonly users: Int32Array;
  readonly scores: Promise<Partial<Record<TaskName, Float32Array>>>;
}

/** Scores of a model that has several tasks, asked for once. */
function scoreOnce(
  asked: Scored[],
  model: Model,
  task: TaskName,
  request: UserRequest,
): Promise<Partial<Record<TaskName, Float32Array>>> {
  const { users } = request;
  const known = asked.find(
    (other) =>
      other.model === model &&
      other.users.length === users.length &&
      other.users.every((user, at) => user === users[at]),
  );
  if (known) return known.scores;
  const scores = required(model.users, task).scoreUsers(request);
  asked.push({ model, users, scores });
  return scores;
}

const chooseForUsers = (shelf: Shelf, task: TaskName, history: ShopHistory): Choice[] =>
  history.users.map((user) => shelf.choose(task, user.id));

/** What a caller is told of files that are missing or damaged: that they are not at fault, and no paths. */
function notServed(thrown: unknown): never {
  if (!(thrown instanceof AppError)) throw thrown;
  throw new AppError(
    'NOT_READY',
    'The files of the deployed model version are missing or damaged. Deploy another version, or roll back.',
    {},
    { cause: thrown },
  );
}

/** Newest first, up to the deployment that serves every user of every task still open: older ones are never asked. */
function neededOf(deployments: readonly DeploymentRow[]): DeploymentRow[] {
  const closed = new Set<TaskName>();
  return deployments.filter(({ tasks, trafficShare }) => {
    const isNeeded = tasks.some((task) => !closed.has(task));
    if (trafficShare >= 1) tasks.forEach((task) => closed.add(task));
    return isNeeded;
  });
}
