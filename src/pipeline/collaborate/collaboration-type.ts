import { AppError } from '../../errors.js';
import { customTasksOf, type TaskName } from '../../tasks/index.js';
import type { FitContext, Model, ModelType, TrainingData } from '../index.js';
import {
  type Architecture,
  type Collaboration,
  fitLearners,
  Learner,
  multiTaskSettings,
  multiTaskType,
  refuseUnfit,
} from '../multi-task/index.js';
import { adversarialTraining } from './adversarial.js';
import { coTrain } from './co-training.js';
import { CollaborativeModel, type FitTogether, readSavedCollaboration } from './collaborative-model.js';
import { distillation } from './distillation.js';
import { domainAdversarial } from './domain-adversarial.js';
import { mutualLearning } from './mutual-learning.js';
import { partContext } from './part-context.js';
import { type CollaborationMethod, collaborationSettings, netOf } from './settings.js';
import { teacherType, trainedTeachers, versionTeachers } from './teachers.js';
import { checkViews } from './views.js';

type Hyperparameters = Readonly<Record<string, unknown>>;

/** Nets that learn where no architecture is named. */
const USUAL_NET = 'shared-bottom';
const CO_TRAINED: readonly TaskName[] = ['PURCHASE_INTENT', 'CHURN', 'FRAUD'];
/** Share of the work that teachers take. */
const TEACHING_SHARE = 0.6;

/** Name of a method as an architecture: MUTUAL_LEARNING → mutual-learning. */
export const collaborationArchitecture = (method: CollaborationMethod): string =>
  method.toLowerCase().replaceAll('_', '-');

/** A way of learning together as a kind of model; its hyper-parameters are its own and those of its nets, and `architecture` names these. */
export function collaborationType(method: CollaborationMethod): ModelType {
  const architecture = collaborationArchitecture(method);
  return {
    architecture,
    family: 'COLLABORATIVE',
    collaboration: method,
    create: (tasks, hyperparameters) =>
      new CollaborativeModel(architecture, {
        tasks,
        hyperparameters,
        fitTogether: FITS[method](tasks, hyperparameters),
      }),
    load: async (directory) => {
      const saved = await readSavedCollaboration(directory);
      const { tasks, hyperparameters } = saved;
      const fitTogether = FITS[method](tasks, hyperparameters);
      const model = new CollaborativeModel(architecture, { tasks, hyperparameters, fitTogether });
      await model.restore(directory, saved);
      return model;
    },
  };
}

/** @throws AppError BAD_USER_INPUT for tasks or settings that the way of learning does not take */
const FITS: Readonly<
  Record<CollaborationMethod, (tasks: readonly TaskName[], hyperparameters: Hyperparameters) => FitTogether>
