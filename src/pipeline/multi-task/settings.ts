import { z } from 'zod';

import { AppError } from '../../errors.js';
import { isCustomTask, type ResamplingMethod, type TaskName } from '../../tasks/index.js';

/** Tasks that a multi-task model can learn, any of them together. */
export const MULTI_TASKS = [
  'PURCHASE_INTENT',
  'CHURN',
  'RECOMMENDATION',
  'FRAUD',
  'DEMAND',
] as const satisfies readonly TaskName[];

/** All that a multi-task model can learn, beside tasks of the shop's own; those of sessions only where a shop records visits. */
export const LEARNT_TASKS = [
  ...MULTI_TASKS,
  'NEXT_BEHAVIOUR',
  'SESSION_OUTCOME',
] as const satisfies readonly TaskName[];

/** Ways to weigh the tasks' losses against each other; see `LossBalance`. */
export const BALANCING_METHODS = ['EQUAL', 'FIXED', 'UNCERTAINTY', 'GRADNORM', 'DWA', 'PCGRAD'] as const;
export type BalancingMethod = (typeof BALANCING_METHODS)[number];

/** What can be done about classes of unequal size: by drawing or weighing examples. */
export const DRAWN_METHODS = [
  'NONE',
  'CLASS_WEIGHTS',
  'OVERSAMPLE',
  'UNDERSAMPLE',
  'SMOTE',
] as const satisfies readonly ResamplingMethod[];

/** What tells about users. */
export const USER_ENCODERS = ['FEATURES', 'SASREC', 'BERT4REC'] as const;

const isMultiTask = (task: string): boolean =>
  (LEARNT_TASKS as readonly string[]).includes(task) || isCustomTask(task);

const layers = z.array(z.number().int().min(1).max(4096)).max(8);
/** `hiddenUnits` of architectures that have nothing to share without a layer above the encoder. */
export const LAYERS_ABOVE_ENCODER = layers.min(2);

const lossWeight = z.number().min(0).max(1000);
const lossBalancing = z
  .strictObject({
    method: z.enum(BALANCING_METHODS),
    /** By task, for FIXED; 1 where not given. */
    weights: z
      .record(z.string(), lossWeight.optional())
      .superRefine((weights, context) => {
        const expected = `expected some of ${LEARNT_TASKS.join(', ')} or of the shop's own`;
        for (const task of Object.keys(weights))
          if (!isMultiTask(task)) context.addIssue({ code: 'custom', path: [task], message: expected });
      })
      .optional(),
  })
  .refine(({ method, weights }) => method === 'FIXED' || !weights, 'only FIXED takes weights');

const commonSettings = {
  /** Units of the layers: the first is each entity's encoder, the others are the architecture's. */
  hiddenUnits: layers.min(1),
  /** Units of the layers between a task's representation and its head. */
  towerUnits: layers,
  /** Width of the embeddings of items and countries that rows of several entities name; 0 = none. */
  embeddingSize: z.number().int().min(0).max(256),
  embeddingRate: z.number().gt(0).max(1),
  /**
   * What tells about users: their features, or beside them the latest behaviours through a Transformer encoder that all tasks share,
   * causal (SASREC) or masked (BERT4REC); see `SequenceEncoder`.
   */
  userEncoder: z.enum(USER_ENCODERS),
  /** The latest behaviours of a user that the encoder looks at. */
  sequenceLength: z.number().int().min(2).max(512),
  sequenceWidth: z.number().int().min(1).max(512),
  sequenceBlocks: z.number().int().min(1).max(12),
  /** Must divide the width. */
  sequenceHeads: z.number().int().min(1).max(16),
  /** How much the encoder's own loss counts, of the next or the hidden items; 0 = it learns from the tasks alone. */
  sequenceLoss: z.number().min(0).max(100),
  /** Units of the recommendation head's layer. */
  hidden: z.number().int().min(1).max(1024),
  dropout: z.number().min(0).max(0.9),
  learningRate: z.number().gt(0).max(1),
  weightDecay: z.number().min(0).max(10),
  /**
   * Rows a step. A row is one example of the leading entity (rankings where they are learnt, otherwise the one with most examples) and
   * its share of every other's. Not given: 64 with rankings, whose examples hold hundreds of candidates, otherwise 512.
   */
  batchSize: z.number().int().min(1).max(4096).optional(),
  /** Passes over the examples of users. */
  epochs: z.number().int().min(1).max(1000),
  /** Cycles of the learning rate whose last weights are averaged (SWA); 0 = none. */
  swaCycles: z.number().int().min(0).max(50),
  /** Passes over the others' examples while those of users are passed once. */
  rankingPasses: z.number().int().min(1).max(100),
  fraudPasses: z.number().int().min(1).max(100),
  demandPasses: z.number().int().min(1).max(100),
  customPasses: z.number().int().min(1).max(100),
  sessionPasses: z.number().int().min(1).max(100),
  /** Steps of sessions learnt from; thinned out above it. */
  maxSessions: z.number().int().min(1000).max(10_000_000),
  /** CROSS_ENTROPY, or the textbook's plain sum of squared errors over all tasks' probabilities. */
  loss: z.enum(['CROSS_ENTROPY', 'SUM_OF_SQUARED_ERRORS']),
  lossBalancing,
  /** Also compares the tasks' gradients by the shared layers, which costs a pass backwards a task; see `TaskSharing`. */
  measureGradients: z.boolean(),
  /** How the examples of yes/no tasks are drawn by their label, by task; see `DRAWN_METHODS`. */
  resampling: z.record(z.string(), z.enum(DRAWN_METHODS)),
  /** Architectures that ask for the funnel: how much it counts where a later stage is held likelier than the one before it. */
  calibration: z.number().min(0).max(100),
  /** Past months that the recommendation head learns from. */
  cuts: z.number().int().min(1).max(24),
  /** Items that each ranking example chooses among. */
  candidates: z.number().int().min(8).max(4096),
  /** Share of the ranking loss that counts only items new to the user. */
  newShare: z.number().min(0).max(1),
  /** Past weeks that the demand head learns from. */
  origins: z.number().int().min(1).max(104),
  /** Items with fewer units in 28 days teach the demand head nothing. */
  leastUnits: z.number().min(0),
  /** Share of examples held back for the validation loss. */
  validationShare: z.number().min(0).max(0.5),
};
export type MultiTaskSettings = z.infer<z.ZodObject<typeof commonSettings>>;

