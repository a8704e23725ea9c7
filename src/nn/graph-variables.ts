import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import type { Handles } from './graph-updates.js';
import { type Optimizer, slotsOf, slotStart } from './optimizers.js';
import { type Call, defineCall, type Feed, type GraphSession } from './session.js';
import type { WeightSet } from './weights.js';

const FLOAT = attribute.type(DATA_TYPE.float32);

/** A variable that is kept between steps: a weight, a table or a slot of one. */
interface Stored {
  readonly name: string;
  readonly length: number;
  readonly read: Call;
  readonly write: Call;
}

/** The variables of a training graph, and how to read and set them. */
export class GraphVariables {
  private readonly stored = new Map<string, Stored>();
  private readonly handlesByName = new Map<string, Handles>();
  private readonly fills: string[] = [];
  private readonly fillCall: Call;

  constructor(
    private readonly graph: GraphBuilder,
    options: { weights: WeightSet; optimizer: Optimizer; tableOptimizer: Optimizer },
  ) {
    const { weights, optimizer, tableOptimizer } = options;
    for (const { name, shape } of weights.weights) this.add(name, shape, optimizer);
    for (const { name, rows, dim } of weights.tables) this.add(name, [rows, dim], tableOptimizer);
    this.fillCall = defineCall([], [this.after(this.fills)]);
  }

  /** @throws Error when there is no such weight or table */
  handles(name: string): Handles {
    const found = this.handlesByName.get(name);
    if (!found) throw new Error(`Table "${name}" is not in the weight set that was given to compile`);
    return found;
  }

  /** Sets weights and tables to the weight set's values, and slots to what they start from. */
  start(session: GraphSession, weights: WeightSet): void {
    session.run(this.fillCall, []);
    for (const { name, variable } of weights.weights)
      this.write(session, name, variable.dataSync() as Float32Array);
    for (const { name, values } of weights.tables) this.write(session, name, values);
  }

  /** Values by name; a copy. */
  read(session: GraphSession, name: string): Float32Array {
    return session.run(this.stored.get(name)!.read, [])[0] as Float32Array;
  }

  readAll(session: GraphSession): Record<string, Float32Array> {
    return Object.fromEntries([...this.stored.keys()].map((name) => [name, this.read(session, name)]));
  }

  /** @throws Error when a value is missing or has another length */
  writeAll(session: GraphSession, values: Readonly<Record<string, Float32Array>>): void {
    for (const [name, { length }] of this.stored) {
      const given = values[name];
      if (given?.length !== length) {
        throw new Error(`The state has ${given?.length ?? 'no'} numbers for "${name}", expected ${length}`);
      }
      this.write(session, name, given);
    }
  }

  private write(session: GraphSession, name: string, values: Float32Array): void {
    session.run(this.stored.get(name)!.write, [values]);
  }

  private add(name: string, shape: readonly number[], optimizer: Optimizer): void {
    const slots = slotsOf(optimizer).map((slot) => {
      const handle = this.addOne(`${name}:${slot}`, shape);
      const attributes = { T: FLOAT, index_type: attribute.type(DATA_TYPE.int32) };
      const inputs = [this.graph.integers(shape), this.graph.scalar(slotStart(optimizer))];
      this.fills.push(this.graph.assign(handle, this.graph.node('Fill', inputs, attributes)));
      return handle;
    });
    this.handlesByName.set(name, { handle: this.addOne(name, shape), slots });
  }

  private addOne(name: string, shape: readonly number[]): string {
    const { graph } = this;
    const at = this.stored.size;
    const handle = graph.variable(`variable_${at}`, shape);
    const feed: Feed = { name: `value_${at}`, dataType: DATA_TYPE.float32, shape };
    graph.placeholder(feed.name, feed.dataType, shape);
    // Copied, as the fed tensor is JavaScript's own memory, which updates in place would change.
    const written = graph.assign(handle, graph.float('DeepCopy', feed.name));
    this.stored.set(name, {
      name,
      length: shape.reduce((a, b) => a * b, 1),
      read: defineCall([], [graph.read(handle)]),
      write: defineCall([feed], [this.after([written])]),
    });
    return handle;
  }

  /** A tensor that is there when the nodes have run. */
  private after(nodes: readonly string[]): string {
    return this.graph.node('Identity', [this.graph.scalar(0), ...nodes.map((node) => `^${node}`)], {
      T: FLOAT,
    });
  }
}
