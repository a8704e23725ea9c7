import { join } from 'node:path';

import {
  adagrad,
  adamW,
  compileStep,
  cosineSchedule,
  loadWeights,
  saveWeights,
  train,
} from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import type {
  DemandForecaster,
  FitContext,
  FraudScorer,
  ItemRanker,
  Model,
  TrainingData,
  UserScorer,
} from '../index.js';
import { isUserTask, namedCheckpoint, PopulationState, type UserTask } from '../single-task/index.js';
import type { Architecture } from './architecture.js';
import type { EntityPart } from './entities/entity-part.js';
import { FunnelHead } from './entities/funnel-head.js';
import { ItemPart } from './entities/item-part.js';
import { RankingPart } from './entities/ranking-part.js';
import { SurvivalHead } from './entities/survival-head.js';
import { TransactionPart } from './entities/transaction-part.js';
import type { UserHead } from './entities/user-head.js';
import { USER_INPUT, UserPart } from './entities/user-part.js';
import { gateReports } from './gate-report.js';
import { type EntityExamples, JointRows, planRows, type RowPlan, rowSpec } from './joint-rows.js';
import { LossBalance } from './loss-balance.js';
import { MultiTaskNetwork } from './multi-task-network.js';
import { type SavedMultiTask, type TrainingNotes, writeSavedMultiTask } from './saved-multi-task.js';
import { MULTI_TASKS, type MultiTaskSettings } from './settings.js';
import { gatherSharedIds, loadSharedIds, saveSharedIds, type SharedIds } from './shared-ids.js';

const WEIGHTS_FILE = 'multi-task.safetensors';
/** Rows of a block that is made at once: with rankings some 70 MB. */
const BLOCK_ROWS = 2048;
const WARMUP = 0.05;
const BATCH_WITH_RANKINGS = 64;
const BATCH_WITHOUT = 512;

interface Fitted {
  readonly network: MultiTaskNetwork;
  readonly parts: Parts;
  readonly population: PopulationState | null;
  readonly notes: TrainingNotes;
}

/** Several tasks by one net of any architecture: it owns data, heads, training, files and answers of all tasks and entities. */
export class MultiTaskModel implements Model {
  readonly family = 'MULTI';
  private fitted: Fitted | null = null;

  /** @param tasks any of the business tasks, each once */
  constructor(
    private readonly kind: Architecture,
    readonly tasks: readonly TaskName[],
    private readonly settings: MultiTaskSettings,
  ) {}

  get architecture(): string {
    return this.kind.name;
  }

  /** @throws Error before fit or load, as the scorers below */
  get users(): UserScorer | undefined {
    return this.ready().parts.users;
  }

  get items(): ItemRanker | undefined {
    return this.ready().parts.ranking?.ranking;
  }

  get fraud(): FraudScorer | undefined {
    return this.ready().parts.transactions;
  }

  get demand(): DemandForecaster | undefined {
    return this.ready().parts.items;
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
    const ids = gatherSharedIds(data, this.tasks, this.settings.embeddingSize);
    const parts = partsOf(this.kind, this.tasks, this.settings, ids);
    const examples: EntityExamples[] = [];
    for (const part of parts.all) {
      context.signal.throwIfAborted();
      examples.push(await part.gather(data, context));
    }
    const plan = planRows(examples, parts.lead, {
      validationShare: this.settings.validationShare,
      seed: context.seed,
    });
    const network = this.build(parts, context.seed);
    const balance = new LossBalance(this.tasks, this.settings.lossBalancing);
    balance.build(network.weights);
    try {
      await this.train(network, parts, plan, { balance, context });
      const population = needsPopulation(parts) ? PopulationState.fit(data.history, data.cut) : null;
      for (const part of parts.all) part.finish(data, population);
      const looked = plan.held.map((held, at) => (held.chosen.length > 0 ? held : plan.train[at]));
      const gates = gateReports(network, parts.all, looked);
      this.dispose();
      const notes = { gates, weights: balance.weights(), affinities: balance.affinities() };
      this.fitted = { network, parts, population, notes };
    } catch (thrown) {
      for (const part of parts.all) part.dispose();
      network.weights.dispose();
      throw thrown;
    }
  }

  async save(directory: string): Promise<void> {
    const { network, parts, population, notes } = this.ready();
    const saved: SavedMultiTask = { tasks: this.tasks, settings: this.settings, ...notes };
    await writeSavedMultiTask(directory, saved);
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await population?.save(directory);
    await saveSharedIds(directory, parts.ids);
    for (const part of parts.all) await part.save(directory);
  }

  /** Takes over what `save` wrote. @throws Error when it was made with other features */
  async restore(directory: string, notes: TrainingNotes): Promise<void> {
    const ids = await loadSharedIds(directory, this.settings.embeddingSize);
    const parts = partsOf(this.kind, this.tasks, this.settings, ids);
    const network = this.build(parts, 0);
    new LossBalance(this.tasks, this.settings.lossBalancing).build(network.weights);
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    const population = needsPopulation(parts) ? await PopulationState.load(directory) : null;
    for (const part of parts.all) await part.restore(directory, population);
    this.dispose();
    this.fitted = { network, parts, population, notes };
  }

