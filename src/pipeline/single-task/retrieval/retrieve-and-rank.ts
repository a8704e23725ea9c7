import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { AppError } from '../../../errors.js';
import type {
  ExportableNetwork,
  FitContext,
  ItemRanker,
  Model,
  ModelType,
  TrainingData,
} from '../../index.js';
import type { ItemRanking } from '../recommendation/item-ranking.js';
import { softmaxRanker } from '../recommendation/softmax-ranker.js';
import { RetrievedRanking } from './retrieved-ranking.js';
import { type TwoTowers, twoTowers } from './two-towers.js';

const NAME = 'retrieve-and-rank';
const FILE = 'retrieve-and-rank.json';
const STAGES = ['towers', 'ranker'] as const;
const DEFAULT_RETRIEVED = 500;
const settingsSchema = z.object({
  /** Candidates a user that the towers hand on to the ranker. */
  retrieved: z.number().int().min(10).max(100_000).default(DEFAULT_RETRIEVED),
});

/** Two towers find candidates among many items, `softmax-ranker` ranks them (Covington et al., RecSys 2016). */
class RetrieveAndRank implements Model {
  readonly architecture = NAME;
  readonly family = 'SINGLE';
  readonly tasks = ['RECOMMENDATION'] as const;
  private ranking: RetrievedRanking | null = null;

  constructor(
    private readonly retrieved: number,
    private readonly towers: Model,
    private readonly ranker: Model,
  ) {}

  /** @throws Error before fit or load */
  get items(): ItemRanker {
    if (!this.ranking) throw new Error(`The model ${NAME} is neither fitted nor loaded.`);
    return this.ranking;
  }

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    for (const [at, model] of [this.towers, this.ranker].entries())
      await model.fit(data, {
        ...context,
        onProgress: (share) => context.onProgress((at + share) / STAGES.length),
      });
    this.serve();
  }

  async save(directory: string): Promise<void> {
    await writeFile(join(directory, FILE), JSON.stringify({ retrieved: this.retrieved }));
    for (const stage of STAGES) {
      await mkdir(join(directory, stage));
      await this[stage].save(join(directory, stage));
    }
  }

  /** Gets ready to answer; both stages are fitted or loaded. */
  serve(): void {
    const towers = this.towers as TwoTowers;
    const ranker = this.ranker.items as ItemRanking & Required<Pick<ItemRanker, 'scoreExamples'>>;
    this.ranking = new RetrievedRanking(towers.items, ranker, this.retrieved);
  }

  networks(): readonly ExportableNetwork[] {
    return [...(this.towers.networks?.() ?? []), ...(this.ranker.networks?.() ?? [])];
  }

  dispose(): void {
    this.ranking = null;
    this.towers.dispose();
    this.ranker.dispose();
  }
}

export const retrieveAndRank: ModelType = {
  architecture: NAME,
  family: 'SINGLE',
  create: (tasks, hyperparameters) => {
    const parsed = settingsSchema.safeParse(hyperparameters);
    if (!parsed.success) {
      const problems = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      throw new AppError('BAD_USER_INPUT', problems.join('; '));
    }
    const [towers, ranker] = [twoTowers, softmaxRanker].map((type) => type.create(tasks, hyperparameters));
    return new RetrieveAndRank(parsed.data.retrieved, towers, ranker);
  },
  async load(directory) {
    const { retrieved } = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as { retrieved: number };
    const towers = await twoTowers.load(join(directory, 'towers'));
    const ranker = await softmaxRanker.load(join(directory, 'ranker'));
    const model = new RetrieveAndRank(retrieved, towers, ranker);
    model.serve();
    return model;
  },
};
