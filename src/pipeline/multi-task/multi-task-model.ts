import type { TaskName } from '../../tasks/index.js';
import type {
  DemandForecaster,
  ExportableNetwork,
  FitContext,
  FraudScorer,
  Model,
  TrainingData,
  UserScorer,
} from '../index.js';
import type { Architecture } from './architecture.js';
import type { UserAwareRanking } from './entities/user-aware-ranking.js';
import { fitLearners } from './fit-learners.js';
import { Learner } from './learner.js';
import { type TrainingNotes, writeSavedMultiTask } from './saved-multi-task.js';
import type { MultiTaskSettings } from './settings.js';

/** Several tasks by one net of any architecture, as a model. */
export class MultiTaskModel implements Model {
  readonly family = 'MULTI';
  readonly learnsInCycles = true;
  private learner: Learner | null = null;

  /** @param tasks any of the business tasks, each once */
  constructor(
    private readonly kind: Architecture,
    readonly tasks: readonly TaskName[],
    private readonly settings: MultiTaskSettings,
  ) {}

  /** A model of a learner that is trained; it owns it from now on. */
  static of(learner: Learner): MultiTaskModel {
    const model = new MultiTaskModel(learner.kind, learner.tasks, learner.settings);
    model.learner = learner;
    return model;
  }

  get architecture(): string {
    return this.kind.name;
  }

  /** @throws Error before fit or load, as the scorers below */
  get users(): UserScorer | undefined {
    return this.ready().entities.users;
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

  /** What each task takes from each source, on average over the validation rows of the training; empty for architectures without gates. */
  get gates(): TrainingNotes['gates'] {
    return this.ready().notes.gates;
  }

  /** What each task's loss was multiplied by in the last epoch of the training. */
  get taskWeights(): TrainingNotes['weights'] {
    return this.ready().notes.weights;
  }

  /** How the tasks' gradients lie to each other, where the training compared them (setting `measureGradients`); else empty. */
  get affinities(): TrainingNotes['affinities'] {
    return this.ready().notes.affinities;
  }

  /** Number of trained numbers. */
  get parameters(): number {
    return this.ready().network.weights.parameters;
  }

  async fit(data: TrainingData, context: FitContext): Promise<void> {
    const learner = new Learner(this.kind, this.tasks, this.settings);
    await fitLearners([learner], data, context, { name: this.architecture });
    this.dispose();
    this.learner = learner;
  }

  async save(directory: string): Promise<void> {
    const { notes } = this.ready();
    await writeSavedMultiTask(directory, { tasks: this.tasks, settings: this.settings, ...notes });
    await this.ready().save(directory);
  }

  /** One for each entity: what of the net answers about it. */
  networks(): readonly ExportableNetwork[] {
    return this.ready().all.map((part) => part.exportable());
  }

  /** Takes over what `save` wrote. @throws Error when it was made with other features */
  async restore(directory: string, notes: TrainingNotes): Promise<void> {
    const learner = new Learner(this.kind, this.tasks, this.settings);
    await learner.restore(directory, notes);
    this.dispose();
    this.learner = learner;
  }

  dispose(): void {
    this.learner?.dispose();
    this.learner = null;
  }

  private ready(): Learner {
    if (!this.learner) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.learner;
  }
}
