/** Holds the deployed models of every shop and answers scoring requests. */
import { AppError } from '../../../errors.js';
import { hashText } from '../../../nn/random.js';
import type { DeploymentRow, Store } from '../../../store/index.js';
import type { TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  DemandSeries,
  Model,
  RankedItem,
  RankOptions,
  ShopHistory,
  TransactionContext,
} from '../../index.js';
import type { ModelFiles } from '../model-files.js';
import type { ServedBy, ServingClient, UserScores } from '../serving-contract.js';
import { LoadedBundle } from './bundle.js';

const HASH_RANGE = 2 ** 32;

interface Serving {
  readonly deployment: DeploymentRow;
  readonly bundle: LoadedBundle;
}

interface Choice {
  readonly model: Model;
  readonly servedBy: ServedBy;
}

/** The answering side of ServingClient. */
export class ServingHost implements Omit<ServingClient, 'status' | 'close'> {
  private readonly shops = new Map<string, Promise<Serving[]>>();

  constructor(
    private readonly store: Store,
    private readonly files: ModelFiles,
  ) {}

  async scoreUsers(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    tasks: readonly TaskName[],
  ): Promise<UserScores> {
    const probabilities: Partial<Record<TaskName, Float32Array>> = {};
    const servedBy: Partial<Record<TaskName, ServedBy[]>> = {};
    for (const task of tasks) {
      const choices = await this.chooseForUsers(shopKey, task, history);
      probabilities[task] = new Float32Array(history.users.length);
      servedBy[task] = choices.map((choice) => choice.servedBy);
      for (const [model, users] of groupByModel(choices)) {
        const scores = await required(model.users, task).scoreUsers({ history, users, asOf });
        users.forEach((user, at) => (probabilities[task]![user] = scores[task]?.[at] ?? Number.NaN));
      }
    }
    return { probabilities, servedBy };
  }

  async explainUsers(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    task: TaskName,
    first: number,
  ): Promise<Contribution[][]> {
    const choices = await this.chooseForUsers(shopKey, task, history);
    const explanations: Contribution[][] = choices.map(() => []);
    for (const [model, users] of groupByModel(choices)) {
      const parts = await required(model.users, task).explainUsers({ history, users, asOf }, task, first);
      users.forEach((user, at) => (explanations[user] = parts[at]));
    }
    return explanations;
  }

  async rankItems(
    shopKey: string,
    history: ShopHistory,
    asOf: number,
    options: RankOptions,
  ): Promise<{ items: RankedItem[][]; servedBy: ServedBy[] }> {
    const choices = await this.chooseForUsers(shopKey, 'RECOMMENDATION', history);
    const items: RankedItem[][] = choices.map(() => []);
    for (const [model, users] of groupByModel(choices)) {
      const ranked = await required(model.items, 'RECOMMENDATION').rankItems(
        { history, users, asOf },
        options,
      );
      users.forEach((user, at) => (items[user] = ranked[at]));
    }
    return { items, servedBy: choices.map((choice) => choice.servedBy) };
  }

  async similarItems(
    shopKey: string,
    itemId: string,
    options: RankOptions,
  ): Promise<{ items: RankedItem[]; servedBy: ServedBy }> {
    const { model, servedBy } = await this.choose(shopKey, 'RECOMMENDATION', itemId);
    return { items: await required(model.items, 'RECOMMENDATION').similarItems(itemId, options), servedBy };
  }

  async trendingItems(
    shopKey: string,
    options: RankOptions,
  ): Promise<{ items: RankedItem[]; servedBy: ServedBy }> {
    const { model, servedBy } = await this.choose(shopKey, 'RECOMMENDATION', 'trending');
    return { items: await required(model.items, 'RECOMMENDATION').trendingItems(options), servedBy };
  }

  async forecast(
    shopKey: string,
    series: DemandSeries,
    horizonDays: number,
  ): ReturnType<ServingClient['forecast']> {
    const { model, servedBy } = await this.choose(shopKey, 'DEMAND', series.itemIds[0] ?? '');
    return { values: await required(model.demand, 'DEMAND').forecast(series, horizonDays), servedBy };
  }

  async assessTransactions(
    shopKey: string,
    transactions: readonly TransactionContext[],
    explainFirst: number,
  ): ReturnType<ServingClient['assessTransactions']> {
    const { model, servedBy } = await this.choose(shopKey, 'FRAUD', transactions[0]?.transaction.id ?? '');
    const scorer = required(model.fraud, 'FRAUD');
    return {
      probabilities: await scorer.scoreTransactions(transactions),
      contributions:
        explainFirst > 0
          ? await scorer.explainTransactions(transactions, explainFirst)
          : transactions.map(() => []),
      servedBy,
    };
  }

  /** Loads what is deployed now; answers go on from the old models until the new ones are there. */
  async reload(shopKey: string): Promise<void> {
    const before = this.shops.get(shopKey);
    const fresh = this.load(shopKey);
    await fresh;
    this.shops.set(shopKey, fresh);
    for (const { bundle } of (await before?.catch(() => undefined)) ?? []) bundle.dispose();
  }

  /** Versions in memory. */
  async loaded(): Promise<{ shopKey: string; modelVersionId: string; tasks: TaskName[] }[]> {
    const shops = await Promise.all(
      [...this.shops].map(async ([shopKey, servings]) =>
        (await servings.catch(() => [])).map(({ deployment }) => ({
          shopKey,
          modelVersionId: deployment.modelVersionId,
          tasks: deployment.tasks,
        })),
      ),
    );
    return shops.flat();
  }

  private async load(shopKey: string): Promise<Serving[]> {
    const shop = await this.store.forShop(shopKey);
    const deployments = neededOf(await shop.activeDeployments());
    const versions = await shop.modelVersionsByIds(
      deployments.map((deployment) => deployment.modelVersionId),
    );
    return Promise.all(
      deployments.map(async (deployment, at) => {
        const version = versions[at];
        if (!version)
          throw new AppError('NOT_FOUND', `There is no model version ${deployment.modelVersionId}.`);
        return { deployment, bundle: await LoadedBundle.open(this.files, version.contentHash) };
      }),
    );
  }

  private servings(shopKey: string): Promise<Serving[]> {
    let servings = this.shops.get(shopKey);
    if (!servings) {
      servings = this.load(shopKey);
      this.shops.set(shopKey, servings);
      // A load that failed (files not copied yet) is tried again at the next call.
      servings.catch(() => this.shops.delete(shopKey));
    }
    return servings;
  }

  private async chooseForUsers(shopKey: string, task: TaskName, history: ShopHistory): Promise<Choice[]> {
    return Promise.all(history.users.map((user) => this.choose(shopKey, task, user.id)));
  }

  /** The version that serves this key: the newest whose share of traffic takes it in. A key always gets the same one. */
  private async choose(shopKey: string, task: TaskName, key: string): Promise<Choice> {
    const servings = (await this.servings(shopKey)).filter(({ deployment }) =>
      deployment.tasks.includes(task),
    );
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

function groupByModel(choices: readonly Choice[]): Map<Model, Int32Array> {
  const groups = new Map<Model, number[]>();
  choices.forEach(({ model }, user) => groups.set(model, [...(groups.get(model) ?? []), user]));
  return new Map([...groups].map(([model, users]) => [model, Int32Array.from(users)]));
}

function required<Scorer>(scorer: Scorer | undefined, task: TaskName): Scorer {
  if (!scorer) throw new AppError('INTERNAL', `The predictor of ${task} cannot score it.`);
  return scorer;
}