/** Chosen on the bundled shop's cuts up to 2011-05-10. */
export const MULTI_TASK_DEFAULTS: MultiTaskSettings = {
  hiddenUnits: [64, 64],
  towerUnits: [],
  // Measured on the bundled shop, 8 wide: new items' NDCG@10 falls from 0.154 to 0.098, as the embeddings learn single baskets by heart.
  embeddingSize: 0,
  embeddingRate: 0.02,
  userEncoder: 'FEATURES',
  sequenceLength: 32,
  sequenceWidth: 16,
  sequenceBlocks: 1,
  sequenceHeads: 2,
  sequenceLoss: 0.1,
  hidden: 16,
  dropout: 0.3,
  learningRate: 3e-3,
  weightDecay: 0.01,
  epochs: 4,
  swaCycles: 0,
  rankingPasses: 4,
  fraudPasses: 4,
  demandPasses: 4,
  customPasses: 2,
  sessionPasses: 2,
  maxSessions: 50_000,
  loss: 'CROSS_ENTROPY',
  lossBalancing: { method: 'EQUAL' },
  measureGradients: false,
  resampling: {},
  calibration: 0,
  cuts: 5,
  candidates: 256,
  newShare: 0.5,
  origins: 12,
  leastUnits: 20,
  validationShare: 0.05,
};

/** The textbook case: Adam, batch 32, 10 epochs, 20 % validation. */
const TEXTBOOK: Partial<MultiTaskSettings> = {
  dropout: 0,
  learningRate: 1e-3,
  weightDecay: 0,
  batchSize: 32,
  epochs: 10,
  rankingPasses: 1,
  fraudPasses: 1,
  demandPasses: 1,
  customPasses: 1,
  sessionPasses: 1,
  validationShare: 0.2,
};

/**
 * Settings from what a caller gave over the architecture's and the common defaults; `preset: "TEXTBOOK"` starts from the textbook case. A
 * run's settings address all its models: what is meant for others is not read here.
 *
 * @throws AppError BAD_USER_INPUT that names the setting
 */
export function multiTaskSettings<Own extends object>(
  given: Readonly<Record<string, unknown>>,
  architecture: {
    readonly ownSettings: z.ZodRawShape;
    readonly defaults: Own & Partial<MultiTaskSettings>;
  },
): MultiTaskSettings & Own {
  const { preset, lossWeights, ...rest } = given;
  if (preset !== undefined && preset !== 'TEXTBOOK')
    throw new AppError('BAD_USER_INPUT', `preset: expected "TEXTBOOK", got ${JSON.stringify(preset)}.`);
  if (lossWeights !== undefined)
    throw new AppError(
      'BAD_USER_INPUT',
      'lossWeights: give lossBalancing: { method: "FIXED", weights: { … } } instead.',
    );
  const schema = z
    .object({ ...commonSettings, ...architecture.ownSettings })
    .refine(
      ({ sequenceWidth, sequenceHeads }) => sequenceWidth % sequenceHeads === 0,
      'sequenceHeads: expected a divisor of sequenceWidth',
    );
  const parsed = schema.safeParse({
    ...MULTI_TASK_DEFAULTS,
    ...architecture.defaults,
    ...(preset ? TEXTBOOK : {}),
    ...rest,
  });
  if (parsed.success) return parsed.data as MultiTaskSettings & Own;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}`,
  );
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}