> = {
  MUTUAL_LEARNING: (tasks, given) => {
    const { members, serve, ...options } = collaborationSettings('MUTUAL_LEARNING', given);
    const makers = Array.isArray(members)
      ? members.map((name) => learnerOf(netOf(name), tasks, given))
      : Array.from({ length: members }, () => usualLearner(tasks, given));
    refuseDifferentQuestions(makers.map((make) => make()));
    return async (data, context) => {
      const learners = makers.map((make) => make());
      const name = collaborationArchitecture('MUTUAL_LEARNING');
      const collaboration = mutualLearning(options);
      const losses = await fitLearners(learners, data, context, { name, collaboration });
      if (serve === 'MEAN') return learners;
      // Without examples held back there is nothing to choose by: the first serves.
      const best = losses.reduce((least, loss, at) => (loss < losses[least] ? at : least), 0);
      learners.forEach((learner, at) => {
        if (at !== best) learner.dispose();
      });
      return [learners[best]];
    };
  },
  DISTILLATION: (tasks, given) => {
    const { teacherVersion, teachers, ...options } = collaborationSettings('DISTILLATION', given);
    const student = usualLearner(tasks, given);
    const named = (task: TaskName) => Object.entries(teachers ?? {}).find(([name]) => name === task)?.[1];
    const makers = new Map(tasks.map((task) => [task, teacherMaker(task, named(task), given)]));
    return async (data, context) => {
      const withTeachers = teacherVersion
        ? versionTeachers(data, context, { id: teacherVersion, tasks, share: TEACHING_SHARE })
        : trainedTeachers(data, context, {
            tasks,
            share: TEACHING_SHARE,
            create: (task) => makers.get(task)!(),
          });
      return one(student(), data, partContext(context, 'distillation', TEACHING_SHARE, 1), {
        method: 'DISTILLATION',
        collaboration: distillation({ ...options, withTeachers }),
      });
    };
  },
  ADVERSARIAL: (tasks, given) => {
    const options = collaborationSettings('ADVERSARIAL', given);
    const learner = usualLearner(tasks, given);
    return (data, context) =>
      one(learner(), data, context, { method: 'ADVERSARIAL', collaboration: adversarialTraining(options) });
  },
  DOMAIN_ADVERSARIAL: (tasks, given) => {
    const options = collaborationSettings('DOMAIN_ADVERSARIAL', given);
    const learner = usualLearner(tasks, given);
    if (options.domain !== 'TIME' && tasks.every((task) => task === 'DEMAND'))
      throw new AppError(
        'BAD_USER_INPUT',
        `domain: DEMAND is about no user; expected TIME, got ${options.domain}.`,
      );
    return (data, context) =>
      one(learner(), data, context, {
        method: 'DOMAIN_ADVERSARIAL',
        collaboration: domainAdversarial({ ...options, history: data.history }),
      });
  },
  CO_TRAINING: (tasks, given) => {
    const settings = collaborationSettings('CO_TRAINING', given);
    const learner = usualLearner(tasks, given);
    const foreign = tasks.filter((task) => !CO_TRAINED.includes(task));
    if (foreign.length > 0)
      throw new AppError(
        'BAD_USER_INPUT',
        `tasks: CO_TRAINING labels examples of ${CO_TRAINED.join(', ')}; got ${foreign.join(', ')}.`,
      );
    checkViews(settings.views ?? []);
    return async (data, context) => [await coTrain(learner, settings, data, context)];
  },
};

async function one(
  learner: Learner,
  data: TrainingData,
  context: FitContext,
  { method, collaboration }: { method: CollaborationMethod; collaboration: Collaboration },
): Promise<Learner[]> {
  await fitLearners([learner], data, context, { name: collaborationArchitecture(method), collaboration });
  return [learner];
}

const usualLearner = (tasks: readonly TaskName[], given: Hyperparameters): (() => Learner) =>
  learnerOf(netOf(given.architecture ?? USUAL_NET), tasks, given);

function learnerOf(net: Architecture, tasks: readonly TaskName[], given: Hyperparameters): () => Learner {
  refuseUnfit(net, tasks, given);
  const settings = multiTaskSettings(given, net);
  return () => new Learner(net, tasks, settings, customTasksOf(given));
}

/** What makes a task's teacher: the student's own architecture and settings, or the architecture that is named, as it comes. */
function teacherMaker(
  task: TaskName,
  named: string | undefined,
  { lossBalancing: _, ...given }: Hyperparameters,
): () => Model {
  const type = named ? teacherType(named) : multiTaskType(netOf(given.architecture ?? USUAL_NET));
  const { customTasks } = given;
  const asItComes = customTasks === undefined ? {} : { customTasks };
  const create = () => type.create([task], named ? asItComes : given);
  create().dispose();
  return create;
}

/** Learners are held against each other task by task, from the same labels. */
function refuseDifferentQuestions(learners: readonly Learner[]): void {
  const questions = new Set(
    learners.map(({ kind }) => (kind.userQuestion === 'SURVIVAL' ? 'SURVIVAL' : 'FUNNEL')),
  );
  if (questions.size === 1) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `members: nets of the funnel (${learners
      .filter(({ kind }) => kind.userQuestion !== 'SURVIVAL')
      .map(({ kind }) => kind.name)
      .join(', ')}) learn from other labels than the others; name either kind alone.`,
  );
}
