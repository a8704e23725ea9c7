import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type * as Tensorflow from '@tensorflow/tfjs';

import { nativeBackend, tf } from './backend.js';
import { type BatchArrays, type BatchSpec, dataTypeOf, sampleArrays, toTensors } from './batch.js';
import { type Gather, makeContext, newAnchor } from './context.js';
import { attribute, DATA_TYPE, GraphBuilder, type Signature, type SignatureTensor } from './graph.js';
import { registerNativeGradients } from './native-gradients.js';
import { encodeOnnx } from './onnx.js';
import type { PredictOptions } from './predict.js';
import { Tracer } from './trace.js';
import { chooseSymbol, rowsOf } from './trace-rows.js';

/** Protocol buffers end at 2 GB. */
const MOST_BYTES = 2_000_000_000;
const FLOAT = attribute.type(DATA_TYPE.float32);
const INT = attribute.type(DATA_TYPE.int32);

/** What is exported. */
export type ExportOptions<S extends BatchSpec> = Pick<PredictOptions<S>, 'weights' | 'batch' | 'predict'>;

/**
 * Writes a model as a TensorFlow SavedModel, which `tf.saved_model.load(directory).signatures['serving_default']` of Python, TensorFlow
 * Serving and others run: inputs by the batch's names, outputs by the function's, any number of rows, weights inside.
 *
 * @param directory made if it is not there
 * @returns what the tensors are called in it, for `openSavedModel`
 * @throws TraceError when the function can't be traced, or holds a constant for each row; Error beyond 2 GB of weights
 */
export async function exportSavedModel<S extends BatchSpec>(
  directory: string,
  options: ExportOptions<S>,
): Promise<Signature> {
  const { graph, signature } = graphOfModel(options);
  await mkdir(join(directory, 'variables'), { recursive: true });
  await writeFile(join(directory, 'saved_model.pb'), graph.encodeSavedModel({ serving_default: signature }));
  return signature;
}

/** A SavedModel that was written, loaded again: to see that what is handed out gives the numbers that it should. */
export interface OpenSavedModel {
  /** @param columns by the batch's names, any number of rows. @returns outputs by name, row by row */
  run(columns: BatchArrays): Readonly<Record<string, Float32Array>>;
  dispose(): void;
}

/** Loads what `exportSavedModel` wrote. @param signature as it returned it */
export function openSavedModel(directory: string, signature: Signature): OpenSavedModel {
  const { binding } = nativeBackend!;
  const id = binding.loadSavedModel(directory, 'serve');
  const inputs = Object.entries(signature.inputs);
  const outputs = Object.entries(signature.outputs);
  const namesOf = (tensors: typeof inputs) =>
    tensors.map(([, { tensor }]) => tensor.replace(/:0$/, '')).join();
  return {
    run(columns) {
      const tensors = inputs.map(([name, { dataType, shape }]) => {
        const width = shape.slice(1).reduce((a, b) => a * b, 1);
        return binding.createTensor(
          [columns[name].length / width, ...shape.slice(1)],
          dataType,
          columns[name],
        );
      });
      try {
        const found = binding.runSavedModel(id, tensors, namesOf(inputs), namesOf(outputs));
        return Object.fromEntries(
          found.map((tensor, at) => {
            const values = binding.tensorDataSync(tensor.id) as Float32Array;
            binding.deleteTensor(tensor.id);
            return [outputs[at][0], values];
          }),
        );
      } finally {
        for (const tensor of tensors) binding.deleteTensor(tensor);
      }
    },
    dispose: () => binding.deleteSavedModel(id),
  };
}

/**
 * Writes a model as an ONNX file (opset 18), for ONNX Runtime and what else reads it: inputs by the batch's names, outputs by the
 * function's, any number of rows, weights inside.
 *
 * @param file its folder is made if it is not there
 * @throws TraceError when the function can't be traced, or uses an op that is not translated; Error beyond 2 GB of weights
 */
export async function exportOnnx<S extends BatchSpec>(
  file: string,
  options: ExportOptions<S>,
): Promise<void> {
  const { graph, signature } = graphOfModel(options);
  const bytes = encodeOnnx(graph.nodes, signature);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
}

/** Traces a model for any number of rows. */
function graphOfModel<S extends BatchSpec>(
  options: ExportOptions<S>,
): { graph: GraphBuilder; signature: Signature } {
  if (!nativeBackend)
    throw new Error('Exporting a model needs native TensorFlow, which is not installed here');
  if (options.weights.parameters * 4 > MOST_BYTES) {
    throw new Error(
      `The model has ${options.weights.parameters} numbers; a file with more than 2 GB can't be written`,
    );
  }
  registerNativeGradients();
  const { weights, batch: spec, predict } = options;
  const graph = new GraphBuilder();
  const columns = Object.entries(spec);
  const inputs: Record<string, SignatureTensor> = {};
  columns.forEach(([name, own], at) => {
    const shape = [-1, ...own.shape];
    const tensor = graph.placeholder(`input_${at}`, dataTypeOf(own), shape);
    inputs[name] = { tensor: `${tensor}:0`, dataType: dataTypeOf(own), shape };
  });
  const tableSizes = weights.tables.flatMap(({ rows, dim }) => [rows, dim]);
  const rows = chooseSymbol([...weights.weights.flatMap(({ shape }) => shape), ...tableSizes]);
  const tracer = new Tracer(graph, { rows, tensor: rowsOf(graph, 'input_0', dataTypeOf(columns[0][1])) });
  const outputs: Record<string, SignatureTensor> = {};
  const anchor = newAnchor();
  try {
    tf.tidy(() => {
      const batch = toTensors(spec, sampleArrays(spec, rows) as BatchArrays<S>, rows);
      columns.forEach(([name], at) => tracer.bind(batch[name], `input_${at}`));
      for (const { variable, shape } of weights.weights) {
        tracer.bindConstant(variable, DATA_TYPE.float32, shape, variable.dataSync());
      }
      const gather = gatherConstant(graph, tracer);
      const seed = tf.tensor1d([0, 0], 'int32');
      tracer.record(() => {
        const context = makeContext({ isTraining: false, rows, seed, anchor, gather });
        for (const [name, tensor] of Object.entries(predict(batch, context))) {
          const output = graph.float('Identity', tracer.tensorOf(tf.cast(tensor, 'float32')));
          outputs[name] = {
            tensor: `${output}:0`,
            dataType: DATA_TYPE.float32,
            shape: [-1, ...tensor.shape.slice(1)],
          };
        }
      });
    });
  } finally {
    anchor.dispose();
  }
  return { graph, signature: { inputs, outputs } };
}

function gatherConstant(graph: GraphBuilder, tracer: Tracer): Gather {
  const written = new Map<string, string>();
  return (table, ids) => {
    const known = written.get(table.name);
    const constant = known ?? graph.constant(DATA_TYPE.float32, [table.rows, table.dim], table.values);
    written.set(table.name, constant);
    const axis = graph.constant(DATA_TYPE.int32, [], Int32Array.of(0));
    const gathered = graph.node('GatherV2', [constant, tracer.tensorOf(ids), axis], {
      Tparams: FLOAT,
      Tindices: INT,
      Taxis: INT,
    });
    const rows = tf.zeros<Tensorflow.Rank.R2>([ids.size, table.dim]);
    tracer.bind(rows, gathered);
    return { rows, receiveGradient: () => undefined };
  };
}
