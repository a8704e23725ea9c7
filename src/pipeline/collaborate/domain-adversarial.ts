import type * as Tensorflow from '@tensorflow/tfjs';

import {
  dense,
  type DenseWeights,
  idColumn,
  reverseGradient,
  softmaxCrossEntropies,
  tf,
  weightedMean,
} from '../../nn/index.js';
import type { ShopHistory } from '../index.js';
import { type Collaboration, examplesOf, type PartPass } from '../multi-task/index.js';
import { type Domain, domainsOf } from './domains.js';

export interface DomainAdversarialOptions {
  readonly domain: Domain;
  /** How strongly the net is turned against the discriminator at the end of the training. */
  readonly strength: number;
  readonly history: ShopHistory;
}

const UNITS = 32;
const STRENGTH = 'reversal';
const COLUMN = 'domain';
/** Steepness of the reversal's growth (Ganin et al., JMLR 2016, section 5.2.2). */
const STEEPNESS = 10;

interface Discriminator {
  readonly hidden: DenseWeights;
  readonly output: DenseWeights;
}

/**
 * Domain-adversarial training (Ganin et al., JMLR 2016): a discriminator learns to tell the domain from what the heads are given, and its
 * gradient is turned around on the way into the net, which so learns what serves the tasks and says little about the domain. It reads what goes
 * around the net too, and examples without a label: with those of the source alone there would be no domain to tell.
 */
export function domainAdversarial({ domain, strength, history }: DomainAdversarialOptions): Collaboration {
  /** By part: how many domains its examples are of; 0 where they are of none. */
  let counts: readonly number[] = [];
  let discriminators: readonly (Discriminator | null)[] = [];
  const lossOf = (pass: PartPass, at: number, labels: Tensorflow.Tensor, reversal: Tensorflow.Scalar) => {
    const { hidden, output } = discriminators[at]!;
    const { representations, besides } = pass.outputs;
    const values = besides ? [...representations, besides] : [...representations];
    const given = values.length === 1 ? values[0] : tf.concat(values, 1);
    const logits = dense(dense(reverseGradient(given, reversal), hidden, 'relu'), output);
    // 0 where a place holds no example.
    const isExample = tf.cast(tf.greater(labels, tf.scalar(0, 'int32')), 'float32');
    const domains = tf.maximum(tf.sub(labels, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
    return weightedMean(softmaxCrossEntropies(domains, logits), isExample);
  };
  return {
    // Of a domain it is enough to have its examples: their labels may all be the other's.
    gathering: { unlabelled: 'IF_ANY' },
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
    columns: async (learner) => {
      const domains = learner.all.map((part) => domainsOf(domain, history, part.origins()));
      counts = domains.map((found) => found?.count ?? 0);
      return domains.map((found, at) =>
        found ? { [COLUMN + at]: { spec: idColumn(), values: found.of.map((own) => own + 1) } } : {},
      );
    },
    build: ([learner], weights) => {
      const { width } = learner.network;
      discriminators = learner.all.map(({ input, representations, besidesWidth = 0 }, at) => {
        if (counts[at] === 0) return null;
        const name = `${input.name}-${at}`;
        return {
          hidden: weights.dense(`${name}/hidden`, width * representations.length + besidesWidth, UNITS),
          output: weights.dense(`${name}/output`, UNITS, counts[at]),
        };
      });
    },
    schedules: (steps) => ({
      [STRENGTH]: (step) => strength * (2 / (1 + Math.exp((-STEEPNESS * step) / steps)) - 1),
    }),
    losses: ([pass], batch, context) => {
      const reversal = context.schedule(STRENGTH);
      const parts = pass.parts.flatMap((part, at) =>
        discriminators[at] ? [lossOf(part, at, examplesOf(batch[COLUMN + at]), reversal)] : [],
      );
      return { tasks: [pass.losses], extra: parts.length === 1 ? parts[0] : tf.addN(parts) };
    },
  };
}
