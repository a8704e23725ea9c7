import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tooFewData } from '../../../errors.js';
import { loadWeights, Random, saveWeights, tf, WeightSet } from '../../../nn/index.js';
import { taskDefinition, type TaskName } from '../../../tasks/index.js';
import type {
  Contribution,
  ExportableNetwork,
  FitContext,
  Model,
  ModelFamily,
  ModelType,
  TrainingData,
  UserExampleRows,
  UserRequest,
  UserScorer,
} from '../../index.js';
import {
  rawUserFeatures,
  STANDARD_CLIP,
  USER_FEATURE_COUNT,
  USER_FEATURES,
  userExamples,
} from '../../preprocess/index.js';
import { exportableUsers } from '../export/exportable-users.js';
import { standardisedInGraph } from '../export/in-graph.js';
import { PopulationState } from '../users/population-state.js';
import { UserNetwork } from '../users/user-network.js';
import { LINEAR_DEFAULTS } from '../users/user-network-settings.js';
import { isUserTask, type UserTarget } from '../users/user-targets.js';
import {
  boost,
  boostedContributions,
  boostedLogits,
  type BoostedScore,
  type BoostingRows,
} from './boosting.js';
import { type BoostingSettings, boostingSettings } from './boosting-settings.js';
import { loadTrees, saveTrees } from './tree-file.js';
import { TreesInGraph } from './trees-in-graph.js';

const SETTINGS_FILE = 'boosting.json';
const LINE = 'line';
const WEIGHTS_FILE = 'weights.safetensors';
/** Trees between two reports of the loss. */
const REPORT_TREES = 10;
/** Share of a fit's work that the trees are, beside a line. */
const TREES_SHARE = 0.8;

/** What kind of boosted model: its name, what its outputs stand for, and whether a line goes with the trees. */
export interface BoostedKind {
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly target: (tasks: readonly TaskName[]) => UserTarget;
  /** Whether the logits are the mean of the trees' and of a linear score's. */
  readonly hasLine: boolean;
}

interface Fitted {
  readonly score: BoostedScore;
  readonly line: UserNetwork | null;
  readonly population: PopulationState;
}

/** User tasks by boosted trees on the user features, alone or averaged with a linear score: trees bend where a line cannot, and a line
 * carries over to users beyond what the trees have seen. */
class BoostedUsers implements Model, UserScorer {
  readonly architecture: string;
  readonly family: ModelFamily;
  readonly users = this;
  private readonly target: UserTarget;
  private fitted: Fitted | null = null;

