import { type BatchArrays, type BatchSpec, type ColumnSpec, countRows, dataTypeOf } from './batch.js';
import { BatchAssembler } from './gather-rows.js';
import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import { type Feed, HeldTensor } from './session.js';

const INT = attribute.type(DATA_TYPE.int32);

/** Examples up to this size are brought into TensorFlow as a whole. */
const RESIDENT_BYTES = 512e6;

/** Names and shapes of what a step is fed: columns, numbers, seed. */
export function stepFeeds(spec: BatchSpec, prefix: string, rows: number, numbers: number): Feed[] {
  const columns = Object.entries(spec).map(([name, own], at): Feed => ({
    name: `${prefix}_${at}_${name.replaceAll(/\W/g, '_')}`,
    dataType: dataTypeOf(own),
    shape: [rows, ...own.shape],
  }));
  return [
    ...columns,
    { name: `${prefix}_numbers`, dataType: DATA_TYPE.float32, shape: [numbers] },
    { name: `${prefix}_seed`, dataType: DATA_TYPE.int32, shape: [2] },
  ];
}

/** What has to be fed of a step's feeds: most losses draw nothing, and their steps go without the seed, which is the last. */
export function neededFeeds(graph: GraphBuilder, feeds: readonly Feed[]): readonly Feed[] {
  const seed = feeds.at(-1)!.name;
  return graph.nodes.some(({ inputs }) => inputs.includes(seed)) ? feeds : feeds.slice(0, -1);
}

/** Examples that batches are taken from. Dispose them. */
export class LoadedRows<S extends BatchSpec> {
  /** All columns, for the feeds of GraphRows; null where they are too large, and batches are assembled in JavaScript. */
  readonly held: readonly HeldTensor[] | null;
  readonly assembler: BatchAssembler<S>;

  constructor(spec: S, arrays: BatchArrays<S>) {
    const rows = countRows(spec, arrays);
    this.assembler = new BatchAssembler(spec, arrays);
    const columns = Object.entries(spec);
    const bytes = columns.reduce((sum, [name]) => sum + arrays[name].byteLength, 0);
    const hold = ([name, own]: [string, ColumnSpec]) =>
      new HeldTensor([rows, ...own.shape], dataTypeOf(own), arrays[name]);
    this.held = bytes > RESIDENT_BYTES ? null : columns.map(hold);
  }

  dispose(): void {
    for (const tensor of this.held ?? []) tensor.dispose();
  }
}

/**
 * Batches that are put together within their step, by TensorFlow's threads: a step is fed all examples (a reference to them) and the numbers
 * of its rows, and no array is assembled in JavaScript.
 */
export class GraphRows {
  /** All examples, column by column. */
  readonly feeds: readonly Feed[];

  constructor(
    private readonly graph: GraphBuilder,
    spec: BatchSpec,
  ) {
    this.feeds = Object.values(spec).map((own, at): Feed => {
      const feed = { name: `examples_${at}`, dataType: dataTypeOf(own), shape: [-1, ...own.shape] };
      graph.placeholder(feed.name, feed.dataType, feed.shape);
      return feed;
    });
  }

  /**
   * Adds a batch's inputs, which can be fed, or are looked up by the fed numbers of rows.
   *
   * @param inputs what they are called
   * @param order  the placeholder of the rows' numbers, [rows] int32
   */
  addInputs(inputs: readonly Feed[], order: string): void {
    const { graph } = this;
    const axis = graph.constant(DATA_TYPE.int32, [], Int32Array.of(0));
    inputs.forEach(({ name, dataType, shape }, at) => {
      const type = attribute.type(dataType);
      const types = { Tparams: type, Tindices: INT, Taxis: INT };
      const rows = graph.node('GatherV2', [this.feeds[at].name, order, axis], types);
      const attributes = { dtype: type, shape: attribute.shape(shape) };
      graph.node('PlaceholderWithDefault', [rows], attributes, name);
    });
  }
}
