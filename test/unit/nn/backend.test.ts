import { expect, jest, test } from '@jest/globals';

test('without the native library, models train and predict in JavaScript, without a word', async () => {
  process.env.TANDEM_TENSORFLOW = 'javascript';
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  const nn = await import('../../../src/nn/index.js');
  const { tf, dense, column } = nn;
  expect(nn.isNative).toBe(false);
  expect(tf.getBackend()).toBe('cpu');
  const weights = new nn.WeightSet(new nn.Random(1));
  const head = weights.dense('head', 2, 1);
  const logits = (x: ReturnType<typeof tf.tensor>) => tf.reshape(dense(x, head), [-1]);
  const step = nn.compileStep({
    weights,
    batch: { x: column(2), y: column() },
    loss: ({ x, y }, { random }) => nn.sigmoidCrossEntropy(y, logits(random.dropout(x, 0.1))),
    optimizer: nn.adam(0.1),
    seed: 1,
  });
  expect(step.mode).toBe('eager');
  const x = new nn.Random(2).fillNormal(new Float32Array(400), 1);
  const y = Float32Array.from({ length: 200 }, (_, row) => (x[2 * row] > x[2 * row + 1] ? 1 : 0));
  const { epochs } = await nn.train({ step, columns: { x, y }, batchSize: 50, epochs: 8, seed: 1 });
  expect(epochs[7].train.total).toBeLessThan(0.7 * epochs[0].train.total);
  const predictor = nn.compilePredict({
    weights,
    batch: { x: column(2) },
    predict: (rows) => ({ p: tf.sigmoid(logits(rows.x)) }),
  });
  const { p } = predictor.predict({ x });
  expect(p.filter((value, row) => value > 0.5 === y[row] > 0.5).length).toBeGreaterThan(185);
  await expect(
    nn.exportSavedModel('/nowhere', { weights, batch: { x: column(2) }, predict: () => ({}) }),
  ).rejects.toThrow(/needs native TensorFlow/);
  expect(warn).not.toHaveBeenCalled();
});
