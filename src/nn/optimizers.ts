/** A learning rate that changes: the number of steps done → rate. */
export type Schedule = (step: number) => number;

/** Linear warm-up, then a half cosine down to `floor` × rate (Loshchilov and Hutter, 2017). */
export function cosineSchedule(
  rate: number,
  steps: number,
  options: { warmup?: number; floor?: number } = {},
): Schedule {
  const { warmup = 0, floor = 0 } = options;
  return (step) => {
    if (step < warmup) return (rate * (step + 1)) / warmup;
    const share = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
    return rate * (floor + ((1 - floor) * (1 + Math.cos(Math.PI * share))) / 2);
  };
}

/** Multiplies the rate by `factor` every `every` steps. */
export function stepSchedule(rate: number, every: number, factor: number): Schedule {
  return (step) => rate * factor ** Math.floor(step / every);
}

/** How weights follow their gradients. Make one with adam, adamW, adagrad or sgd. */
export interface Optimizer {
  readonly kind: 'adam' | 'adagrad' | 'sgd';
  readonly learningRate: number | Schedule;
  /** Share of the weight itself taken off a step, times the rate (AdamW); 0 = none. */
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly momentum: number;
  readonly initialAccumulator: number;
}

const DEFAULTS = {
  weightDecay: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  momentum: 0,
  initialAccumulator: 0.1,
} as const;

/** Adam (Kingma and Ba, 2015). On a table: the lazy kind, which moves only the moments of rows that are looked up. */
export function adam(
  learningRate: number | Schedule = 1e-3,
  options: { beta1?: number; beta2?: number; epsilon?: number } = {},
): Optimizer {
  return { ...DEFAULTS, ...options, kind: 'adam', learningRate };
}

/** Adam with decoupled weight decay (Loshchilov and Hutter, 2019); weights with `isDecayed` shrink by rate × decay a step. */
export function adamW(
  learningRate: number | Schedule = 1e-3,
  options: { weightDecay?: number; beta1?: number; beta2?: number; epsilon?: number } = {},
): Optimizer {
  return { ...DEFAULTS, weightDecay: 0.01, ...options, kind: 'adam', learningRate };
}

/**
 * Adagrad (Duchi et al., 2011). For a table, start the accumulator near 0 (1e-9): the gradient of a rare row, a mean over a large
 * batch, is about 1e-5, and an accumulator of 0.1 would drown it.
 */
export function adagrad(
  learningRate: number | Schedule = 0.05,
  options: { initialAccumulator?: number; epsilon?: number } = {},
): Optimizer {
  return { ...DEFAULTS, ...options, kind: 'adagrad', learningRate };
}

/** Stochastic gradient descent, with momentum if asked. */
export function sgd(learningRate: number | Schedule = 0.01, options: { momentum?: number } = {}): Optimizer {
  return { ...DEFAULTS, ...options, kind: 'sgd', learningRate };
}

/** Names of what an optimizer keeps per weight. */
export function slotsOf(optimizer: Optimizer): readonly string[] {
  if (optimizer.kind === 'adam') return ['m', 'v'];
  if (optimizer.kind === 'adagrad') return ['accumulator'];
  return optimizer.momentum > 0 ? ['velocity'] : [];
}

/** What a slot starts as. */
export function slotStart(optimizer: Optimizer): number {
  return optimizer.kind === 'adagrad' ? optimizer.initialAccumulator : 0;
}

/** Numbers that change with the step, fed to the graph: the rate, and Adam's powers of beta. */
export const HYPER_LENGTH = 3;

/** Writes [rate, beta1^t, beta2^t] for the given number of steps done. */
export function writeHyper(
  target: Float32Array,
  offset: number,
  optimizer: Optimizer,
  stepsDone: number,
): void {
  const { learningRate, beta1, beta2 } = optimizer;
  target[offset] = typeof learningRate === 'number' ? learningRate : learningRate(stepsDone);
  target[offset + 1] = beta1 ** (stepsDone + 1);
  target[offset + 2] = beta2 ** (stepsDone + 1);
}

/**
 * One update of some rows in JavaScript; what the graph's fused ops compute.
 *
 * @param weight    whole weight, changed in place
 * @param slots     arrays of the weight's length, changed in place
 * @param gradient  [rows.length × width], or the whole weight's when rows is null
 * @param rows      which rows of the weight the gradient is of; null = all
 */
export function applyUpdate(options: {
  optimizer: Optimizer;
  hyper: Float32Array;
  weight: Float32Array;
  slots: readonly Float32Array[];
  gradient: Float32Array;
  rows: Int32Array | null;
  isDecayed: boolean;
}): void {
  const { optimizer, hyper, weight, slots, gradient, rows, isDecayed } = options;
  const { beta1, beta2, epsilon, momentum, weightDecay } = optimizer;
  const [rate, beta1Power, beta2Power] = hyper;
  const width = rows ? gradient.length / rows.length : gradient.length;
  const alpha = (rate * Math.sqrt(1 - beta2Power)) / (1 - beta1Power);
  const shrink = isDecayed ? rate * weightDecay : 0;
  const [first, second] = slots;
  const count = rows ? rows.length : 1;
  for (let row = 0; row < count; row++) {
    const start = rows ? rows[row] * width : 0;
    for (let column = 0; column < width; column++) {
      const at = start + column;
      const slope = gradient[row * width + column];
      const decay = shrink * weight[at];
      if (optimizer.kind === 'adam') {
        first[at] += (slope - first[at]) * (1 - beta1);
        second[at] += (slope * slope - second[at]) * (1 - beta2);
        weight[at] -= (alpha * first[at]) / (Math.sqrt(second[at]) + epsilon);
      } else if (optimizer.kind === 'adagrad') {
        first[at] += slope * slope;
        weight[at] -= (rate * slope) / (Math.sqrt(first[at]) + epsilon);
      } else if (first) {
        first[at] = momentum * first[at] + slope;
        weight[at] -= rate * first[at];
      } else weight[at] -= rate * slope;
      weight[at] -= decay;
    }
  }
}
