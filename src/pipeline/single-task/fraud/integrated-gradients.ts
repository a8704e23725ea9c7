/** A dense layer's numbers: kernel [inputs × units] row by row, bias [units]. */
export interface LayerNumbers {
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** Points on the way from the baseline to the input; more change the sum by less than a thousandth of a logit here. */
const STEPS = 64;

/**
 * Each input's part in the logit of a network with rectified hidden layers and one output, by integrated gradients from the baseline 0
 * (Sundararajan et al., ICML 2017): the mean gradient along the straight way, times the input. The parts add up to logit(input) -
 * logit(0), up to the error of the sum over `STEPS` points.
 *
 * Computed in plain float64, as serving an explanation of a few orders is not worth compiling a graph of gradients.
 *
 * @param layers hidden layers, then the output layer with one unit
 * @param input  [inputs] standardised
 * @returns      [inputs] in logits
 */
export function integratedGradients(layers: readonly LayerNumbers[], input: ArrayLike<number>): Float64Array {
  const parts = new Float64Array(input.length);
  for (let step = 0; step < STEPS; step++) {
    const share = (step + 0.5) / STEPS;
    const gradient = inputGradient(
      layers,
      Float64Array.from(input, (value) => value * share),
    );
    for (let at = 0; at < parts.length; at++) parts[at] += (gradient[at] * input[at]) / STEPS;
  }
  return parts;
}

/** The network's output for one input. */
export function networkLogit(layers: readonly LayerNumbers[], input: ArrayLike<number>): number {
  return forward(layers, Float64Array.from(input)).at(-1)![0];
}

/** Outputs of every layer, the input first; hidden ones after the rectifier. */
function forward(layers: readonly LayerNumbers[], input: Float64Array): Float64Array[] {
  const outputs = [input];
  layers.forEach(({ kernel, bias }, index) => {
    const before = outputs[index];
    const after = Float64Array.from(bias);
    const units = bias.length;
    for (let from = 0; from < before.length; from++) {
      if (before[from] === 0) continue;
      for (let to = 0; to < units; to++) after[to] += before[from] * kernel[from * units + to];
    }
    if (index < layers.length - 1) for (let at = 0; at < units; at++) after[at] = Math.max(0, after[at]);
    outputs.push(after);
  });
  return outputs;
}

function inputGradient(layers: readonly LayerNumbers[], input: Float64Array): Float64Array {
  const outputs = forward(layers, input);
  let gradient = Float64Array.of(1);
  for (let index = layers.length - 1; index >= 0; index--) {
    const { kernel, bias } = layers[index];
    const before = outputs[index];
    const units = bias.length;
    const next = new Float64Array(before.length);
    for (let from = 0; from < before.length; from++) {
      // Behind a rectifier that gave 0 nothing changes; the input itself has none.
      if (index > 0 && before[from] === 0) continue;
      for (let to = 0; to < units; to++) next[from] += gradient[to] * kernel[from * units + to];
    }
    gradient = next;
  }
  return gradient;
}
