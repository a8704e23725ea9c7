import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError, tooFewData } from '../../../errors.js';
import { loadWeights, saveWeights, tf, WeightSet } from '../../../nn/index.js';
import { TASK_DEFINITIONS, type TaskName } from '../../../tasks/index.js';
import {
  type ExportableNetwork,
  type FitContext,
  type Model,
  type ModelFamily,
  type ModelType,
  NEXT_BEHAVIOURS,
  type SessionRequest,
  type SessionScorer,
  type SessionScores,
  type TrainingData,
} from '../../index.js';
import {
  nextBehaviourExamples,
  sessionColumns,
  type SessionExamples,
  sessionOutcomeExamples,
  TabularEncoder,
  type TabularEncoding,
  tabularEncodingSchema,
} from '../../preprocess/index.js';
import { correctLogit, type LogitCorrection, NO_CORRECTION, resamplingOf } from '../base-rate.js';
import { exportableNetwork } from '../export/exportable-network.js';
import { correctedInGraph, PROBABILITY } from '../export/in-graph.js';
import { encodedInGraph, tabularBatch, tabularMeanings } from '../export/tabular-in-graph.js';
import { sigmoid } from '../fraud/logistic-fit.js';
import { type UserColumns, UserNetwork } from '../users/user-network.js';
import { teachUserColumns } from '../users/user-resampling.js';
import {
  SESSION_DENSE_DEFAULTS,
  SESSION_LINEAR_DEFAULTS,
  type SessionSettings,
  sessionSettings,
} from './session-settings.js';
import { requireSessions, type SessionTask, sessionTasks } from './session-tasks.js';

const FILE = 'session-network.json';
/** Sessions of the rarer outcome that there must be. */
const LEAST_OF_EACH = 20;

interface Fitted {
  readonly encoder: TabularEncoder;
  readonly networks: readonly UserNetwork[];
  readonly correction: LogitCorrection;
}

interface SavedSessionNetwork {
  readonly task: SessionTask;
  readonly settings: SessionSettings;
  readonly encoding: TabularEncoding;
  readonly correction: LogitCorrection;
}

/** One task about open sessions by dense networks of several seeds on what the session looks like so far. */
class SessionNetworkModel implements Model, SessionScorer {
  readonly learnsInCycles = true;
  readonly sessions = this;
  readonly tasks: readonly TaskName[];
  private fitted: Fitted | null = null;

  constructor(
    readonly architecture: string,
    readonly family: ModelFamily,
    private readonly task: SessionTask,
    private readonly settings: SessionSettings,
  ) {
    this.tasks = [task];
    if (this.method !== 'NONE' && task === 'NEXT_BEHAVIOUR') {
      throw new AppError(
        'BAD_USER_INPUT',
        'resampling: NEXT_BEHAVIOUR has more than two classes; expected NONE.',
      );
    }
  }

