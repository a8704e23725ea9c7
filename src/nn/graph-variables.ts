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
}

/** The variables of a training graph, and how to read and set them: all weights in one call, each table in its own. */
export class GraphVariables {
  private readonly handlesByName = new Map<string, Handles>();
  private readonly groups: Group[] = [];
  /** Whether the first group is that of all weights. */
  private readonly hasWeights: boolean;
  /** Sets the weights as fed, and all that is begun. */
  private readonly begin: Call;
  /** Tensors that slots of weights start as, by shape. */
  private readonly filled = new Map<string, string>();
  /** Reads the weights without their slots. */
  private readonly readOwn: Call;
  private isStateRead = false;
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
    const fed = dense.filter((stored) => !stored.begun);
    const begun = this.begun();
    const feeds = new Map([...fed, ...begun].map(({ feed }) => [feed.name, feed]));
    this.begin = defineCall(
      [...feeds.values()],
      [this.after([...fed.map(({ written }) => written), ...begun.map(({ node }) => node)])],
    );
    this.readOwn = defineCall(
      [],
      fed.map(({ read }) => read),
    );
  }

  /** @throws Error when there is no such weight or table */
  handles(name: string): Handles {
    const found = this.handlesByName.get(name);
    if (!found) throw new Error(`Table "${name}" is not in the weight set that was given to compile`);
    return found;
  }

  /** Sets weights and tables to the weight set's values, and slots to what they start from. */
  start(session: GraphSession, { weights, tables }: WeightSet): void {
    const variables = new Map(weights.map(({ name, variable }) => [name, variable]));
    const values = new Map<string, TensorValues>();
    for (const { name, feed, begun } of this.groups.flatMap(({ members }) => members)) {
      const variable = variables.get(name);
      if (variable) values.set(feed.name, variable.dataSync());
      else if (begun) values.set(begun.feed.name, begun.values);
    }
    session.run(
      this.begin,
      this.begin.feeds.flatMap(({ name }) => values.get(name) ?? []),
    );
    for (const table of tables) {
      const { members, write } = this.groupOf(table.name);
      if (!members[0].begun) session.run(write, [table.values]);
    }
  }

  private begun(): Begun[] {
    return this.groups.flatMap(({ members }) => members.flatMap(({ begun }) => begun ?? []));
  }

  /** All values by name; copies. */
  readAll(session: GraphSession): Record<string, Float32Array> {
    this.isStateRead = true;
    const all: Record<string, Float32Array> = {};
    for (const group of this.groups) Object.assign(all, this.readGroup(session, group));
    return all;
  }

  /** Values of the weights, or with their slots where that call has been made already; copies. */
  readWeights(session: GraphSession): Record<string, Float32Array> {
    const [dense] = this.groups;
    if (!this.hasWeights) return {};
    if (this.isStateRead) return this.readGroup(session, dense);
    const members = dense.members.filter(({ begun }) => !begun);
    return this.readGroup(session, { ...dense, members, read: this.readOwn });
  }

  /** A table's values; a copy. */
  readTable(session: GraphSession, name: string): Float32Array {
    return this.readGroup(session, this.groupOf(name))[name];
  }

  /** The group of a table. */
  private groupOf(name: string): Group {
    return this.groups.find(({ members }) => members.length === 1 && members[0].name === name)!;
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
    const start = slotStart(optimizer);
    const filling = table ? this.filling(shape, start) : this.sharedFilling(shape, start);
    const slots = slotsOf(optimizer).map((slot) => this.addOne(`${name}:${slot}`, shape, filling));
    const drawn = table?.unmadeStart ? this.drawing(shape, table.unmadeStart) : null;
    const own = this.addOne(name, shape, drawn);
    this.handlesByName.set(name, { handle: own.handle, slots: slots.map(({ handle }) => handle) });
    return [own, ...slots].map(({ stored }) => stored);
  }

  private addOne(
    name: string,
    shape: readonly number[],
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
    return { handle, stored: { name, shape, read: graph.read(handle), feed, written, begun } };
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

  /** The same for slots of weights: from one fed number, and one tensor for all of a shape, which TensorFlow copies when it first updates it. */
  private sharedFilling(shape: readonly number[], value: number): (handle: string) => Begun {
    return (handle) => {
      const { graph, filled } = this;
      const feed: Feed = { name: 'start_of_slots', dataType: DATA_TYPE.float32, shape: [] };
      if (filled.size === 0) graph.placeholder(feed.name, feed.dataType, feed.shape);
      const key = shape.join();
      const types = { T: FLOAT, index_type: INT };
      const tensor = filled.get(key) ?? graph.node('Fill', [graph.integers(shape), feed.name], types);
      filled.set(key, tensor);
      return { node: graph.assign(handle, tensor), feed, values: Float32Array.of(value) };
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
    });
  }

  /** A tensor that is there when the nodes have run. */
  private after(nodes: readonly string[]): string {
    const waits = nodes.map((node) => `^${node}`);
    return this.graph.node('Identity', [this.graph.scalar(0), ...waits], { T: FLOAT });
  }
}
