import type * as Tensorflow from '@tensorflow/tfjs';

import { type TensorValues, tf } from './backend.js';
import { type BatchArrays, type BatchSpec, dataTypeOf, sampleArrays, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import { attribute, DATA_TYPE, GraphBuilder } from './graph.js';
import { type CompiledPredictor, predictInSizes, type Predictions, type PredictOptions } from './predict.js';
import { type Call, defineCall, type Feed, GraphSession } from './session.js';
import { Tracer } from './trace.js';

const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

/** A prediction as one call of TensorFlow. Made by compilePredict. */
export class GraphPredictor<S extends BatchSpec> implements CompiledPredictor<S> {
  readonly mode = 'graph';
  readonly batch: S;
  private readonly graph = new GraphBuilder();
  private readonly session: GraphSession;
  private readonly calls = new Map<number, Call>();
  private readonly handles = new Map<string, string>();
  private readonly columns: readonly string[];
  private outputs: readonly string[] = [];

  constructor(
    private readonly options: PredictOptions<S>,
    private readonly sizes: readonly number[],
  ) {
    this.batch = options.batch;
    this.columns = Object.keys(options.batch);
    const { graph } = this;
    const writes = options.weights.tables.map((table, at) => {
      const { name, rows, dim } = table;
      const feed: Feed = { name: `value_${at}`, dataType: DATA_TYPE.float32, shape: [rows, dim] };
      const handle = graph.variable(`table_${at}`, feed.shape);
      graph.placeholder(feed.name, feed.dataType, feed.shape);
      this.handles.set(name, handle);
      const written = graph.assign(handle, graph.float('DeepCopy', feed.name));
      return {
        call: defineCall([feed], [graph.node('Identity', [graph.scalar(0), `^${written}`], { T: FLOAT })]),
        table,
      };
    });
    for (const size of sizes) this.trace(size);
    this.session = new GraphSession(graph);
    for (const { call, table } of writes) this.session.run(call, [table.values]);
  }

  predict(arrays: BatchArrays<S>): Predictions {
    return predictInSizes(this.batch, arrays, this.sizes, (batch, rows) => this.runBatch(batch, rows));
  }

  dispose(): void {
    this.session.dispose();
  }

  private runBatch(arrays: BatchArrays, rows: number): Predictions {
    const values: TensorValues[] = this.columns.map((name) => arrays[name]);
    const results = this.session.run(this.calls.get(rows)!, values);
    const named: Record<string, Float32Array> = {};
    this.outputs.forEach((name, at) => (named[name] = results[at] as Float32Array));
    return named;
  }

  private trace(rows: number): void {
    const { graph, options } = this;
    const feeds: Feed[] = this.columns.map((name, at) => ({
      name: `batch_${rows}_${at}`,
      dataType: dataTypeOf(this.batch[name]),
      shape: [rows, ...this.batch[name].shape],
    }));
    for (const { name, dataType, shape } of feeds) graph.placeholder(name, dataType, shape);
    const tracer = new Tracer(graph);
    const anchor = newAnchor();
    try {
      tf.tidy(() => {
        const batch = toTensors(this.batch, sampleArrays(this.batch, rows) as BatchArrays<S>, rows);
        this.columns.forEach((name, at) => tracer.bind(batch[name], feeds[at].name));
        for (const { variable, shape } of options.weights.weights) {
          const values = variable.dataSync() as Float32Array;
          tracer.bindConstant(variable, DATA_TYPE.float32, shape, values);
        }
        const seed = tf.tensor1d([0, 0], 'int32');
        const gather = this.gatherWith(tracer);
        const fetches = tracer.record(() => {
          const context = makeContext({ isTraining: false, rows, seed, anchor, gather });
          const outputs = options.predict(batch, context);
          this.outputs = Object.keys(outputs);
          return Object.values(outputs).map((tensor) => this.output(tracer, tensor, rows));
        });
        this.calls.set(rows, defineCall(feeds, fetches));
      });
    } finally {
      anchor.dispose();
    }
  }

  private output(tracer: Tracer, tensor: Tensorflow.Tensor, rows: number): string {
    if (tensor.shape[0] !== rows) {
      throw new Error(
        `An output is [${tensor.shape.join(', ')}]; expected one row for each of the ${rows} rows`,
      );
    }
    return this.graph.float('Identity', tracer.tensorOf(tf.cast(tensor, 'float32')));
  }

  private gatherWith(tracer: Tracer): Gather {
    return (table, ids) => {
      const handle = this.handles.get(table.name);
      if (handle === undefined) throw new Error(`Table "${table.name}" is not in the weight set`);
      const rows = tf.zeros<Tensorflow.Rank.R2>([ids.size, table.dim]);
      const gathered = this.graph.node('ResourceGather', [handle, tracer.tensorOf(ids)], {
        dtype: FLOAT,
        Tindices: INT,
      });
      tracer.bind(rows, gathered);
      return { rows, receiveGradient: () => undefined };
    };
  }
}
