import type * as Tensorflow from '@tensorflow/tfjs';
import { z } from 'zod';

import type { ModelContext, WeightSet } from '../../nn/index.js';
import type { Architecture, Body, BodyOptions, Representation } from './architecture.js';
import { Expert, Gate, mix } from './experts.js';
import { LAYERS_ABOVE_ENCODER } from './settings.js';

interface PleSettings {
  /** Experts that belong to one task, for each task. */
  readonly taskExperts: number;
  readonly sharedExperts: number;
}

const ownSettings = {
  hiddenUnits: LAYERS_ABOVE_ENCODER,
  taskExperts: z.number().int().min(1).max(16),
  sharedExperts: z.number().int().min(1).max(16),
};

/** What goes up from one level to the next. */
interface Flow {
  readonly tasks: ReadonlyMap<string, Tensorflow.Tensor2D>;
  readonly shared: Tensorflow.Tensor2D;
}

/**
 * Experts of the tasks and shared ones, and gates: a task's gate weighs its own experts and the shared ones, so that what harms it can stay in
 * another task's experts. A gate over all experts feeds the shared ones of the level above.
 */
class ExtractionLevel {
  private readonly experts: ReadonlyMap<string, readonly Expert[]>;
  private readonly shared: readonly Expert[];
  private readonly gates: ReadonlyMap<string, Gate>;
  private readonly sharedGate: Gate | null;

  constructor(
    weights: WeightSet,
    private readonly tasks: readonly string[],
    options: { name: string; inputWidth: number; units: readonly number[]; isLast: boolean },
    settings: PleSettings & { readonly dropout: number },
  ) {
    const { name, inputWidth, units, isLast } = options;
    const { taskExperts, sharedExperts, dropout } = settings;
    const made = (owner: string, count: number) =>
      Array.from(
        { length: count },
        (_, at) => new Expert(weights, `${name}/${owner}/expert-${at + 1}`, inputWidth, units, dropout),
      );
    this.experts = new Map(tasks.map((task) => [task, made(task, taskExperts)]));
    this.shared = made('shared', sharedExperts);
    const sources = taskExperts + sharedExperts;
    this.gates = new Map(
      tasks.map((task) => [task, new Gate(weights, `${name}/${task}/gate`, inputWidth, sources)]),
    );
    const all = tasks.length * taskExperts + sharedExperts;
    this.sharedGate = isLast ? null : new Gate(weights, `${name}/shared/gate`, inputWidth, all);
  }

  /** Towards the level above, which needs all tasks. */
  extract(flow: Flow, context: ModelContext): Flow {
    const shared = this.shared.map((expert) => expert.forward(flow.shared, context));
    const own = new Map(this.tasks.map((task) => [task, this.ownOf(task, flow, context)]));
    const mixed = this.tasks.map(
      (task) => [task, this.mixFor(task, flow, own.get(task)!, shared).values] as const,
    );
    return {
      tasks: new Map(mixed),
      shared: mix(this.sharedGate!.forward(flow.shared), [...[...own.values()].flat(), ...shared]),
    };
  }

  /** What the heads of some tasks are given. */
  finish(flow: Flow, tasks: readonly string[], context: ModelContext): Representation[] {
    const shared = this.shared.map((expert) => expert.forward(flow.shared, context));
    return tasks.map((task) => this.mixFor(task, flow, this.ownOf(task, flow, context), shared));
  }

  private ownOf(task: string, flow: Flow, context: ModelContext): Tensorflow.Tensor2D[] {
    return this.experts.get(task)!.map((expert) => expert.forward(flow.tasks.get(task)!, context));
  }

  private mixFor(
    task: string,
    flow: Flow,
    own: readonly Tensorflow.Tensor2D[],
    shared: readonly Tensorflow.Tensor2D[],
  ): { values: Tensorflow.Tensor2D; gates: Tensorflow.Tensor2D } {
    const gates = this.gates.get(task)!.forward(flow.tasks.get(task)!);
    return { values: mix(gates, [...own, ...shared]), gates };
  }
}

/** @param levels units of the experts' layers, by level, the lowest first */
function buildLevels(
  weights: WeightSet,
  { inputWidth, tasks, settings }: BodyOptions<PleSettings>,
  levels: readonly (readonly number[])[],
): Body {
  const widths = [inputWidth, ...levels.map((units) => units[units.length - 1])];
  const made = levels.map((units, at) => {
    const isLast = at === levels.length - 1;
    const options = { name: `level-${at + 1}`, inputWidth: widths[at], units, isLast };
    return new ExtractionLevel(weights, tasks, options, settings);
  });
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${name} ${at + 1}`);
  return {
    width: widths[widths.length - 1],
    sources: () => [
      ...numbered('own expert', settings.taskExperts),
      ...numbered('shared expert', settings.sharedExperts),
    ],
    forward: (inputs, asked, context) => {
      const start: Flow = { tasks: new Map(tasks.map((task) => [task, inputs])), shared: inputs };
      const flow = made.slice(0, -1).reduce((below, level) => level.extract(below, context), start);
      return made[made.length - 1].finish(flow, asked, context);
    },
  };
}

/** Customised gate control (Tang et al., RecSys 2020): one level of own and shared experts, of as many layers as there are units. */
export const cgc: Architecture<PleSettings> = {
  name: 'cgc',
  ownSettings,
  defaults: { taskExperts: 1, sharedExperts: 2, hiddenUnits: [64, 32] },
  userQuestion: 'SURVIVAL',
  hasOneRepresentation: false,
  build: (weights, options) => buildLevels(weights, options, [options.settings.hiddenUnits.slice(1)]),
};

/** Progressive layered extraction (Tang et al., RecSys 2020): customised gate control in levels, one a layer of the hidden units. */
export const ple: Architecture<PleSettings> = {
  name: 'ple',
  ownSettings,
  defaults: { taskExperts: 1, sharedExperts: 2, hiddenUnits: [64, 48, 32] },
  userQuestion: 'SURVIVAL',
  hasOneRepresentation: false,
  build: (weights, options) => {
    const levels = options.settings.hiddenUnits.slice(1).map((units) => [units]);
    return buildLevels(weights, options, levels);
  },
};
