/** What is searched of each architecture unless the caller says otherwise: the settings that move its quality, around its defaults. */
import { AppError } from '../../../errors.js';
import type { Budget, Parameter, SearchSpace } from './space.js';

const int = (name: string, low: number, high: number, own: number): Parameter => ({
  name,
  type: 'INT',
  low,
  high,
  default: own,
});
const float = (name: string, low: number, high: number, own: number): Parameter => ({
  name,
  type: 'FLOAT',
  low,
  high,
  default: own,
});
const log = (name: string, low: number, high: number, own: number): Parameter => ({
  name,
  type: 'LOG',
  low,
  high,
  default: own,
});
const choice = (name: string, values: readonly unknown[], own: unknown): Parameter => ({
  name,
  type: 'CHOICE',
  values,
  default: own,
});
const epochs = (least: number, most: number): Budget => ({ parameter: 'epochs', least, most });

const DENSE_LAYERS = [[32], [64], [32, 32], [64, 64], [128, 64], [128, 128]];
const BOOSTING: SearchSpace = {
  parameters: [
    int('leaves', 2, 8, 6),
    log('shrinkage', 0.01, 0.3, 0.06),
    log('penalty', 0.1, 100, 10),
    float('columnShare', 0.05, 1, 0.15),
    float('rowShare', 0.3, 1, 0.5),
  ],
  budget: { parameter: 'trees', least: 20, most: 180 },
};
const sequence = (own: readonly Parameter[]): SearchSpace => ({
  parameters: [
    log('learningRate', 1e-4, 1e-2, 1e-3),
    float('dropout', 0, 0.6, 0.3),
    choice('embeddingDim', [32, 64, 128], 64),
    int('blocks', 1, 3, 2),
    ...own,
  ],
  budget: epochs(6, 54),
});
const multiTask = (layers: readonly (readonly number[])[], own: readonly Parameter[] = []): SearchSpace => ({
  parameters: [
    choice('hiddenUnits', layers, layers[0]),
    log('learningRate', 3e-4, 2e-2, 3e-3),
    float('dropout', 0, 0.6, 0.3),
    log('weightDecay', 1e-4, 0.3, 0.01),
    ...own,
  ],
  budget: epochs(2, 12),
});
const TWO_LAYERS = [
  [64, 32],
  [32, 32],
  [64, 64],
  [128, 64],
];
const EXPERTS = [int('taskExperts', 1, 4, 1), int('sharedExperts', 1, 4, 2)];

const LINE: SearchSpace = {
  parameters: [log('learningRate', 5e-4, 5e-2, 5e-3), log('weightDecay', 1e-4, 1, 0.01)],
  budget: epochs(2, 12),
};

export const SEARCH_SPACES: Readonly<Record<string, SearchSpace>> = {
  'logistic-regression': LINE,
  'linear-hazards': LINE,
  dense: {
    parameters: [
      choice('hiddenUnits', DENSE_LAYERS, [64, 64]),
      log('learningRate', 2e-4, 2e-2, 1e-3),
      float('dropout', 0, 0.6, 0.3),
      log('weightDecay', 1e-4, 0.3, 0.01),
      choice('batchSize', [128, 256, 512, 1024], 512),
    ],
    budget: epochs(1, 9),
  },
  'boosted-trees': BOOSTING,
  'boosted-hazards': BOOSTING,
  'fraud-logistic-regression': { parameters: [log('penalty', 0.01, 100, 1)], budget: null },
  'fraud-dense': {
    parameters: [
      choice('hiddenUnits', DENSE_LAYERS, [64, 64]),
      log('learningRate', 1e-4, 1e-2, 1e-3),
      float('dropout', 0, 0.6, 0.2),
      log('weightDecay', 1e-4, 0.3, 0.01),
    ],
    budget: epochs(4, 36),
  },
  'softmax-ranker': {
    parameters: [
      int('hidden', 4, 64, 16),
      log('learningRate', 5e-4, 3e-2, 5e-3),
      log('weightDecay', 1e-4, 0.3, 0.01),
      float('newShare', 0, 1, 0.5),
      int('members', 1, 3, 3),
    ],
    budget: epochs(2, 18),
  },
  sasrec: sequence([]),
  bert4rec: sequence([float('maskShare', 0.1, 0.6, 0.3)]),
  'two-towers': {
    parameters: [
      choice('embeddingDim', [16, 32, 64, 128], 32),
      choice('hidden', [32, 64, 128], 64),
      log('temperature', 0.02, 0.5, 0.1),
      log('learningRate', 3e-4, 2e-2, 2e-3),
      log('embeddingRate', 5e-3, 0.3, 0.05),
      float('idDropout', 0, 0.5, 0.1),
      choice('batchSize', [128, 256, 512], 256),
    ],
    budget: epochs(2, 12),
  },
  'demand-regression': {
    parameters: [
      log('learningRate', 1e-3, 0.1, 1e-2),
      log('weightDecay', 1e-4, 1, 0.01),
      int('origins', 4, 26, 12),
      log('leastUnits', 1, 100, 20),
    ],
    budget: epochs(5, 45),
  },
  'custom-regression': LINE,
  'custom-dense': {
    parameters: [
      choice('hiddenUnits', DENSE_LAYERS, [64, 64]),
      log('learningRate', 2e-4, 2e-2, 1e-3),
      float('dropout', 0, 0.6, 0.3),
      log('weightDecay', 1e-4, 0.3, 0.01),
    ],
    budget: epochs(2, 18),
  },
  'session-regression': {
    parameters: [log('learningRate', 5e-4, 5e-2, 5e-3), log('weightDecay', 1e-4, 1, 0.05)],
    budget: epochs(1, 9),
  },
  'session-dense': {
    parameters: [
      choice('hiddenUnits', [[64], [64, 32], [128, 64], [128, 128]], [128, 64]),
      log('learningRate', 2e-4, 2e-2, 2e-3),
      float('dropout', 0, 0.6, 0.3),
      log('weightDecay', 1e-4, 0.5, 0.05),
    ],
    budget: epochs(1, 9),
  },
  'shared-bottom': multiTask([[64, 64], [32, 32], [128, 64], [64]]),
  mmoe: multiTask(TWO_LAYERS, [int('experts', 2, 8, 4)]),
  cgc: multiTask(TWO_LAYERS, EXPERTS),
  ple: multiTask(
    [
      [64, 48, 32],
      [32, 32, 32],
      [128, 64, 32],
    ],
    EXPERTS,
  ),
  'cross-stitch': multiTask(TWO_LAYERS, [float('ownShare', 0.5, 1, 0.9)]),
  aitm: multiTask(TWO_LAYERS),
  esmm: multiTask(TWO_LAYERS),
};

/** @throws AppError BAD_USER_INPUT for an architecture without a space of its own */
export function searchSpaceOf(architecture: string): SearchSpace {
  if (Object.hasOwn(SEARCH_SPACES, architecture)) return SEARCH_SPACES[architecture];
  throw new AppError(
    'BAD_USER_INPUT',
    `architecture: ${architecture} has no space of its own to search; name parameters, or one of ${Object.keys(SEARCH_SPACES).join(', ')}.`,
  );
}
