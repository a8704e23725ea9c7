import type * as Tensorflow from '@tensorflow/tfjs';

import { tf } from './backend.js';

/** A model cannot be traced, and why. */
export class TraceError extends Error {
  override readonly name = 'TraceError';
}

/** tfjs ops whose values are drawn in JavaScript: traced, they would be the same in every step. */
const RANDOM_OPS =
  /^(dropout|rand|randomGamma|randomNormal|randomStandardNormal|randomUniform|randomUniformInt|truncatedNormal)_?$/;
/** TensorFlow ops that draw for themselves: random in each step, but not repeatable from the seed. */
const UNSEEDED_OPS = new Set([
  'Multinomial',
  'RandomUniform',
  'RandomStandardNormal',
  'RandomUniformInt',
  'TruncatedNormal',
]);
/** tfjs-node's Gather kernel reads its indices to check their range; the values go nowhere. */
const READING_OPS = new Set(['gather', 'gather_']);

interface EngineScopes {
  readonly state: {
    activeTape: { readonly saved?: readonly Tensorflow.Tensor[] }[] | null;
    readonly gradientDepth: number;
    readonly scopeStack: readonly { readonly name: string }[];
    readonly registeredVariables: Readonly<Record<string, Tensorflow.Variable>>;
  };
}

/** tfjs's engine, as far as it is looked into here. */
export function engine(): EngineScopes {
  return tf.engine();
}

/** An error within a gradient leaves tfjs's tape, and the tensors that it kept, behind. */
export function dropTape(): void {
  const { state } = engine();
  if (state.gradientDepth > 0 || !state.activeTape) return;
  for (const { saved } of state.activeTape) for (const tensor of saved ?? []) tensor?.dispose();
  state.activeTape = null;
}

/** Names of the tfjs ops that are running, the innermost last. */
function runningOps(): string[] {
  const { scopeStack } = engine().state;
  return scopeStack.flatMap(({ name }) => (name?.endsWith('__op') ? [name.slice(0, -'__op'.length)] : []));
}

/** @throws TraceError unless a kernel that may reads a tensor */
export function refuseReading(): void {
  const { scopeStack } = engine().state;
  const innermost = scopeStack.at(-1)?.name ?? '';
  if (READING_OPS.has(innermost.replace(/__op$/, ''))) return;
  const within = runningOps().at(-1);
  throw new TraceError(
    'The model reads the values of a tensor (dataSync, arraySync, data or print' +
      `${within ? ` within ${within}` : ''}). What JavaScript decides by them would be frozen into the graph: ` +
      'use tensor ops (tf.where, tf.maximum …) instead.',
  );
}

/** @throws TraceError when an op that draws in JavaScript is making a tensor */
export function refuseRandom(): void {
  const random = runningOps().find((name) => RANDOM_OPS.test(name));
  if (!random) return;
  throw new TraceError(
    `The model draws random numbers with tf.${random.replace(/_$/, '')}, which would be the same in every step of the ` +
      'graph. Use the context that is passed to the loss: context.random.uniform, normal, integers or dropout.',
  );
}

/** @throws TraceError for an op that draws for itself */
export function refuseUnseeded(op: string): void {
  if (!UNSEEDED_OPS.has(op)) return;
  throw new TraceError(
    `The model draws random numbers with ${op}, which the seed does not reach: use context.random.`,
  );
}
