/** Where a student's teachers come from: a model version of the shop, or one trained for each task before. */
import { AppError } from '../../errors.js';
import type { TaskName } from '../../tasks/index.js';
import type { FitContext, Model, ModelType, TrainingData } from '../index.js';
import { MULTI_TASK_TYPES } from '../multi-task/index.js';
import { SINGLE_TASK_TYPES } from '../single-task/index.js';
import type { DistillationOptions } from './distillation.js';
import { partContext } from './part-context.js';

type WithTeachers = DistillationOptions['withTeachers'];

/** A kind of model that can be trained as a teacher. @throws AppError BAD_USER_INPUT */
export function teacherType(architecture: string): ModelType {
  const types = [...SINGLE_TASK_TYPES, ...MULTI_TASK_TYPES];
  const found = types.find((type) => type.architecture === architecture);
  if (found) return found;
  throw new AppError(
    'BAD_USER_INPUT',
    `teachers: expected ${types.map((type) => type.architecture).join(', ')}; got "${architecture}".`,
  );
}

/** Trains a teacher a task, one after another, on what the student learns from. @param share of the context's progress that they take */
export function trainedTeachers(
  data: TrainingData,
  context: FitContext,
  options: {
    readonly tasks: readonly TaskName[];
    readonly share: number;
    readonly create: (task: TaskName) => Model;
  },
): WithTeachers {
  return async (ask) => {
    const { tasks, share, create } = options;
    for (const [at, task] of tasks.entries()) {
      const teacher = create(task);
      try {
        const [from, to] = [at, at + 1].map((part) => (share * part) / tasks.length);
        await teacher.fit(data, partContext(context, `teacher-${task}`, from, to));
        await ask(teacher, [task]);
      } finally {
        teacher.dispose();
      }
    }
  };
}

/**
 * A version's predictors. Where it has seen what lies after the student's cut, its models are fitted again before the cut: a student of a
 * teacher that knows the future would be graded too well.
 *
 * @throws AppError BAD_USER_INPUT where the version has none of the tasks; NOT_FOUND
 */
export function versionTeachers(
  data: TrainingData,
  context: FitContext,
  options: { readonly id: string; readonly tasks: readonly TaskName[]; readonly share: number },
): WithTeachers {
  return async (ask) => {
    const { id, tasks, share } = options;
    if (!context.openVersion) throw new Error('The fit has nowhere to open a model version from.');
    const version = await context.openVersion(id);
    try {
      const byModel = new Map<Model, TaskName[]>();
      for (const task of tasks) {
        const model = version.models[task];
        if (model) byModel.set(model, [...(byModel.get(model) ?? []), task]);
      }
      if (byModel.size === 0)
        throw new AppError('BAD_USER_INPUT', `teacherVersion: ${id} has none of ${tasks.join(', ')}.`);
      for (const [at, [model, own]] of [...byModel].entries()) {
        const [from, to] = [at, at + 1].map((part) => (share * part) / byModel.size);
        if (version.cut > data.cut)
          await model.fit(data, partContext(context, `teacher-${own.join('+')}`, from, to));
        context.onProgress(to);
        await ask(model, own);
      }
    } finally {
      version.dispose();
    }
  };
}
