import type * as Tensorflow from '@tensorflow/tfjs';

import { nativeBackend, tf } from './backend.js';

/** Runs one native op on float32 tensors. */
function floatOp(name: string, inputs: Tensorflow.Tensor[]): Tensorflow.Tensor {
  const { TF_ATTR_TYPE } = nativeBackend!.binding;
  return nativeBackend!.executeMultipleOutputs(
    name,
    [{ name: 'T', type: TF_ATTR_TYPE, value: 1 }],
    inputs,
    1,
  )[0];
}

/**
 * Gives ops that tfjs differentiates in many steps the gradient that TensorFlow has as one op. The values are the same; for a
 * rectifier, tfjs's own takes seven ops, and reads the layer's input, which keeps TensorFlow from fusing the layer.
 */
export function registerNativeGradients(): void {
  if (!nativeBackend) return;
  const isNative = () => tf.getBackend() === 'tensorflow';
  tf.registerGradient({
    kernelName: 'Relu',
    outputsToSave: [true],
    gradFunc: (gradient, [outputs]) => ({
      x: () =>
        isNative()
          ? floatOp('ReluGrad', [gradient as Tensorflow.Tensor, outputs])
          : tf.mul(gradient as Tensorflow.Tensor, tf.step(outputs)),
    }),
  });
}
