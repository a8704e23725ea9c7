import type { GraphNode, Signature } from './graph.js';
import { OnnxGraph } from './onnx-graph.js';
import { translateOp } from './onnx-ops.js';

/** The bytes of an ONNX model. @throws TraceError naming an op that has no translation */
export function encodeOnnx(nodes: readonly GraphNode[], signature: Signature): Uint8Array {
  const onnx = new OnnxGraph();
  const tensors = new Map<string, string>();
  const inputNames = new Map(
    Object.entries(signature.inputs).map(([name, { tensor }]) => [tensor.replace(/:0$/, ''), name]),
  );
  const find = (tensor: string) => tensors.get(tensor.replace(/:0$/, ''))!;
  for (const node of nodes) {
    const input = inputNames.get(node.name);
    if (node.op === 'Placeholder' && input !== undefined) {
      tensors.set(node.name, input);
      continue;
    }
    const given = node.inputs.filter((name) => !name.startsWith('^')).map(find);
    translateOp(onnx, node, given).forEach((output, at) => {
      tensors.set(at === 0 ? node.name : `${node.name}:${at}`, output);
    });
  }
  const outputs = Object.entries(signature.outputs).map(([name, tensor]) => {
    onnx.output(name, find(tensor.tensor));
    return [name, { tensor }] as const;
  });
  return onnx.encode(signature.inputs, Object.fromEntries(outputs));
}
