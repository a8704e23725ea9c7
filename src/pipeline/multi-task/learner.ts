import { join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import {
  type Batch,
  type BatchSpec,
  loadWeights,
  type ModelContext,
  Random,
  saveWeights,
  tf,
  WeightSet,
} from '../../nn/index.js';
import { type CustomTask, customTaskName, type TaskName } from '../../tasks/index.js';
import type { FitContext, TrainingData } from '../index.js';
import { isUserTask, PopulationState, SESSION_TASKS, type UserTask } from '../single-task/index.js';
import type { Architecture } from './architecture.js';
import { CustomPart } from './entities/custom-part.js';
import {
  type EntityPart,
  type GatherOptions,
  inputsOf,
  type PartInputs,
  type PartOutputs,
} from './entities/entity-part.js';
import { FunnelHead } from './entities/funnel-head.js';
import { ItemPart } from './entities/item-part.js';
import { RankingPart } from './entities/ranking-part.js';
import { SessionPart } from './entities/session-part.js';
import { SessionTable } from './entities/session-table.js';
import { SurvivalHead } from './entities/survival-head.js';
import { TransactionPart } from './entities/transaction-part.js';
import type { UserHead } from './entities/user-head.js';
import { USER_INPUT, UserPart } from './entities/user-part.js';
import { gateReports } from './gate-report.js';
import type { EntityExamples, RowShare } from './joint-rows.js';
import { LossBalance } from './loss-balance.js';
import { MultiTaskNetwork } from './multi-task-network.js';
import type { TrainingNotes } from './saved-multi-task.js';
import { MULTI_TASKS, type MultiTaskSettings } from './settings.js';
import { gatherSharedIds, loadSharedIds, saveSharedIds, type SharedIds } from './shared-ids.js';

const WEIGHTS_FILE = 'multi-task.safetensors';

type Losses = Readonly<Record<string, Tensorflow.Scalar>>;

/** What a learner makes of one entity's examples in a batch. */
export interface PartPass {
  readonly part: EntityPart;
  readonly inputs: PartInputs;
  readonly outputs: PartOutputs;
  /** Mean losses by task. */
  readonly losses: Losses;
}

/** One way of a batch through a learner's net. */
export interface Pass {
  readonly learner: Learner;
  readonly parts: readonly PartPass[];
  /** Mean losses by task. */
  readonly losses: Losses;
}

interface Fitted {
  readonly network: MultiTaskNetwork;
  readonly parts: Parts;
  readonly balance: LossBalance;
}

/** A net of any architecture with all that it takes to learn several tasks and to answer them: examples, heads, files. */
export class Learner {
  private parts: Parts | null = null;
  private fitted: Fitted | null = null;
  private population: PopulationState | null = null;
  private shown: TrainingNotes | null = null;

  /**
   * @param tasks       each once
   * @param customTasks definitions of those of them that the shop has made
   */
  constructor(
    readonly kind: Architecture,
    readonly tasks: readonly TaskName[],
    readonly settings: MultiTaskSettings,
    readonly customTasks: readonly CustomTask[] = [],
  ) {}

  /** @throws Error before `build` */
  get network(): MultiTaskNetwork {
    return this.ready().network;
  }

  /** How its tasks' losses are weighed. @throws Error before `build` */
  get balance(): LossBalance {
    return this.ready().balance;
  }

  /** What its training showed. @throws Error before `finish` or `restore` */
  get notes(): TrainingNotes {
    if (!this.shown) throw new Error(`The model ${this.kind.name} is neither fitted nor loaded.`);
    return this.shown;
  }

  /** Index of the part whose examples lead the rows; -1 = whichever has most. */
  get lead(): number {
    return this.known().lead;
  }

  get all(): readonly EntityPart[] {
    return this.known().all;
  }

  /** The parts by entity. @throws Error before `gather`, `adopt` or `restore` */
  get entities(): Omit<Parts, 'ids' | 'all' | 'lead'> {
    return this.known();
  }

  /** Examples by part. @throws AppError TOO_FEW_DATA */
  async gather(
    data: TrainingData,
    context: FitContext,
    options: GatherOptions = {},
  ): Promise<EntityExamples[]> {
    this.parts = this.partsWith(gatherSharedIds(data, this.tasks, this.settings));
    const examples: EntityExamples[] = [];
    for (const part of this.parts.all) {
      context.signal.throwIfAborted();
      examples.push(await part.gather(data, context, options));
    }
    return examples;
  }

  /** Takes over the examples of another learner of the same tasks. */
  adopt(other: Learner, data: TrainingData): void {
    this.parts = this.partsWith(gatherSharedIds(data, this.tasks, this.settings));
    this.parts.all.forEach((part, at) => part.adopt(other.all[at]));
  }

  /** Makes the net, ready to be trained. @param name of the learner among those that train in one step; '' for one alone */
  build(weights: WeightSet, name = ''): void {
    const parts = this.known();
    const inputs = new Map(parts.all.map(({ input }) => [input.name, input]));
    const network = new MultiTaskNetwork(this.kind, this.settings, {
      inputs: [...inputs.values()],
      tasks: parts.all.flatMap(({ representations }) => representations),
      weights,
    });
    parts.ids.items?.build(network.weights);
    parts.ids.countries?.build(network.weights);
    parts.ids.sequences?.build(network.weights);
    for (const part of parts.all) part.build(network);
    const balance = new LossBalance(this.tasks, this.settings.lossBalancing, name);
    balance.build(network.weights);
    this.fitted = { network, parts, balance };
  }

  /** A batch through the net. @param inputs by part; those of the batch, or changed ones */
  forwardFrom(inputs: readonly PartInputs[], batch: Batch<BatchSpec>, context: ModelContext): Pass {
    const parts = this.all.map((part, at): PartPass => {
      const outputs = part.forward(inputs[at], batch, context);
      return { part, inputs: inputs[at], outputs, losses: part.losses(outputs, batch) };
    });
    return {
      learner: this,
      parts,
      losses: Object.assign({}, ...parts.map(({ losses }) => losses)) as Losses,
    };
  }

  /** The sequence encoder's own loss, weighed; null where there is none. */
  sequenceLoss(batch: Batch<BatchSpec>, context: ModelContext): Tensorflow.Scalar | null {
    const { sequenceLoss: weight } = this.settings;
    const part = this.all.find(({ beside }) => beside !== undefined);
    if (!part?.beside || weight === 0) return null;
    const loss = part.beside.sequenceLoss(inputsOf(part, batch), context);
    return loss && tf.mul<Tensorflow.Scalar>(loss, tf.scalar(weight));
  }

  /** Gets ready to answer: after training, with everything known before the cut. @param looked by part: examples whose gates are averaged */
  finish(data: TrainingData, looked: readonly RowShare[]): void {
    const { network, parts, balance } = this.ready();
    this.population = needsPopulation(parts) ? PopulationState.fit(data.history, data.cut) : null;
    for (const part of parts.all) part.finish(data, this.population);
    const gates = gateReports(network, parts.all, looked);
    this.shown = { gates, weights: balance.weights(), affinities: balance.affinities() };
  }

  /** Writes what `restore` needs, beside the settings. */
  async save(directory: string): Promise<void> {
    const { network, parts } = this.ready();
    await saveWeights(join(directory, WEIGHTS_FILE), network.weights);
    await this.population?.save(directory);
    await saveSharedIds(directory, parts.ids);
    for (const part of parts.all) await part.save(directory);
  }

  /** Takes over what `save` wrote. @throws Error when it was made with other features */
  async restore(directory: string, notes: TrainingNotes): Promise<void> {
    this.parts = this.partsWith(await loadSharedIds(directory, this.settings));
    await this.parts.sessions.at(0)?.table.load(directory);
    this.build(newWeights(this.kind, 0));
    const { network, parts } = this.ready();
    await loadWeights(join(directory, WEIGHTS_FILE), network.weights);
    this.population = needsPopulation(parts) ? await PopulationState.load(directory) : null;
    for (const part of parts.all) await part.restore(directory, this.population);
    this.shown = notes;
  }

  dispose(): void {
    for (const part of this.parts?.all ?? []) part.dispose();
    this.fitted?.network.weights.dispose();
    this.fitted = null;
  }

  private partsWith(ids: SharedIds): Parts {
    const { kind, tasks, settings } = this;
    const ofUsers = MULTI_TASKS.filter((task) => tasks.includes(task)).filter(isUserTask);
    const parts = {
      users: ofUsers.length > 0 ? new UserPart(ofUsers, userHead(kind, ofUsers, settings), ids) : undefined,
      ranking: tasks.includes('RECOMMENDATION') ? new RankingPart(settings, ids) : undefined,
      transactions: tasks.includes('FRAUD') ? new TransactionPart(settings, ids) : undefined,
      items: tasks.includes('DEMAND') ? new ItemPart(settings, ids) : undefined,
    };
    const table = new SessionTable();
    const sessions = SESSION_TASKS.filter((task) => tasks.includes(task)).map(
      (task) => new SessionPart(task, settings, table),
    );
    const asked = this.customTasks.filter(({ name }) => tasks.includes(customTaskName(name)));
    const hasCountsAlone = asked.filter(({ atLeast }) => atLeast === null).length === tasks.length;
    const custom = asked.map((task) => new CustomPart(task, settings, ids, hasCountsAlone));
    const all = [...Object.values(parts).filter((part) => part !== undefined), ...sessions, ...custom];
    return { ...parts, sessions, custom, ids, all, lead: parts.ranking ? all.indexOf(parts.ranking) : -1 };
  }

  private known(): Parts {
    if (!this.parts) throw new Error(`The net ${this.kind.name} has no examples yet.`);
    return this.parts;
  }

  private ready(): Fitted {
    if (!this.fitted) throw new Error(`The model ${this.kind.name} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

interface Parts {
  readonly users?: UserPart;
  readonly ranking?: RankingPart;
  readonly transactions?: TransactionPart;
  readonly items?: ItemPart;
  readonly sessions: readonly SessionPart[];
  readonly custom: readonly CustomPart[];
  readonly ids: SharedIds;
  readonly all: readonly EntityPart[];
  readonly lead: number;
}

/** The weights of a net by itself. */
export function newWeights({ name }: Architecture, seed: number): WeightSet {
  return new WeightSet(new Random(seed).fork(name));
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
