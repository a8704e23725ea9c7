import { type BatchArrays, type BatchSpec, countRows, dataTypeOf } from './batch.js';
import { attribute, DATA_TYPE, type GraphBuilder } from './graph.js';
import { type Call, defineCall, type Feed, type GraphSession } from './session.js';

const INT = attribute.type(DATA_TYPE.int32);

/**
 * Examples that lie in TensorFlow's memory, so that a batch is put together within its step, by TensorFlow's threads: a step is fed the
 * numbers of its rows, and no array is assembled in JavaScript.
 */
export class GraphRows {
  private readonly handles: readonly string[];
  private readonly write: Call;

  constructor(
    private readonly graph: GraphBuilder,
    private readonly spec: BatchSpec,
  ) {
    const columns = Object.values(spec);
    this.handles = columns.map((own, at) =>
      graph.variable(`column_${at}`, [-1, ...own.shape], dataTypeOf(own)),
    );
    const feeds = columns.map((own, at): Feed => {
      const feed = { name: `column_value_${at}`, dataType: dataTypeOf(own), shape: [-1, ...own.shape] };
      graph.placeholder(feed.name, feed.dataType, feed.shape);
      return feed;
    });
    const written = feeds.map(({ name, dataType }, at) => {
      // Copied, as the fed tensor may be JavaScript's own memory.
      const copy = graph.node('DeepCopy', [name], { T: attribute.type(dataType) });
      return `^${graph.assign(this.handles[at], copy, [], dataType)}`;
    });
    const after = graph.node('Identity', [graph.scalar(0), ...written], {
      T: attribute.type(DATA_TYPE.float32),
    });
    this.write = defineCall(feeds, [after]);
  }

  /** Replaces the examples. */
  load(session: GraphSession, arrays: BatchArrays): void {
    const rows = countRows(this.spec, arrays);
    const { feedNames, fetchNames } = this.write;
    const feeds = this.write.feeds.map((feed) => ({ ...feed, shape: [rows, ...feed.shape.slice(1)] }));
    const names = Object.keys(this.spec);
    session.run(
      { feeds, feedNames, fetchNames },
      names.map((name) => arrays[name]),
    );
  }

  /**
   * Adds a batch's inputs, which can be fed, or are looked up by the fed numbers of rows.
   *
   * @param feeds what the inputs are called
   * @param order the placeholder of the rows' numbers, [rows] int32
   */
  addInputs(feeds: readonly Feed[], order: string): void {
    const { graph } = this;
    feeds.forEach(({ name, dataType, shape }, at) => {
      const type = attribute.type(dataType);
      const rows = graph.node('ResourceGather', [this.handles[at], order], { dtype: type, Tindices: INT });
      const attributes = { dtype: type, shape: attribute.shape(shape) };
      graph.node('PlaceholderWithDefault', [rows], attributes, name);
    });
  }
}
