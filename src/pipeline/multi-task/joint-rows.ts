/** Training rows of a net that learns about several entities at once: each row holds examples of every entity. */
import { type BatchArrays, type BatchSpec, type ColumnSpec, Random, type RowSource } from '../../nn/index.js';

/** A column of an entity's examples, one after another. */
export interface ExampleColumn {
  readonly spec: ColumnSpec;
  /** [examples × numbers of the spec's shape] */
  readonly values: Float32Array | Int32Array;
}

/** An entity's labelled examples. A place in a row that holds none has zeros in all columns, so that a mask or weight must be among them. */
export interface EntityExamples {
  readonly count: number;
  /** How often each is visited while those of users are visited once. */
  readonly passes: number;
  readonly columns: Readonly<Record<string, ExampleColumn>>;
}

/** Some of an entity's examples, and how many of them each row has places for. */
export interface RowShare {
  readonly examples: EntityExamples;
  readonly chosen: Int32Array;
  readonly perRow: number;
}

/** Which examples train and which are held back, and how many of each entity make a row. */
export interface RowPlan {
  /** Rows of a pass over the training examples. */
  readonly rows: number;
  readonly heldRows: number;
  /** By entity; the leading one has one example a row. */
  readonly train: readonly RowShare[];
  readonly held: readonly RowShare[];
}

/**
 * Plans rows with one example of the leading entity each, and so many of the others that all have a place.
 *
 * @param lead index of the leading entity; without one, the one with most examples leads
 */
export function planRows(
  entities: readonly EntityExamples[],
  lead: number,
  options: {
    readonly validationShare: number;
    readonly seed: number;
    /** Draws an entity's training examples once others are held back. */
    readonly draw?: (entity: number, chosen: Int32Array) => Pick<RowShare, 'examples' | 'chosen'>;
  },
): RowPlan {
  const { validationShare, seed, draw } = options;
  const random = new Random(seed).fork('validation');
  const parts = entities.map(({ count }) => split(count, validationShare, random));
  const drawn = entities.map(
    (examples, at) => draw?.(at, parts[at].train) ?? { examples, chosen: parts[at].train },
  );
  const places = entities.map(({ passes }, at) => drawn[at].chosen.length * passes);
  const leading = lead >= 0 ? lead : places.indexOf(Math.max(...places));
  const rows = places[leading];
  const perRow = places.map((count) => Math.max(1, Math.ceil(count / Math.max(1, rows))));
  return {
    rows,
    heldRows: parts[leading].held.length,
    train: drawn.map((own, at) => ({ ...own, perRow: perRow[at] })),
    held: entities.map((examples, at) => ({ examples, chosen: parts[at].held, perRow: perRow[at] })),
  };
}

/** The columns of a row: [examples a row, ...shape of the column]. */
export function rowSpec(shares: readonly RowShare[]): BatchSpec {
  return Object.fromEntries(
    shares.flatMap(({ examples, perRow }) =>
      Object.entries(examples.columns).map(([name, { spec }]) => [
        name,
        { dtype: spec.dtype, shape: [perRow, ...spec.shape] },
      ]),
    ),
  );
}

/** Rows made as they are read: ranking examples hold hundreds of candidates each, so that copying all would take gigabytes. */
export class JointRows implements RowSource {
  /** By entity: its examples in the order in which they are laid into the rows. */
  private readonly orders: readonly Int32Array[];

  /** @param passes whether each entity's examples are laid out as often as it asks for, or once */
  constructor(
    readonly rows: number,
    private readonly shares: readonly RowShare[],
    options: { seed: number; hasPasses: boolean },
  ) {
    const random = new Random(options.seed).fork('order');
    this.orders = shares.map(({ chosen, examples }, at) => {
      const order = new Int32Array(chosen.length * (options.hasPasses ? examples.passes : 1));
      for (let start = 0; start < order.length; start += chosen.length)
        order.set(random.fork(`${at}/${start}`).shuffle(chosen.slice()), start);
      return order;
    });
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
  async read(start: number, rows: number): Promise<BatchArrays> {
    const block: Record<string, Float32Array | Int32Array> = {};
    this.shares.forEach(({ examples, perRow }, entity) => {
      const order = this.orders[entity];
      const first = start * perRow;
      const count = Math.max(0, Math.min(rows * perRow, order.length - first));
      for (const [name, { spec, values }] of Object.entries(examples.columns)) {
        const width = spec.shape.reduce((a, b) => a * b, 1);
        const target =
          values instanceof Int32Array
            ? new Int32Array(rows * perRow * width)
            : new Float32Array(rows * perRow * width);
        for (let place = 0; place < count; place++) {
          const from = order[first + place] * width;
          target.set(values.subarray(from, from + width), place * width);
        }
        block[name] = target;
      }
    });
    return block;
  }
}

/** Some columns of chosen examples, one after another. */
export function takeExamples(
  { columns }: EntityExamples,
  names: readonly string[],
  chosen: Int32Array,
): BatchArrays {
  return Object.fromEntries(
    names.map((name) => {
      const { spec, values } = columns[name];
      const width = spec.shape.reduce((a, b) => a * b, 1);
      const taken = values.slice(0, chosen.length * width);
      chosen.forEach((row, to) => taken.set(values.subarray(row * width, (row + 1) * width), to * width));
      return [name, taken];
    }),
  );
}

/** Parts rows at random into training and held back. */
function split(count: number, share: number, random: Random): { train: Int32Array; held: Int32Array } {
  const order = Int32Array.from(random.permutation(count));
  const held = Math.round(count * share);
  return { train: order.subarray(held).sort(), held: order.subarray(0, held).sort() };
}
