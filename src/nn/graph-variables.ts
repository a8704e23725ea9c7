import type { TensorValues } from './backend.js';
import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import type { Handles } from './graph-updates.js';
import { type Optimizer, slotsOf, slotStart } from './optimizers.js';
import { type Call, defineCall, type Feed, type GraphSession } from './session.js';
import { countElements } from './trace-rewrite.js';
import type { Table, UniformStart, WeightSet } from './weights.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

/** A variable that is kept between steps: a weight, a table or a slot of one. */
interface Stored {
  readonly name: string;
  readonly shape: readonly number[];
  /** What a slot is filled with at the start; null for weights and tables. */
  readonly start: number | null;
  readonly read: string;
  readonly feed: Feed;
  readonly written: string;
  /** Sets the variable to what it starts from, without feeding all of it. */
  readonly begun: Begun | null;
}

/** How a variable is set to its start: the node that does, and what it is fed. */
interface Begun {
  readonly node: string;
  readonly feed: Feed;
  readonly values: TensorValues;
}

/** Variables that are read and written in one call. A call of its own costs some milliseconds when it is first made. */
interface Group {
  readonly members: readonly Stored[];
  readonly read: Call;
  readonly write: Call;
  /** How its only member starts, where that is not fed. */
  readonly begun: Begun | null;
}

/** The variables of a training graph, and how to read and set them: all weights in one call, each table in its own. */
export class GraphVariables {
  private readonly handlesByName = new Map<string, Handles>();
  private readonly groups: Group[] = [];
  /** Whether the first group is that of all weights. */
  private readonly hasWeights: boolean;
  /** Sets the weights as fed, and all that is begun. */
  private readonly begin: Call;
  private counter = 0;

  constructor(
    private readonly graph: GraphBuilder,
    options: { weights: WeightSet; optimizer: Optimizer; tableOptimizer: Optimizer },
  ) {
    const { weights, optimizer, tableOptimizer } = options;
    const dense = weights.weights.flatMap(({ name, shape }) => this.add(name, shape, optimizer, null));
    this.hasWeights = dense.length > 0;
    if (this.hasWeights) this.group(dense);
    for (const table of weights.tables) {
      const size = [table.rows, table.dim];
      for (const stored of this.add(table.name, size, tableOptimizer, table)) this.group([stored]);
    }
    const begun = this.begun();
    this.begin = defineCall(
      [...dense, ...begun].map(({ feed }) => feed),
      [this.after([...dense.map(({ written }) => written), ...begun.map(({ node }) => node)])],
    );
  }

  /** @throws Error when there is no such weight or table */
  handles(name: string): Handles {
    const found = this.handlesByName.get(name);
    if (!found) throw new Error(`Table "${name}" is not in the weight set that was given to compile`);
    return found;
  }

  /** Sets weights and tables to the weight set's values, and slots to what they start from. */
  start(session: GraphSession, weights: WeightSet): void {
    const tables = new Map(weights.tables.map((table) => [table.name, table]));
    const variables = new Map(weights.weights.map(({ name, variable }) => [name, variable]));
    const valuesOf = ({ members }: Group) =>
      members.map(({ name, shape, start }) => {
        if (start !== null) return new Float32Array(countElements(shape)).fill(start);
        return tables.get(name)?.values ?? (variables.get(name)!.dataSync() as Float32Array);
      });
    const dense = this.hasWeights ? valuesOf(this.groups[0]) : [];
    session.run(this.begin, [...dense, ...this.begun().map(({ values }) => values)]);
    const rest = this.hasWeights ? this.groups.slice(1) : this.groups;
    for (const group of rest) if (!group.begun) session.run(group.write, valuesOf(group));
  }

  private begun(): Begun[] {
    return this.groups.flatMap(({ begun }) => begun ?? []);
  }

  /** All values by name; copies. */
  readAll(session: GraphSession): Record<string, Float32Array> {
    const all: Record<string, Float32Array> = {};
    for (const group of this.groups) Object.assign(all, this.readGroup(session, group));
    return all;
  }

  /** Values of the weights and their slots; copies. */
  readWeights(session: GraphSession): Record<string, Float32Array> {
    const [dense] = this.groups;
    return this.hasWeights ? this.readGroup(session, dense) : {};
  }

  /** A table's values; a copy. */
  readTable(session: GraphSession, name: string): Float32Array {
    const group = this.groups.find(({ members }) => members.length === 1 && members[0].name === name)!;
    return this.readGroup(session, group)[name];
  }

