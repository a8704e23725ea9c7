import type { TaskName } from '../../../tasks/index.js';
import type { Contribution, UserRequest, UserScorer } from '../../index.js';
import type { EntityPart } from './entity-part.js';

type ScoringPart = EntityPart & UserScorer;

/** One scorer of users out of several parts of a model, each with tasks of its own. */
export class UserScorers implements UserScorer {
  constructor(private readonly parts: readonly ScoringPart[]) {}

  async scoreUsers(request: UserRequest): Promise<Partial<Record<TaskName, Float32Array>>> {
    const scores: Partial<Record<TaskName, Float32Array>> = {};
    for (const part of this.parts) Object.assign(scores, await part.scoreUsers(request));
    return scores;
  }

  explainUsers(request: UserRequest, task: TaskName, first: number): Promise<Contribution[][]> {
    const part = this.parts.find(({ tasks }) => tasks.includes(task));
    if (!part) throw new Error(`The model explains no ${task} of users.`);
    return part.explainUsers(request, task, first);
  }
}
