import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nativeBackend, type NativeBinding, type TensorValues } from './backend.js';
import { DATA_TYPE, type GraphBuilder } from './graph.js';

/** A tensor to feed: the placeholder's name, with type and shape as the placeholder has them. */
export interface Feed {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly number[];
}

/** The binding wants at least one input, so fetches that need none are fed this. */
const NOTHING: Feed = { name: 'nothing', dataType: DATA_TYPE.float32, shape: [] };
const NOTHING_VALUES = [new Float32Array(1)];

/** One kind of call: which placeholders are fed and which tensors come back. */
export interface Call {
  readonly feeds: readonly Feed[];
  readonly feedNames: string;
  readonly fetchNames: string;
}

/** A tensor that is fed to many calls: it is brought into TensorFlow once. Until it is disposed its array must not change. */
export class HeldTensor {
  readonly id: number;
  private readonly binding: NativeBinding;

  constructor(
    shape: readonly number[],
    dataType: number,
    readonly values: TensorValues, // kept, as TensorFlow reads well aligned arrays in place
  ) {
    if (!nativeBackend) throw new Error('Graph mode needs native TensorFlow');
    this.binding = nativeBackend.binding;
    this.id = this.binding.createTensor(shape, dataType, values);
  }

  dispose(): void {
    this.binding.deleteTensor(this.id);
  }
}

export function defineCall(feeds: readonly Feed[], fetches: readonly string[]): Call {
  const given = feeds.length > 0 ? feeds : [NOTHING];
  return { feeds: given, feedNames: given.map((feed) => feed.name).join(), fetchNames: fetches.join() };
}

/** A graph that is loaded into TensorFlow, with its own variables. Dispose it to free them. */
export class GraphSession {
  private readonly binding: NativeBinding;
  private readonly id: number;
  private isDisposed = false;

  /** Adds what `run` needs to the graph, and loads it. */
  constructor(graph: GraphBuilder) {
    if (!nativeBackend) throw new Error('Graph mode needs native TensorFlow');
    this.binding = nativeBackend.binding;
    graph.placeholder(NOTHING.name, NOTHING.dataType, NOTHING.shape);
    const directory = mkdtempSync(join(tmpdir(), 'tandem-graph-'));
    try {
      writeFileSync(join(directory, 'saved_model.pb'), graph.encodeSavedModel());
      this.id = this.binding.loadSavedModel(directory, 'serve');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  /**
   * Runs the graph once.
   *
   * The arrays are read in place: do not change them meanwhile (there is no meanwhile in JavaScript: the call blocks).
   *
   * @param values one for each of the call's feeds, in order
   * @returns the fetched tensors' values, in the order of the call's fetches; copies that the caller owns
   */
  run(call: Call, values: readonly (TensorValues | HeldTensor)[]): TensorValues[] {
    if (this.isDisposed) throw new Error('This step or predictor is disposed');
    const { binding } = this;
    const given = values.length > 0 ? values : NOTHING_VALUES;
    const inputs: number[] = [];
    const made: number[] = [];
    try {
      for (let at = 0; at < given.length; at++) {
        const value = given[at];
        if (value instanceof HeldTensor) inputs.push(value.id);
        else {
          const { shape, dataType } = call.feeds[at];
          const id = binding.createTensor(shape, dataType, value);
          inputs.push(id);
          made.push(id);
        }
      }
      const outputs = binding.runSavedModel(this.id, inputs, call.feedNames, call.fetchNames);
      const results: TensorValues[] = [];
      for (const output of outputs) {
        results.push(binding.tensorDataSync(output.id));
        binding.deleteTensor(output.id);
      }
      return results;
    } finally {
      for (const id of made) binding.deleteTensor(id);
    }
  }

  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    this.binding.deleteSavedModel(this.id);
  }
}
