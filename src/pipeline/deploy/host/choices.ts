import { AppError } from '../../../errors.js';
import type { TaskName } from '../../../tasks/index.js';
import type { Model } from '../../index.js';
import type { Choice } from './shelf.js';

/** Which of the requests (users, sessions) each model answers. */
export function groupByModel(choices: readonly Choice[]): Map<Model, Int32Array> {
  const groups = new Map<Model, number[]>();
  choices.forEach(({ model }, at) => {
    const own = groups.get(model);
    if (own) own.push(at);
    else groups.set(model, [at]);
  });
  return new Map([...groups].map(([model, own]) => [model, Int32Array.from(own)]));
}

/** @throws AppError INTERNAL where a version names a model for a task that it cannot answer */
export function required<Scorer>(scorer: Scorer | undefined, task: TaskName): Scorer {
  if (!scorer) throw new AppError('INTERNAL', `The predictor of ${task} cannot score it.`);
  return scorer;
}
