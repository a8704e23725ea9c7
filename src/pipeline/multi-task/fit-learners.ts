/** Training of one learner, or of several that learn from each other in the same steps. */
import type * as Tensorflow from '@tensorflow/tfjs';

import {
  adagrad,
  adamW,
  type Batch,
  type BatchSpec,
  compileStep,
  cyclePlan,
  type ModelContext,
  Random,
  type Schedule,
  type TaskOptions,
  tf,
  train,
  type TrainEpoch,
  WeightSet,
} from '../../nn/index.js';
import type { FitContext, TrainingData } from '../index.js';
import { namedCheckpoint } from '../single-task/index.js';
import type { GatherOptions, PartInputs } from './entities/entity-part.js';
import {
  type EntityExamples,
  type ExampleColumn,
  JointRows,
  planRows,
  type RowPlan,
  rowSpec,
} from './joint-rows.js';
import type { Learner, Pass } from './learner.js';
import { resampleExamples } from './resample-examples.js';

/** Rows of a block that is made at once: with rankings some 70 MB. */
const BLOCK_ROWS = 2048;
const WARMUP = 0.05;
const BATCH_WITH_RANKINGS = 64;
const BATCH_WITHOUT = 512;
const CLIP_NORM = 5;

type Losses = Readonly<Record<string, Tensorflow.Scalar>>;

/** What is minimised in a step. */
export interface CollaborativeLosses {
  /** By learner and task; weighed as the tasks' losses are. */
  readonly tasks: readonly Losses[];
  /** A loss of no task. */
  readonly extra?: Tensorflow.Scalar;
}

/** What learners learn from beside their labels: each other, a teacher, adversarial examples. */
export interface Collaboration {
  /** What examples are gathered. */
  readonly gathering?: GatherOptions;
  /** Columns beside the examples' own, by part. Examples are gathered, nets are not yet made. */
  columns?(
    learner: Learner,
    examples: readonly EntityExamples[],
  ): Promise<readonly Readonly<Record<string, ExampleColumn>>[]>;
  /** What a learner sees of an entity's inputs; all of them where it is left out. */
  see?(inputs: PartInputs, learner: number): PartInputs;
  /** Adds weights that only the training needs; nets are made. */
  build?(learners: readonly Learner[], weights: WeightSet): void;
  /** Numbers that the losses read by `context.schedule`. */
  schedules?(steps: number): Readonly<Record<string, Schedule>>;
  /** Asked in training alone: validation losses are of the labels. */
  losses(passes: readonly Pass[], batch: Batch<BatchSpec>, context: ModelContext): CollaborativeLosses;
}

export interface FitOptions {
  /** As epochs and checkpoints call the training. */
  readonly name: string;
  readonly collaboration?: Collaboration;
}

/**
 * Trains learners of the same tasks on the same examples in one step, and gets them ready to answer. The first one's settings say how
 * examples are gathered and how long and fast is learnt; it starts as it would alone.
 *
 * @returns by learner: the sum of its tasks' validation losses after the last epoch; NaN where nothing is held back
 * @throws AppError TOO_FEW_DATA; signal.reason when aborted. The learners are disposed of then.
 */
export async function fitLearners(
  learners: readonly Learner[],
  data: TrainingData,
  context: FitContext,
  { name, collaboration }: FitOptions,
): Promise<number[]> {
  const [first, ...others] = learners;
  const root = new WeightSet(new Random(context.seed));
  try {
    const examples = await first.gather(data, context, collaboration?.gathering);
    for (const other of others) other.adopt(first, data);
    const added = await collaboration?.columns?.(first, examples);
    context.signal.throwIfAborted();
    const all = examples.map((own, at) => ({ ...own, columns: { ...own.columns, ...added?.[at] } }));
    const { validationShare } = first.settings;
    const { seed } = context;
    const plan = planRows(all, first.lead, {
      validationShare,
      seed,
      draw: (at, chosen) => {
        const drawing = first.all[at].draw?.drawing;
        if (!drawing) return { examples: all[at], chosen };
        const { shift, ...drawn } = resampleExamples(all[at], chosen, drawing, seed);
        for (const learner of learners) learner.all[at].draw!.correction = { shift, focalGamma: 0 };
        return drawn;
      },
    });
    learners.forEach((learner, at) => {
      const seed = new Random(at === 0 ? context.seed : hashOf(context.seed, at)).fork(learner.kind.name);
      const own = memberName(learners, at);
      learner.build(root.scope(`member-${at + 1}`, seed), own);
    });
    const extra = root.scope('collaboration', new Random(context.seed).fork('collaboration'));
    collaboration?.build?.(learners, extra);
    const worth = await trainTogether(learners, root, plan, { name, collaboration, context });
    const looked = plan.held.map((held, at) => (held.chosen.length > 0 ? held : plan.train[at]));
    for (const learner of learners) learner.finish(data, looked);
    extra.dispose();
    return worth;
  } catch (thrown) {
    for (const learner of learners) learner.dispose();
    root.dispose();
    throw thrown;
  }
}