  private readGroup(session: GraphSession, { members, read }: Group): Record<string, Float32Array> {
    const values = session.run(read, []);
    return Object.fromEntries(members.map(({ name }, at) => [name, values[at] as Float32Array]));
  }

  /** @throws Error when a value is missing or has another length */
  writeAll(session: GraphSession, values: Readonly<Record<string, Float32Array>>): void {
    for (const { name, shape } of this.groups.flatMap(({ members }) => members)) {
      const length = countElements(shape);
      if (values[name]?.length !== length) {
        throw new Error(
          `The state has ${values[name]?.length ?? 'no'} numbers for "${name}", expected ${length}`,
        );
      }
    }
    for (const { members, write } of this.groups) {
      session.run(
        write,
        members.map(({ name }) => values[name]),
      );
    }
  }

  private add(name: string, shape: readonly number[], optimizer: Optimizer, table: Table | null): Stored[] {
    const slots = slotsOf(optimizer).map((slot) =>
      this.addOne(
        `${name}:${slot}`,
        shape,
        slotStart(optimizer),
        table && this.filling(shape, slotStart(optimizer)),
      ),
    );
    const drawn = table?.unmadeStart ? this.drawing(shape, table.unmadeStart) : null;
    const own = this.addOne(name, shape, null, drawn);
    this.handlesByName.set(name, { handle: own.handle, slots: slots.map(({ handle }) => handle) });
    return [own, ...slots].map(({ stored }) => stored);
  }

  private addOne(
    name: string,
    shape: readonly number[],
    start: number | null,
    begin: ((handle: string) => Begun) | null,
  ): { handle: string; stored: Stored } {
    const { graph } = this;
    const at = this.counter++;
    const handle = graph.variable(`variable_${at}`, shape);
    const feed: Feed = { name: `value_${at}`, dataType: DATA_TYPE.float32, shape };
    graph.placeholder(feed.name, feed.dataType, shape);
    // Copied, as the fed tensor is JavaScript's own memory, which updates in place would change.
    const written = graph.assign(handle, graph.float('DeepCopy', feed.name));
    const begun = begin && begin(handle);
    return { handle, stored: { name, shape, start, read: graph.read(handle), feed, written, begun } };
  }

  /**
   * Fills a variable with one number. The number is fed, as is a drawing's seed: TensorFlow computes what depends on constants alone
   * before the first run, on one thread, and keeps it, which for a large table takes its time and memory twice.
   */
  private filling(shape: readonly number[], value: number): (handle: string) => Begun {
    return (handle) => {
      const { graph } = this;
      const feed: Feed = { name: `start_of_${handle}`, dataType: DATA_TYPE.float32, shape: [] };
      graph.placeholder(feed.name, feed.dataType, feed.shape);
      const filled = graph.node('Fill', [graph.integers(shape), feed.name], { T: FLOAT, index_type: INT });
      return { node: graph.assign(handle, filled), feed, values: Float32Array.of(value) };
    };
  }

  private drawing(shape: readonly number[], { seed, limit }: UniformStart): (handle: string) => Begun {
    return (handle) => {
      const { graph } = this;
      const feed: Feed = { name: `start_of_${handle}`, dataType: DATA_TYPE.int32, shape: [2] };
      graph.placeholder(feed.name, feed.dataType, feed.shape);
      const types = { dtype: FLOAT, T: INT, Tseed: INT };
      const uniforms = graph.node('StatelessRandomUniform', [graph.integers(shape), feed.name], types);
      const scaled = graph.float('Mul', uniforms, graph.scalar(2 * limit));
      const drawn = graph.float('Sub', scaled, graph.scalar(limit));
      return { node: graph.assign(handle, drawn), feed, values: Int32Array.from(seed) };
    };
  }

  private group(members: readonly Stored[]): void {
    const reads = members.map(({ read }) => read);
    const feeds = members.map(({ feed }) => feed);
    this.groups.push({
      members,
      read: defineCall([], reads),
      write: defineCall(feeds, [this.after(members.map(({ written }) => written))]),
      begun: members.length === 1 ? members[0].begun : null,
    });
  }

  /** A tensor that is there when the nodes have run. */
  private after(nodes: readonly string[]): string {
    const waits = nodes.map((node) => `^${node}`);
    return this.graph.node('Identity', [this.graph.scalar(0), ...waits], { T: FLOAT });
  }
}
