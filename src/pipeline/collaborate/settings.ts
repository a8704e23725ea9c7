import { z } from 'zod';

import { AppError } from '../../errors.js';
import { isCustomTask, type TaskName } from '../../tasks/index.js';
import { type Architecture, ARCHITECTURES, MULTI_TASKS } from '../multi-task/index.js';
import { DOMAINS } from './domains.js';

/** Ways of learning from each other, from a teacher, or from adversaries. */
export const COLLABORATIONS = [
  'MUTUAL_LEARNING',
  'DISTILLATION',
  'ADVERSARIAL',
  'DOMAIN_ADVERSARIAL',
  'CO_TRAINING',
] as const;
export type CollaborationMethod = (typeof COLLABORATIONS)[number];

const MOST_MEMBERS = 8;
const architecture = z.enum(ARCHITECTURES.map(({ name }) => name) as [string, ...string[]]);
const temperature = z.number().min(0.1).max(20);
const strength = z.number().min(0).max(100);

const mutual = z.object({
  /** How many nets of one architecture and different starts, or one of each architecture named. */
  members: z.union([
    z.number().int().min(2).max(MOST_MEMBERS),
    z.array(architecture).min(2).max(MOST_MEMBERS),
  ]),
  strength,
  temperature,
  /** What serves: the mean of the members, or the one with the least validation loss. */
  serve: z.enum(['MEAN', 'BEST']),
});
export type MutualSettings = z.infer<typeof mutual>;

const taskName = z.custom<TaskName>(
  (name) => typeof name === 'string' && (MULTI_TASKS.some((task) => task === name) || isCustomTask(name)),
  `expected some of ${MULTI_TASKS.join(', ')} or of the shop's own`,
);
const distillation = z.object({
  /** Id of a model version to learn from; without one, teachers are trained first, one a task. */
  teacherVersion: z.string().min(1).optional(),
  /** Architectures of the trained teachers by task; the student's own where not given. */
  teachers: z.partialRecord(taskName, z.string()).optional(),
  alpha: z.number().min(0).max(1),
  temperature,
  annealing: z.boolean(),
});
export type DistillationSettings = z.infer<typeof distillation>;

const adversarial = z.object({ epsilon: z.number().gt(0).max(100), strength });
export type AdversarialSettings = z.infer<typeof adversarial>;

const domainAdversarial = z.object({ domain: z.enum(DOMAINS), strength });
export type DomainAdversarialSettings = z.infer<typeof domainAdversarial>;

const coTraining = z.object({
  /** Times that the views label examples for each other. */
  rounds: z.number().int().min(1).max(20),
  /** Share of the examples without a label that each view labels in a round. */
  perRound: z.number().gt(0).max(0.5),
  /** How much those count beside the labelled ones. */
  strength,
  /** Names of the features of the two views; left out, every other feature each. */
  views: z.array(z.array(z.string()).min(1)).length(2).optional(),
});
export type CoTrainingSettings = z.infer<typeof coTraining>;

export const SCHEMAS = {
  MUTUAL_LEARNING: mutual,
  DISTILLATION: distillation,
  ADVERSARIAL: adversarial,
  DOMAIN_ADVERSARIAL: domainAdversarial,
  CO_TRAINING: coTraining,
} as const;

export interface SettingsOf {
  MUTUAL_LEARNING: MutualSettings;
  DISTILLATION: DistillationSettings;
  ADVERSARIAL: AdversarialSettings;
  DOMAIN_ADVERSARIAL: DomainAdversarialSettings;
  CO_TRAINING: CoTrainingSettings;
}

export const DEFAULTS: { readonly [Method in CollaborationMethod]: SettingsOf[Method] } = {
  MUTUAL_LEARNING: { members: 3, strength: 1, temperature: 1, serve: 'MEAN' },
  DISTILLATION: { alpha: 0.5, temperature: 2, annealing: false },
  ADVERSARIAL: { epsilon: 0.5, strength: 1 },
  DOMAIN_ADVERSARIAL: { domain: 'TIME', strength: 0.1 },
  CO_TRAINING: { rounds: 3, perRound: 0.1, strength: 0.5 },
};

/** Teachers that are trained for it know no more than the student's task alone: their share falls to 0. */
const TRAINED_TEACHERS: Partial<DistillationSettings> = { alpha: 1, temperature: 1, annealing: true };

/**
 * Settings of a way of learning from what a caller gave over the defaults; what is the nets' own is not read here.
 *
 * @throws AppError BAD_USER_INPUT that names the setting
 */
export function collaborationSettings<Method extends CollaborationMethod>(
  method: Method,
  given: Readonly<Record<string, unknown>>,
): SettingsOf[Method] {
  const isTaughtByTrained = method === 'DISTILLATION' && given.teacherVersion === undefined;
  const parsed = SCHEMAS[method].safeParse({
    ...DEFAULTS[method],
    ...(isTaughtByTrained ? TRAINED_TEACHERS : {}),
    ...given,
  });
  if (parsed.success) return parsed.data as SettingsOf[Method];
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new AppError('BAD_USER_INPUT', problems.join('; '));
}

/** @throws AppError BAD_USER_INPUT for a name that no net has */
export function netOf(name: unknown): Architecture {
  const found = ARCHITECTURES.find((candidate) => candidate.name === name);
  if (found) return found;
  const names = ARCHITECTURES.map((known) => known.name).join(', ');
  throw new AppError(
    'BAD_USER_INPUT',
    `architecture: a collaboration is one of nets: expected ${names}; got ${JSON.stringify(name)}.`,
  );
}
