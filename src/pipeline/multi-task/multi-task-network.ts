import type * as Tensorflow from '@tensorflow/tfjs';

import { dense, type DenseWeights, type ModelContext, type WeightSet } from '../../nn/index.js';
import type { Architecture, Body, Representation } from './architecture.js';
import type { MultiTaskSettings } from './settings.js';

/** One kind of row that the net takes in. */
export interface NetworkInput {
  readonly name: string;
  /** Features of a row. */
  readonly width: number;
}

/**
 * Encoders (one an input, all to one width), the architecture's body, and a tower a task. Heads add their weights to `weights` and read
 * what `represent` gives.
 */
export class MultiTaskNetwork {
  readonly weights: WeightSet;
  readonly body: Body;
  /** Numbers that a head is given. */
  readonly width: number;
  /** Names of the body's weights: what rows of all entities come through. */
  readonly sharedWeights: readonly string[];
  private readonly encoders: ReadonlyMap<string, DenseWeights>;
  private readonly towers: ReadonlyMap<string, readonly DenseWeights[]>;

  constructor(
    architecture: Architecture,
    private readonly settings: MultiTaskSettings,
    {
      inputs,
      tasks,
      weights,
    }: { inputs: readonly NetworkInput[]; tasks: readonly string[]; weights: WeightSet },
  ) {
    const { hiddenUnits, towerUnits } = settings;
    this.weights = weights;
    this.encoders = new Map(
      inputs.map(({ name, width }) => [name, this.weights.dense(`${name}-encoder`, width, hiddenUnits[0])]),
    );
    const before = this.weights.weights.length;
    this.body = architecture.build(this.weights, { inputWidth: hiddenUnits[0], tasks, settings });
    this.sharedWeights = this.weights.weights.slice(before).map(({ name }) => name);
    const sizes = [this.body.width, ...towerUnits];
    this.width = sizes[sizes.length - 1];
    this.towers = new Map(
      tasks.map((task) => [
        task,
        towerUnits.map((units, at) => this.weights.dense(`${task}/tower-${at + 1}`, sizes[at], units)),
      ]),
    );
  }

  /**
   * What the heads of some tasks are given for the same rows.
   *
   * @param features [rows, features of the input]
   * @returns one for each of `tasks`; `values` is [rows, width]
   */
  represent(
    input: string,
    features: Tensorflow.Tensor,
    tasks: readonly string[],
    context: ModelContext,
  ): Representation[] {
    const encoder = this.encoders.get(input);
    if (!encoder) throw new Error(`The net takes no ${input} in.`);
    const { dropout } = this.settings;
    const encoded = context.random.dropout(dense(features, encoder, 'relu'), dropout);
    return this.body.forward(encoded, tasks, context).map(({ values, gates }, at) => ({
      values: (this.towers.get(tasks[at]) ?? []).reduce(
        (below, layer) => context.random.dropout(dense(below, layer, 'relu'), dropout),
        values,
      ),
      gates,
    }));
  }
}