  async fit({ history, cut }: TrainingData, context: FitContext): Promise<void> {
    context.signal.throwIfAborted();
    const gather = this.task === 'NEXT_BEHAVIOUR' ? nextBehaviourExamples : sessionOutcomeExamples;
    const examples = gather(history, { until: cut, maxExamples: this.settings.maxExamples });
    this.requireEnough(examples);
    const count = examples.labels.length;
    const split = count - Math.floor(count * this.settings.validationShare);
    const columns = sessionColumns(history, examples.sessions);
    const places = Array.from({ length: count }, (_, at) => at);
    const encoder = TabularEncoder.fit(columns, places.slice(0, split));
    const part = (rows: number[]): UserColumns => ({
      features: encoder.encode(columns, rows),
      ...this.targets(rows.map((row) => examples.labels[row])),
    });
    const validation = split < count ? part(places.slice(split)) : null;
    const { method, outputs } = this;
    const { focalGamma, members } = this.settings;
    const taught = teachUserColumns(part(places.slice(0, split)), validation, {
      method,
      focalGamma,
      outputs,
      seed: context.seed,
      width: encoder.width,
    });
    const networks: UserNetwork[] = [];
    try {
      for (let member = 0; member < members; member++) {
        const seed = context.seed + 1000 * member;
        const network = this.newNetwork(encoder.width, seed);
        networks.push(network);
        const onProgress = (share: number) => context.onProgress((member + share) / members);
        const model = member === 0 ? this.architecture : `${this.architecture}-${member + 1}`;
        const report = { model, task: this.task };
        await network.train(taught.train, taught.validation, { ...context, seed, onProgress }, report);
      }
    } catch (thrown) {
      for (const network of networks) network.dispose();
      throw thrown;
    }
    this.dispose();
    this.fitted = { encoder, networks, correction: taught.corrections[0] };
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async scoreSessions({ history, sessions }: SessionRequest): Promise<SessionScores> {
    const { encoder, networks, correction } = this.ready();
    const features = encoder.encode(sessionColumns(history, sessions), [...sessions.keys()]);
    const logits = new Float32Array(sessions.length * this.outputs);
    for (const network of networks) {
      network.predict(features).forEach((logit, at) => (logits[at] += logit / networks.length));
    }
    if (this.task === 'NEXT_BEHAVIOUR') return { NEXT_BEHAVIOUR: softmaxRows(logits, this.outputs) };
    return { SESSION_OUTCOME: logits.map((logit) => sigmoid(correctLogit(logit, correction))) };
  }

  async save(directory: string): Promise<void> {
    const { encoder, networks, correction } = this.ready();
    const { task, settings } = this;
    const saved: SavedSessionNetwork = { task, settings, encoding: encoder.encoding, correction };
    await writeFile(join(directory, FILE), JSON.stringify(saved));
    for (const [at, network] of networks.entries())
      await saveWeights(join(directory, weightsFile(at)), network.weights);
  }

  /** One: the mean of the members' logits is part of it. */
  networks(): readonly ExportableNetwork[] {
    const { encoder, networks, correction } = this.ready();
    const { task, outputs } = this;
    const { encoding } = encoder;
    const members = networks.map(({ weights }, at) => [`member-${at + 1}`, weights] as const);
    return [
      exportableNetwork({
        name: 'sessions',
        tasks: this.tasks,
        description: 'A row is a session, as of its latest behaviour.',
        weights: WeightSet.joined(Object.fromEntries(members)),
        batch: tabularBatch(encoding),
        predict: (columns, context) => {
          const features = encodedInGraph(columns, encoding);
          const sum = tf.addN(networks.map((network) => network.logits(features, context)));
          const logits = tf.div(sum, tf.scalar(networks.length));
          const isNext = task === 'NEXT_BEHAVIOUR';
          const corrected = isNext ? logits : correctedInGraph(logits, [correction]);
          const answers = isNext ? tf.softmax(logits) : tf.reshape(tf.sigmoid(corrected), [-1]);
          return { [task]: answers, logits: corrected };
        },
        inputs: tabularMeanings(encoding),
        outputs: {
          [task]:
            task === 'NEXT_BEHAVIOUR'
              ? { description: `probabilities of ${NEXT_BEHAVIOURS.join(', ')}`, shape: [outputs] }
              : { description: PROBABILITY },
          logits: { description: `logits of ${task}`, shape: [outputs] },
        },
      }),
    ];
  }

  async restore(directory: string, { encoding, correction }: SavedSessionNetwork): Promise<void> {
    const encoder = new TabularEncoder(tabularEncodingSchema.parse(encoding));
    const networks: UserNetwork[] = [];
    for (let member = 0; member < this.settings.members; member++) {
      const network = this.newNetwork(encoder.width, 0);
      networks.push(network);
      await loadWeights(join(directory, weightsFile(member)), network.weights);
    }
    this.fitted = { encoder, networks, correction: correction ?? NO_CORRECTION };
  }

  dispose(): void {
    for (const network of this.fitted?.networks ?? []) network.dispose();
    this.fitted = null;
  }

  private get outputs(): number {
    return this.task === 'NEXT_BEHAVIOUR' ? NEXT_BEHAVIOURS.length : 1;
  }

  private get method() {
    return resamplingOf(this.settings.resampling, this.task, this.architecture);
  }

  private requireEnough({ labels }: SessionExamples): void {
    requireSessions(labels.length, TASK_DEFINITIONS[this.task].minExamples);
    if (this.task === 'NEXT_BEHAVIOUR') return;
    const yes = labels.reduce((sum, label) => sum + label, 0);
    const fewest = Math.min(yes, labels.length - yes);
    if (fewest < LEAST_OF_EACH)
      throw tooFewData('Steps of sessions with a purchase, and of sessions without', fewest, LEAST_OF_EACH);
  }

  private targets(labels: readonly number[]): Pick<UserColumns, 'labels' | 'masks'> {
    const { outputs } = this;
    const masks = new Float32Array(labels.length * outputs).fill(1);
    if (outputs === 1) return { labels: Float32Array.from(labels), masks };
    const hot = new Float32Array(labels.length * outputs);
    labels.forEach((label, at) => (hot[at * outputs + label] = 1));
    return { labels: hot, masks };
  }

  private newNetwork(width: number, seed: number): UserNetwork {
    const head = this.task === 'NEXT_BEHAVIOUR' ? 'SOFTMAX' : 'SIGMOID';
    const focalGamma = this.method === 'FOCAL_LOSS' ? this.settings.focalGamma : 0;
    const settings = { ...this.settings, loss: 'CROSS_ENTROPY' } as const;
    return new UserNetwork(width, this.outputs, settings, { seed, focalGamma, head });
  }

  private ready(): Fitted {
    if (!this.fitted) throw new Error(`The model ${this.architecture} is neither fitted nor loaded.`);
    return this.fitted;
  }
}

const weightsFile = (member: number): string => `weights-${member + 1}.safetensors`;

function softmaxRows(logits: Float32Array, width: number): Float32Array {
  const values = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += width) {
    const row = logits.subarray(from, from + width);
    const highest = Math.max(...row);
    const sum = row.reduce((total, logit) => total + Math.exp(logit - highest), 0);
    row.forEach((logit, at) => (values[from + at] = Math.exp(logit - highest) / sum));
  }
  return values;
}

function sessionType(architecture: string, family: ModelFamily, defaults: SessionSettings): ModelType {
  return {
    architecture,
    family,
    create: (tasks, hyperparameters) => {
      const [task, ...others] = sessionTasks(architecture, tasks);
      if (others.length > 0)
        throw new AppError('BAD_USER_INPUT', `${architecture} learns one task; got ${tasks.join(', ')}.`);
      return new SessionNetworkModel(architecture, family, task, sessionSettings(hyperparameters, defaults));
    },
    load: async (directory) => {
      const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as SavedSessionNetwork;
      const model = new SessionNetworkModel(architecture, family, saved.task, saved.settings);
      await model.restore(directory, saved);
      return model;
    },
  };
}

/** Softmax or logistic regression on the session so far. */
export const sessionRegression = sessionType('session-regression', 'BASELINE', SESSION_LINEAR_DEFAULTS);

/** Dense nets of several seeds on the session so far. */
export const sessionDense = sessionType('session-dense', 'SINGLE', SESSION_DENSE_DEFAULTS);
