import { tf } from './backend.js';
import { type BatchArrays, type BatchSpec, countRows, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import { gatherRows } from './eager-loss.js';
import type { CompiledPredictor, Predictions, PredictOptions } from './predict.js';

/** Predicts op by op, where TensorFlow is not native. */
export class EagerPredictor<S extends BatchSpec> implements CompiledPredictor<S> {
  readonly mode = 'eager';
  readonly batch: S;
  private readonly anchor = newAnchor();

  constructor(private readonly options: PredictOptions<S>) {
    this.batch = options.batch;
  }

  predict(arrays: BatchArrays<S>): Predictions {
    const rows = countRows(this.batch, arrays);
    const results: Record<string, Float32Array> = {};
    tf.tidy(() => {
      const gather: Gather = (table, ids) => ({
        rows: gatherRows(table.values, table, ids),
        receiveGradient: () => undefined,
      });
      const seed = tf.tensor1d([0, 0], 'int32');
      const context = makeContext({ isTraining: false, rows, seed, anchor: this.anchor, gather });
      const outputs = this.options.predict(toTensors(this.batch, arrays, rows), context);
      for (const [name, tensor] of Object.entries(outputs)) {
        results[name] = Float32Array.from(tf.cast(tensor, 'float32').dataSync());
      }
    });
    return results;
  }

  dispose(): void {
    this.anchor.dispose();
  }
}
