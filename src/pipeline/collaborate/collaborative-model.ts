import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { customTaskName, customTasksOf, type TaskName } from '../../tasks/index.js';
import type {
  DemandForecaster,
  ExportableNetwork,
  FitContext,
  FraudScorer,
  ItemRanker,
  Model,
  TaskSharing,
  TrainingData,
  UserScorer,
} from '../index.js';
import { type Learner, MultiTaskModel, multiTaskType } from '../multi-task/index.js';
import { meanDemand, meanFraud, meanItems, meanUsers } from './mean-scorers.js';
import { netOf } from './settings.js';

const FILE = 'collaborative.json';

interface Saved {
  readonly tasks: readonly TaskName[];
  readonly hyperparameters: Readonly<Record<string, unknown>>;
  /** Architectures by directory, in order. */
  readonly members: readonly { readonly architecture: string; readonly directory: string }[];
}

/** Trains nets together and says which of them answer: one, or several by their mean. */
export type FitTogether = (data: TrainingData, context: FitContext) => Promise<readonly Learner[]>;

/** Nets that learnt from each other, from a teacher or against an adversary, as a model. */
export class CollaborativeModel implements Model {
  readonly family = 'COLLABORATIVE';
  private members: readonly MultiTaskModel[] = [];

  constructor(
    readonly architecture: string,
    private readonly options: {
      readonly tasks: readonly TaskName[];
      readonly hyperparameters: Readonly<Record<string, unknown>>;
      readonly fitTogether: FitTogether;
    },
  ) {}

  get tasks(): readonly TaskName[] {
    return this.options.tasks;
  }

  /** @throws Error before fit or load, as the scorers below */
  get users(): UserScorer | undefined {
    const counted = customTasksOf(this.options.hyperparameters)
      .filter(({ atLeast }) => atLeast === null)
      .map(({ name }) => customTaskName(name));
    return this.mean(
      (member) => member.users,
      (members) => meanUsers(members, counted),
    );
  }

  get items(): ItemRanker | undefined {
    return this.mean((member) => member.items, meanItems);
  }

  get fraud(): FraudScorer | undefined {
    return this.mean((member) => member.fraud, meanFraud);
  }

  get demand(): DemandForecaster | undefined {
    return this.mean((member) => member.demand, meanDemand);
  }

  /** The nets that answer. */
  get nets(): readonly MultiTaskModel[] {
    if (this.members.length === 0)
      throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.members;
  }

  /** Number of trained numbers. */
  get parameters(): number {
    return this.nets.reduce((sum, { parameters }) => sum + parameters, 0);
  }

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    const learners = await this.options.fitTogether(data, context);
    this.dispose();
    this.members = learners.map((learner) => MultiTaskModel.of(learner));
  }

  async save(directory: string): Promise<void> {
    const members = this.nets.map(({ architecture }, at) => ({
      architecture,
      directory: `member-${at + 1}`,
    }));
    for (const [at, member] of members.entries()) {
      await mkdir(join(directory, member.directory));
      await this.nets[at].save(join(directory, member.directory));
    }
    const { tasks, hyperparameters } = this.options;
    const saved: Saved = { tasks, hyperparameters, members };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
  }

  /** Takes over what `save` wrote. */
  async restore(directory: string, { members }: Saved): Promise<void> {
    const loaded: MultiTaskModel[] = [];
    for (const member of members) {
      const type = multiTaskType(netOf(member.architecture));
      loaded.push((await type.load(join(directory, member.directory))) as MultiTaskModel);
    }
    this.dispose();
    this.members = loaded;
  }

  networks(): readonly ExportableNetwork[] {
    if (this.nets.length === 1) return this.nets[0].networks();
    // Probabilities by the mean of their logits; scores and units as they are.
    const combination = { method: 'MEAN', ofProbabilities: 'LOGITS' };
    return this.nets.flatMap((net, at) =>
      net.networks().map((network) => ({
        ...network,
        name: `member-${at + 1}/${network.name}`,
        memberOf: {
          ensemble: this.architecture,
          member: at + 1,
          architecture: net.architecture,
          combination,
        },
      })),
    );
  }

  sharing(): readonly TaskSharing[] {
    return this.nets.flatMap((net) => net.sharing());
  }

  dispose(): void {
    for (const member of this.members) member.dispose();
    this.members = [];
  }

  private mean<Scorer, Mean>(
    pick: (member: MultiTaskModel) => Scorer | undefined,
    combine: (members: readonly Scorer[]) => Mean,
  ): Scorer | Mean | undefined {
    const scorers = this.nets.flatMap((member) => pick(member) ?? []);
    return scorers.length > 1 ? combine(scorers) : scorers[0];
  }
}

/** Reads what `save` wrote of the model's making. */
export async function readSavedCollaboration(directory: string): Promise<Saved> {
  return JSON.parse(await readFile(join(directory, FILE), 'utf8')) as Saved;
}