  dispose(): void {
    if (!this.fitted) return;
    for (const part of this.fitted.parts.all) part.dispose();
    this.fitted.network.weights.dispose();
    this.fitted = null;
  }

  private build(parts: Parts, seed: number): MultiTaskNetwork {
    const inputs = new Map(parts.all.map(({ input }) => [input.name, input]));
    const network = new MultiTaskNetwork(this.kind, this.settings, {
      inputs: [...inputs.values()],
      tasks: parts.all.flatMap(({ representations }) => representations),
      seed,
    });
    parts.ids.items?.build(network.weights);
    parts.ids.countries?.build(network.weights);
    for (const part of parts.all) part.build(network);
    return network;
  }

  private async train(
    network: MultiTaskNetwork,
    parts: Parts,
    plan: RowPlan,
    { balance, context }: { balance: LossBalance; context: FitContext },
  ): Promise<void> {
    const { settings, architecture } = this;
    const { seed } = context;
    const batchSize = settings.batchSize ?? (parts.ranking ? BATCH_WITH_RANKINGS : BATCH_WITHOUT);
    const rows = new JointRows(plan.rows, plan.train, { seed, hasPasses: true });
    const heldRows = new JointRows(plan.heldRows, plan.held, { seed, hasPasses: false });
    const steps = settings.epochs * Math.ceil(rows.rows / batchSize);
    const step = compileStep({
      weights: network.weights,
      batch: rowSpec(plan.train),
      loss: (batch, model) => {
        const tasks = Object.assign({}, ...parts.all.map((part) => part.losses(batch, model))) as ReturnType<
          EntityPart['losses']
        >;
        return balance.losses(tasks);
      },
      tasks: balance.taskOptions(network.sharedWeights, settings.measureGradients),
      optimizer: adamW(cosineSchedule(settings.learningRate, steps, { warmup: Math.ceil(WARMUP * steps) }), {
        weightDecay: settings.weightDecay,
      }),
      tableOptimizer: adagrad(settings.embeddingRate, { initialAccumulator: 1e-9 }),
      clipNorm: 5,
      seed,
    });
    try {
      await train({
        step,
        columns: rows,
        blockRows: BLOCK_ROWS,
        validation: heldRows.rows > 0 ? await heldRows.read(0, heldRows.rows) : undefined,
        validationBatchSize: batchSize,
        batchSize,
        epochs: settings.epochs,
        seed,
        onEpoch: (done) => {
          balance.onEpoch(done, step);
          const { epoch, train: trained, validation } = done;
          for (const task of [null, ...this.tasks]) {
            const of = (losses: typeof trained) => (task === null ? losses.total : losses.tasks[task]);
            const validationLoss = validation ? of(validation) : null;
            context.onEpoch({ model: architecture, epoch, task, trainLoss: of(trained), validationLoss });
          }
        },
        onProgress: context.onProgress,
        signal: context.signal,
        checkpoint: namedCheckpoint(context, architecture),
      });
    } finally {
      step.dispose();
    }
  }

  private ready(): Fitted {
    if (!this.fitted) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

interface Parts {
  readonly users?: UserPart;
  readonly ranking?: RankingPart;
  readonly transactions?: TransactionPart;
  readonly items?: ItemPart;
  readonly ids: SharedIds;
  readonly all: readonly EntityPart[];
  /** Index of the part whose examples lead the rows; -1 = whichever has most. */
  readonly lead: number;
}

function partsOf(
  kind: Architecture,
  tasks: readonly TaskName[],
  settings: MultiTaskSettings,
  ids: SharedIds,
): Parts {
  const ofUsers = MULTI_TASKS.filter((task) => tasks.includes(task)).filter(isUserTask);
  const parts = {
    users: ofUsers.length > 0 ? new UserPart(ofUsers, userHead(kind, ofUsers, settings), ids) : undefined,
    ranking: tasks.includes('RECOMMENDATION') ? new RankingPart(settings, ids) : undefined,
    transactions: tasks.includes('FRAUD') ? new TransactionPart(settings, ids) : undefined,
    items: tasks.includes('DEMAND') ? new ItemPart(settings, ids) : undefined,
  };
  const all = Object.values(parts).filter((part) => part !== undefined);
  return { ...parts, ids, all, lead: parts.ranking ? all.indexOf(parts.ranking) : -1 };
}

function userHead(kind: Architecture, tasks: readonly UserTask[], settings: MultiTaskSettings): UserHead {
  const isSquared = settings.loss === 'SUM_OF_SQUARED_ERRORS';
  if (kind.userQuestion === 'SURVIVAL')
    return new SurvivalHead(tasks, { hasOneCurve: kind.hasOneRepresentation, isSquared });
  return new FunnelHead(tasks, {
    architecture: kind.name,
    isConditional: kind.userQuestion === 'FUNNEL_PRODUCT',
    calibration: settings.calibration,
    isSquared,
  });
}

function needsPopulation({ all }: Parts): boolean {
  return all.some(({ input }) => input.name === USER_INPUT);
}
