import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';
import { statelessUniform } from './philox.js';
import { Random } from './random.js';

/** Fills a new weight. `shape` is the weight's, [inputs, outputs] for a kernel. */
export interface Initialiser {
  (values: Float32Array, shape: readonly number[], random: Random): void;
  /** Set where the values are uniform within ± this: a table can then be drawn inside of TensorFlow. */
  readonly limit?: number;
}

/** Normal with deviation sqrt(2 / inputs), for layers before a rectifier (He et al., 2015). */
export const heNormal: Initialiser = (values, shape, random) => {
  random.fillNormal(values, Math.sqrt(2 / fanIn(shape)));
};

/** Uniform within ±sqrt(6 / (inputs + outputs)) (Glorot and Bengio, 2010). */
export const glorotUniform: Initialiser = (values, shape, random) => {
  const limit = Math.sqrt(6 / (fanIn(shape) + (shape.at(-1) ?? 1)));
  random.fillUniform(values, -limit, limit);
};

/** Normal with a deviation. */
export const normalWith =
  (deviation: number): Initialiser =>
  (values, _shape, random) => {
    random.fillNormal(values, deviation);
  };

/** Uniform within ± a limit. */
export function uniformWith(limit: number): Initialiser {
  const fill = (values: Float32Array, _shape: readonly number[], random: Random) => {
    random.fillUniform(values, -limit, limit);
  };
  return Object.assign(fill, { limit });
}

export const constant =
  (value: number): Initialiser =>
  (values) => {
    values.fill(value);
  };

export const zeros = constant(0);

function fanIn(shape: readonly number[]): number {
  return shape.length < 2 ? (shape[0] ?? 1) : shape.slice(0, -1).reduce((a, b) => a * b, 1);
}

/** A weight that every step reads and updates whole. */
export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly variable: Tensorflow.Variable;
  /** Whether AdamW shrinks it; biases and scales are left alone. */
  readonly isDecayed: boolean;
}

/** How a table that TensorFlow draws starts: its stateless uniforms for the seed, brought to ± the limit. */
export interface UniformStart {
  readonly seed: readonly [number, number];
  readonly limit: number;
}

/** Deviation 0.01. */
const TABLE_LIMIT = 0.01 * Math.sqrt(3);

/** An embedding table [rows, dim]: a step reads and updates only the rows that it looks up. */
export class Table {
  private own: Float32Array | null = null;
  private read: (() => Float32Array) | null = null;

  constructor(
    readonly name: string,
    readonly rows: number,
    readonly dim: number,
    private readonly start: UniformStart | ((values: Float32Array) => void),
  ) {}

  /** How to draw the values that nobody has asked for yet; null once they are there. */
  get unmadeStart(): UniformStart | null {
    return this.own || this.read || typeof this.start === 'function' ? null : this.start;
  }

  /** [rows × dim]; as of the start, or of the last `pullWeights` of a step. */
  get values(): Float32Array {
    this.own ??= this.read?.() ?? this.draw();
    this.read = null;
    return this.own;
  }

  /** Has the values read when they are first asked for; until then, `read` must give the same. */
  readLater(read: () => Float32Array): void {
    this.own = null;
    this.read = read;
  }

  /** The array is kept, not copied. */
  set values(values: Float32Array) {
    if (values.length !== this.rows * this.dim) {
      throw new Error(`Table "${this.name}" has ${this.rows} × ${this.dim} numbers, got ${values.length}`);
    }
    this.own = values;
    this.read = null;
  }

  private draw(): Float32Array {
    const { start } = this;
    if (typeof start === 'function') {
      const values = new Float32Array(this.rows * this.dim);
      start(values);
      return values;
    }
    const limit = Math.fround(start.limit);
    const width = Math.fround(2 * start.limit);
    const values = statelessUniform(start.seed, this.rows * this.dim);
    for (let at = 0; at < values.length; at++) values[at] = Math.fround(values[at] * width) - limit;
    return values;
  }
}

/** Kernel [inputs, units] and bias [units] of a dense layer. */
export interface DenseWeights {
  readonly kernel: Tensorflow.Variable<Tensorflow.Rank.R2>;
  readonly bias: Tensorflow.Variable<Tensorflow.Rank.R1>;
}

/** Values of named weights and tables, as they are saved. */
export type WeightValues = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly values: Float32Array }>
>;

/**
 * The named weights and tables of one model. Each draws its start from the set's generator and its own name, so that adding one
 * does not change the others.
 */
export class WeightSet {
  readonly weights: Weight[] = [];
  readonly tables: Table[] = [];
  private readonly names = new Set<string>();

  constructor(
    private readonly random: Random,
    private readonly parent: { readonly set: WeightSet; readonly prefix: string } | null = null,
  ) {}

  /**
   * A part of this set, such as one of several nets that train in one step. What is added to it belongs to this set as well, by its name after
   * `name/`; exported and imported by itself, it has its own names.
   */
  scope(name: string, random: Random): WeightSet {
    return new WeightSet(random, { set: this, prefix: `${name}/` });
  }

