/** Members of snapshot ensembles (Huang et al., ICLR 2017): what one training with a cyclic learning rate passes by. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { CheckpointStore, Model, ShopHistory } from '../../../pipeline/index.js';
import { customTasksOf, type TaskName } from '../../../tasks/index.js';
import { taskExamples } from '../examples.js';
import type { HeldPredictions } from '../predictions.js';
import type { RunContext } from '../run-context.js';
import { directoryOf, loadMember, type Member, membersOf, type TaskMember } from './members.js';
import { windowEnd } from './out-of-fold.js';

type Split = 'validation' | 'test';

/** One set of weights: its folder, and what it predicted for each of its tasks. */
interface Snapshot {
  readonly directory: string;
  readonly predictions: Record<Split, Map<TaskName, Float32Array>>;
}

export interface SnapshotOptions {
  readonly history: ShopHistory;
  readonly cycles: number;
  /** Directory that the snapshots are written into. */
  readonly root: string;
}

/** Fits nets again in cycles, each once a cut however many tasks it has. */
export class SnapshotFits {
  private readonly fitted = new Map<string, Snapshot[]>();

  constructor(
    private readonly context: RunContext,
    private readonly options: SnapshotOptions,
  ) {}

  /** Snapshots of those of the versions' predictors of a task that learn in cycles; none where none does. */
  async membersOf(task: TaskName, members: readonly Member[]): Promise<TaskMember[]> {
    const parts: TaskMember[] = [];
    for (const part of await membersOf(task, members)) {
      const key = directoryOf(part);
      const snapshots = this.fitted.get(key) ?? (await this.fit(part));
      this.fitted.set(key, snapshots);
      for (const { directory, predictions } of snapshots) {
        const held: HeldPredictions = {
          ...part.held,
          validation: predictions.validation.get(task)!,
          test: predictions.test.get(task)!,
        };
        parts.push({
          member: { ...part.member, root: this.options.root },
          entry: { ...part.entry, directory },
          held,
        });
      }
    }
    return parts;
  }

  private async fit(part: TaskMember): Promise<Snapshot[]> {
    const { manifest } = part.member;
    const { cycles, root, history } = this.options;
    const tasks = (Object.keys(manifest.tasks) as TaskName[]).filter(
      (task) => manifest.tasks[task]?.directory === part.entry.directory,
    );
    const snapshots = Array.from({ length: cycles }, (_, cycle): Snapshot => ({
      directory: `snapshot-${this.fitted.size + 1}-${cycle + 1}`,
      predictions: { validation: new Map(), test: new Map() },
    }));
    for (const split of ['validation', 'test'] as const) {
      const cut = part.held[`${split}Cut`];
      const customTasks = customTasksOf(this.context.run.config);
      const examples = tasks.map((task) =>
        taskExamples(task, history, cut, windowEnd(cut, part), customTasks),
      );
      const isOne = await this.eachCycle(part, cut, async (model, cycle) => {
        for (const own of examples)
          snapshots[cycle - 1].predictions[split].set(own.task, await own.predict(model));
      });
      if (!isOne) return [];
    }
    await this.eachCycle(part, Date.parse(manifest.cut), async (model, cycle) => {
      const directory = join(root, snapshots[cycle - 1].directory);
      await mkdir(directory);
      await model.save(directory);
    });
    return snapshots;
  }

  /**
   * Each cycle's fit goes on from the checkpoint that the one before ended with, so that all together are one training.
   *
   * @returns false for a model that does not learn in cycles
   */
  private async eachCycle(
    part: TaskMember,
    cut: number,
    visit: (model: Model, cycle: number) => Promise<void>,
  ): Promise<boolean> {
    const { context } = this;
    const { cycles, history } = this.options;
    const checkpoints = checkpointsInMemory();
    const name = `${part.member.versionId}/${part.entry.directory}/snapshots/${cut}`;
    for (let cycle = 1; cycle <= cycles; cycle++) {
      context.signal.throwIfAborted();
      const model = await loadMember(part);
      try {
        if (!model.learnsInCycles) return false;
        const fitContext = context.fitContext(name, 0, 0, false);
        await model.fit({ history, cut }, { ...fitContext, checkpoints, snapshot: { cycles, cycle } });
        await visit(model, cycle);
      } finally {
        model.dispose();
      }
    }
    return true;
  }
}

/** Of one training in one process: a worker that takes a run up anew must not go on from a later cycle. */
function checkpointsInMemory(): CheckpointStore {
  const kept = new Map<string, Uint8Array>();
  return {
    read: (name) => Promise.resolve(kept.get(name) ?? null),
    write: (name, bytes) => {
      kept.set(name, bytes);
      return Promise.resolve();
    },
  };
}