/** A seed of a learner's own. */
const hashOf = (seed: number, at: number): number => new Random(seed).fork(`learner ${at}`).word() >>> 1;

/** What a learner's tasks have before their names; '' for one alone. */
const memberName = (learners: readonly Learner[], at: number): string =>
  learners.length === 1 ? '' : `member-${at + 1}`;

async function trainTogether(
  learners: readonly Learner[],
  weights: WeightSet,
  plan: RowPlan,
  { name, collaboration, context }: FitOptions & { context: FitContext },
): Promise<number[]> {
  const [{ settings, entities }] = learners;
  const { seed } = context;
  const batchSize = settings.batchSize ?? (entities.ranking ? BATCH_WITH_RANKINGS : BATCH_WITHOUT);
  const rows = new JointRows(plan.rows, plan.train, { seed, hasPasses: true });
  const heldRows = new JointRows(plan.heldRows, plan.held, { seed, hasPasses: false });
  const perEpoch = Math.ceil(rows.rows / batchSize);
  const { epochs, schedule, averageAfter } = cyclePlan({
    ...settings,
    steps: perEpoch,
    warmup: WARMUP,
    snapshot: context.snapshot,
  });
  const step = compileStep({
    weights,
    batch: rowSpec(plan.train),
    loss: (batch, model) => {
      const passes = learners.map((learner, at) => {
        const inputs = learner.all.map((part) => part.inputs(batch, model));
        const seen = inputs.map((own) => collaboration?.see?.(own, at) ?? own);
        return learner.forwardFrom(seen, batch, model);
      });
      const given: CollaborativeLosses =
        collaboration && model.isTraining
          ? collaboration.losses(passes, batch, model)
          : { tasks: passes.map(({ losses }) => losses) };
      const weighed = learners.map(({ balance }, at) => balance.losses(given.tasks[at]));
      const extras = [
        ...weighed.flatMap(({ extra }) => extra ?? []),
        ...(given.extra ? [given.extra] : []),
        ...(model.isTraining ? learners.flatMap((learner) => learner.sequenceLoss(batch, model) ?? []) : []),
      ];
      return {
        tasks: Object.assign({}, ...weighed.map(({ tasks }) => tasks)) as Losses,
        ...(extras.length > 0 && { extra: extras.length === 1 ? extras[0] : tf.addN(extras) }),
      };
    },
    tasks: joinTaskOptions(learners),
    optimizer: adamW(schedule, {
      weightDecay: settings.weightDecay,
    }),
    tableOptimizer: adagrad(settings.embeddingRate, { initialAccumulator: 1e-9 }),
    // Of each learner as if it were alone, when they are alike.
    clipNorm: CLIP_NORM * Math.sqrt(learners.length),
    schedules: collaboration?.schedules?.(epochs * perEpoch),
    seed,
  });
  let last: TrainEpoch | null = null;
  try {
    await train({
      step,
      columns: rows,
      blockRows: BLOCK_ROWS,
      validation: heldRows.rows > 0 ? await heldRows.read(0, heldRows.rows) : undefined,
      validationBatchSize: batchSize,
      batchSize,
      epochs,
      averageAfter,
      seed,
      onEpoch: (done) => {
        last = done;
        for (const { balance } of learners) balance.onEpoch(done, step);
        reportEpoch(done, learners, name, context);
      },
      onProgress: context.onProgress,
      signal: context.signal,
      checkpoint: namedCheckpoint(context, name),
    });
  } finally {
    step.dispose();
  }
  return learners.map(({ balance }) => validationOf(last, balance.names));
}

function validationOf(epoch: TrainEpoch | null, names: readonly string[]): number {
  if (!epoch?.validation) return Number.NaN;
  const { tasks } = epoch.validation;
  return names.reduce((sum, name) => sum + tasks[name], 0);
}

/** Losses of an epoch: of a task, the mean over the learners. */
function reportEpoch(
  { epoch, train: trained, validation }: TrainEpoch,
  learners: readonly Learner[],
  model: string,
  context: FitContext,
): void {
  const [{ tasks }] = learners;
  const meanOf = (losses: typeof trained, task: number) =>
    learners.reduce((sum, { balance }) => sum + losses.tasks[balance.names[task]], 0) / learners.length;
  const total = (losses: typeof trained) => losses.total / learners.length;
  const report = (task: (typeof tasks)[number] | null, of: (losses: typeof trained) => number) =>
    context.onEpoch({
      model,
      epoch,
      task,
      trainLoss: of(trained),
      validationLoss: validation ? of(validation) : null,
    });
  report(null, total);
  tasks.forEach((task, at) => report(task, (losses) => meanOf(losses, at)));
}

function joinTaskOptions(learners: readonly Learner[]): TaskOptions {
  const options = learners.map(({ balance, network, settings }) =>
    balance.taskOptions(network.sharedWeights, settings.measureGradients),
  );
  const [first] = options;
  return {
    ...first,
    names: options.flatMap(({ names }) => names),
    weights: options.flatMap(({ names, weights }) => weights ?? names.map(() => 1)),
    ...(first.measured && { measured: options.flatMap(({ measured }) => measured ?? []) }),
  };
}