  /** Adds a weight. @throws Error when the name is taken */
  weight(
    name: string,
    shape: readonly number[],
    initialiser: Initialiser = glorotUniform,
    options: { isDecayed?: boolean } = {},
  ): Tensorflow.Variable {
    const fullName = this.take(name);
    const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
    initialiser(values, shape, this.random.fork(name));
    const variable = tf.tidy(() => tf.variable(tf.tensor(values, [...shape], 'float32')));
    const isDecayed = options.isDecayed ?? shape.length > 1;
    const weight = { name: fullName, shape: [...shape], variable, isDecayed };
    for (const set of this.lineage()) set.weights.push(weight);
    return variable;
  }

  /** Adds a dense layer's kernel (`name/kernel`) and bias (`name/bias`, zeros). */
  dense(name: string, inputs: number, units: number, initialiser: Initialiser = heNormal): DenseWeights {
    return {
      kernel: this.weight(`${name}/kernel`, [inputs, units], initialiser) as DenseWeights['kernel'],
      bias: this.weight(`${name}/bias`, [units], zeros) as DenseWeights['bias'],
    };
  }

  /** Adds an embedding table; uniform with deviation 0.01 unless said. */
  table(name: string, rows: number, dim: number, initialiser: Initialiser = uniformWith(TABLE_LIMIT)): Table {
    const fullName = this.take(name);
    const random = this.random.fork(name);
    const { limit } = initialiser;
    const start =
      limit === undefined
        ? (values: Float32Array) => initialiser(values, [rows, dim], random)
        : { seed: [random.word() | 0, random.word() | 0] as const, limit };
    const table = new Table(fullName, rows, dim, start);
    for (const set of this.lineage()) set.tables.push(table);
    return table;
  }

  /**
   * The weights of several sets side by side, as `prefix/name`, for a model that is made of several. They stay the sets' own.
   *
   * @throws Error for a set with tables, which are looked up by their own name
   */
  static joined(sets: Readonly<Record<string, WeightSet>>): WeightSet {
    const all = new WeightSet(new Random(0));
    for (const [prefix, { weights, tables }] of Object.entries(sets)) {
      if (tables.length > 0) throw new Error(`The weights of "${prefix}" have tables: they can't be joined`);
      for (const weight of weights)
        all.weights.push({ ...weight, name: all.take(`${prefix}/${weight.name}`) });
    }
    return all;
  }

  /** @returns the name in the outermost set */
  private take(name: string): string {
    if (this.names.has(name)) throw new Error(`There is a weight named "${name}" already`);
    this.names.add(name);
    return this.parent ? this.parent.set.take(this.parent.prefix + name) : name;
  }

  /** This set and those that it is a part of. */
  private lineage(): WeightSet[] {
    return this.parent ? [this, ...this.parent.set.lineage()] : [this];
  }

  /** What the names have before the set's own. */
  private get prefix(): string {
    return this.parent ? this.parent.set.prefix + this.parent.prefix : '';
  }

  /** Number of trainable numbers. */
  get parameters(): number {
    const dense = this.weights.reduce((sum, { variable }) => sum + variable.size, 0);
    return this.tables.reduce((sum, { rows, dim }) => sum + rows * dim, dense);
  }

  /** Copies of all values. */
  export(): WeightValues {
    const all: Record<string, { shape: readonly number[]; values: Float32Array }> = {};
    const own = (name: string) => name.slice(this.prefix.length);
    for (const { name, shape, variable } of this.weights) {
      all[own(name)] = { shape, values: Float32Array.from(variable.dataSync()) };
    }
    for (const { name, rows, dim, values } of this.tables)
      all[own(name)] = { shape: [rows, dim], values: values.slice() };
    return all;
  }

  /** Sets all values. @throws Error when a weight is missing or has another shape */
  import(values: WeightValues): void {
    const take = (fullName: string, shape: readonly number[]) => {
      const name = fullName.slice(this.prefix.length);
      const found = values[name];
      if (!found) throw new Error(`The saved weights have no "${name}"`);
      if (found.shape.join() !== shape.join()) {
        throw new Error(
          `Weight "${name}" is [${shape.join(', ')}], but [${found.shape.join(', ')}] was saved`,
        );
      }
      return found.values;
    };
    for (const { name, shape, variable } of this.weights) {
      setVariable(variable, take(name, shape));
    }
    for (const table of this.tables) table.values = take(table.name, [table.rows, table.dim]).slice();
  }

  /** Frees the tensors. */
  dispose(): void {
    for (const { variable } of this.weights) variable.dispose();
  }
}

/** Gives a variable new values, without leaving a tensor behind. */
export function setVariable(variable: Tensorflow.Variable, values: Float32Array): void {
  const tensor = tf.tensor(values.slice(), variable.shape, 'float32');
  variable.assign(tensor);
  tensor.dispose();
}
