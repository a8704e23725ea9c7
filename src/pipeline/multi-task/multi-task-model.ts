import type { CustomTask, TaskName } from '../../tasks/index.js';
import type {
  DemandForecaster,
  ExportableNetwork,
  FitContext,
  FraudScorer,
  Model,
  SessionScorer,
  SessionScores,
  TaskSharing,
  TrainingData,
  UserScorer,
} from '../index.js';
import type { Architecture } from './architecture.js';
import type { UserAwareRanking } from './entities/user-aware-ranking.js';
import { UserScorers } from './entities/user-scorers.js';
import { fitLearners } from './fit-learners.js';
import { Learner } from './learner.js';
import { type TrainingNotes, writeSavedMultiTask } from './saved-multi-task.js';
import type { MultiTaskSettings } from './settings.js';

/** Several tasks by one net of any architecture, as a model. */
export class MultiTaskModel implements Model {
  readonly family = 'MULTI';
  readonly learnsInCycles = true;
  private learner: Learner | null = null;

  /**
   * @param tasks       each once
   * @param customTasks definitions of those of them that the shop has made
   */
  constructor(
    private readonly kind: Architecture,
    readonly tasks: readonly TaskName[],
    private readonly settings: MultiTaskSettings,
    private readonly customTasks: readonly CustomTask[] = [],
  ) {}

  /** A model of a learner that is trained; it owns it from now on. */
  static of(learner: Learner): MultiTaskModel {
    const { kind, tasks, settings, customTasks } = learner;
    const model = new MultiTaskModel(kind, tasks, settings, customTasks);
    model.learner = learner;
    return model;
  }

  get architecture(): string {
    return this.kind.name;
  }

  /** @throws Error before fit or load, as the scorers below */
  get users(): UserScorer | undefined {
    const { users, custom } = this.ready().entities;
    if (custom.length === 0) return users;
    return new UserScorers([...(users ? [users] : []), ...custom]);
  }

  get items(): UserAwareRanking | undefined {
    return this.ready().entities.ranking?.ranking;
  }

  get fraud(): FraudScorer | undefined {
    return this.ready().entities.transactions;
  }

  get demand(): DemandForecaster | undefined {
    return this.ready().entities.items;
  }

  get sessions(): SessionScorer | undefined {
    const { sessions } = this.ready().entities;
    if (sessions.length === 0) return undefined;
    return {
      scoreSessions: async (request) => {
        const scores = await Promise.all(sessions.map((part) => part.scoreSessions(request)));
        return Object.assign({}, ...scores) as SessionScores;
      },
    };
  }

  sharing(): readonly [TaskSharing] {
    const { architecture, tasks } = this;
    return [{ architecture, tasks, ...this.ready().notes }];
  }

  /** Number of trained numbers. */
  get parameters(): number {
    return this.ready().network.weights.parameters;
  }

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    const learner = this.newLearner();
    await fitLearners([learner], data, context, { name: this.architecture });
    this.dispose();
    this.learner = learner;
  }

  async save(directory: string): Promise<void> {
    const { tasks, settings, customTasks } = this;
    const { notes } = this.ready();
    await writeSavedMultiTask(directory, { tasks, settings, customTasks, ...notes });
    await this.ready().save(directory);
  }

  /** One for each entity: what of the net answers about it. */
  networks(): readonly ExportableNetwork[] {
    return this.ready().all.map((part) => part.exportable());
  }

  /** Takes over what `save` wrote. @throws Error when it was made with other features */
  async restore(directory: string, notes: TrainingNotes): Promise<void> {
    const learner = this.newLearner();
    await learner.restore(directory, notes);
    this.dispose();
    this.learner = learner;
  }

  dispose(): void {
    this.learner?.dispose();
    this.learner = null;
  }

  private newLearner(): Learner {
    return new Learner(this.kind, this.tasks, this.settings, this.customTasks);
  }

  private ready(): Learner {
    if (!this.learner) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.learner;
  }
}