  constructor(
    private readonly kind: BoostedKind,
    readonly tasks: readonly TaskName[],
    private readonly settings: BoostingSettings,
  ) {
    this.architecture = kind.architecture;
    this.family = kind.family;
    this.target = kind.target(tasks);
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    const examples = await userExamples(history, cut);
    context.signal.throwIfAborted();
    const { outputs } = this.target;
    const rows = knownRows({
      ...this.target.targets(examples),
      features: examples.features,
      width: USER_FEATURE_COUNT,
      outputs,
    });
    const need = Math.max(...this.tasks.map((task) => taskDefinition(task).minExamples));
    const have = rows.masks.reduce((sum, mask) => sum + (mask > 0 ? 1 : 0), 0) / outputs;
    if (have < need)
      throw tooFewData(`Examples to learn ${this.tasks.join(' and ')} from`, Math.floor(have), need);
    const score = await this.growTrees(rows, context);
    const line = this.kind.hasLine ? await this.fitLine(rows, context) : null;
    this.dispose();
    this.fitted = { score, line, population: PopulationState.fit(history, cut) };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    return this.scoreFeatures(this.ready().population.features(request));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreExamples({ features }: UserExampleRows): Promise<Partial<Record<TaskName, Float32Array>>> {
    return this.scoreFeatures(features);
  }

  private scoreFeatures(features: Float32Array): Partial<Record<TaskName, Float32Array>> {
    const { score, line } = this.ready();
    let logits = boostedLogits(score, features, USER_FEATURE_COUNT);
    if (line) {
      const straight = line.predict(features);
      logits = logits.map((logit, at) => (logit + straight[at]) / 2);
    }
    const tasks = this.tasks.filter(isUserTask);
    return Object.fromEntries(tasks.map((task) => [task, this.target.probabilities(logits, task)]));
  }

  /** Exact: Shapley values of the trees, and the line's own terms. */
  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]> {
    const { score, line, population } = this.ready();
    if (!isUserTask(task)) throw new Error(`${this.architecture} does not predict ${task}.`);
    const { sign } = this.target.deciding(task);
    const features = population.features(request);
    const statistics = population.alignedStatistics(request.history);
    const kernel = line?.numbers(1)[0].kernel;
    return Array.from(request.users, (user, at) => {
      const raw = rawUserFeatures(request.history, user, request.asOf, statistics);
      if (!raw) return [];
      const bent = boostedContributions(score, features, USER_FEATURE_COUNT, at);
      const straight = (index: number) =>
        kernel ? kernel[index] * features[at * USER_FEATURE_COUNT + index] : bent[index];
      return USER_FEATURES.map(({ name, description }, index) => ({
        feature: name,
        description,
        value: raw[index],
        contribution: (sign * (bent[index] + straight(index))) / 2,
      }))
        .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))
        .slice(0, first);
    });
  }

  async save(directory: string): Promise<void> {
    const { score, line, population } = this.ready();
    const saved: Saved = { tasks: this.tasks, settings: this.settings };
    await writeFile(join(directory, SETTINGS_FILE), JSON.stringify(saved));
    await saveTrees(directory, score);
    await population.save(directory);
    if (!line) return;
    await mkdir(join(directory, LINE));
    await saveWeights(join(directory, LINE, WEIGHTS_FILE), line.weights);
  }

  /** The trees as plain ops. */
  networks(): readonly ExportableNetwork[] {
    const { score, line, population } = this.ready();
    const { standardiser } = population.population;
    const trees = new TreesInGraph(score, (value, at) => standardiser.scaled(value, at));
    return [
      exportableUsers({
        tasks: this.tasks.filter(isUserTask),
        target: this.target,
        population,
        weights: line?.weights ?? new WeightSet(new Random(0)),
        note: `${score.trees.length} boosted trees${line ? ', averaged with a linear score' : ''}.`,
        logits: (features, context) => {
          const bent = trees.logits(features);
          if (!line) return bent;
          const rows = standardisedInGraph(features, standardiser, STANDARD_CLIP);
          return tf.mul(tf.add(bent, line.logits(rows, context)), tf.scalar(0.5));
        },
      }),
    ];
  }

  async restore(directory: string): Promise<void> {
    const score = await loadTrees(directory);
    const population = await PopulationState.load(directory);
    const line = this.kind.hasLine ? this.newLine(0) : null;
    if (line) await loadWeights(join(directory, LINE, WEIGHTS_FILE), line.weights);
    this.fitted = { score, line, population };
  }

  dispose(): void {
    this.fitted?.line?.dispose();
    this.fitted = null;
  }

  private growTrees(rows: BoostingRows, context: FitContext): Promise<BoostedScore> {
    const { settings, tasks, architecture } = this;
    const share = this.kind.hasLine ? TREES_SHARE : 1;
    return boost(rows, settings, {
      random: new Random(context.seed).fork('boosting'),
      signal: context.signal,
      onTree: (tree, trainLoss) => {
        context.onProgress((share * tree) / settings.trees);
        if (tree % REPORT_TREES !== 0 && tree !== settings.trees) return;
        context.onEpoch({
          model: architecture,
          epoch: Math.ceil(tree / REPORT_TREES),
          task: tasks.length === 1 ? tasks[0] : null,
          trainLoss,
          validationLoss: null,
        });
      },
    });
  }

  private async fitLine(rows: BoostingRows, context: FitContext): Promise<UserNetwork> {
    const line = this.newLine(context.seed);
    const onProgress = (share: number) => context.onProgress(TREES_SHARE + (1 - TREES_SHARE) * share);
    try {
      const report = { model: `${this.architecture}-${LINE}`, task: null };
      // The epochs reported are the trees'.
      const { features, labels, masks } = rows;
      await line.train(
        { features, labels, masks },
        null,
        { ...context, onProgress, onEpoch: () => undefined },
        report,
      );
      return line;
    } catch (thrown) {
      line.dispose();
      throw thrown;
    }
  }

  private newLine(seed: number): UserNetwork {
    return new UserNetwork(USER_FEATURE_COUNT, this.target.outputs, LINEAR_DEFAULTS, {
      seed,
      focalGamma: 0,
    });
  }

  private ready(): Fitted {
    if (!this.fitted) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

interface Saved {
  readonly tasks: readonly TaskName[];
  readonly settings: BoostingSettings;
}

/** The rows with a known label. */
function knownRows({ features, labels, masks, width, outputs }: BoostingRows): BoostingRows {
  const count = features.length / width;
  const known: number[] = [];
  for (let row = 0; row < count; row++)
    if (masks.subarray(row * outputs, (row + 1) * outputs).some((mask) => mask > 0)) known.push(row);
  if (known.length === count) return { features, labels, masks, width, outputs };
  const take = (values: Float32Array, size: number) => {
    const taken = new Float32Array(known.length * size);
    known.forEach((row, at) => taken.set(values.subarray(row * size, (row + 1) * size), at * size));
    return taken;
  };
  return {
    features: take(features, width),
    labels: take(labels, outputs),
    masks: take(masks, outputs),
    width,
    outputs,
  };
}

/** A kind of boosted user model as an architecture that can be made and loaded. */
export function boostedUsersType(kind: BoostedKind): ModelType {
  const { architecture, family } = kind;
  return {
    architecture,
    family,
    create: (tasks, hyperparameters) => new BoostedUsers(kind, tasks, boostingSettings(hyperparameters)),
    load: async (directory) => {
      const saved = JSON.parse(await readFile(join(directory, SETTINGS_FILE), 'utf8')) as Saved;
      const model = new BoostedUsers(kind, saved.tasks, saved.settings);
      await model.restore(directory);
      return model;
    },
  };
}
