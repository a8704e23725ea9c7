/** Ways of learning on the ground that each was made for, against the same net by itself, from the same seeds. */
import type { Model } from '../src/pipeline/index.js';
import { type ConstructedCase, FEW_LABELS_VIEWS, fewLabelsCase, shiftCase } from './constructed-cases.js';
import { contextOf } from './multi-task-shops.js';

type Settings = Readonly<Record<string, unknown>>;

interface Case {
  readonly make: (seed: number) => ConstructedCase;
  /** The net by itself. */
  readonly alone: Settings;
  /** By name: what is given beside the net's settings. */
  readonly trials: Readonly<Record<string, Settings>>;
}

const NET = { hiddenUnits: [32, 16], learningRate: 0.005, dropout: 0.1 };

export const CONSTRUCTED: Readonly<Record<string, Case>> = {
  shift: {
    make: shiftCase,
    alone: { ...NET, epochs: 8, batchSize: 128 },
    trials: {
      'domain-adversarial': { collaboration: 'DOMAIN_ADVERSARIAL', domain: 'COUNTRY', strength: 1 },
      'domain-adversarial, 0.1': { collaboration: 'DOMAIN_ADVERSARIAL', domain: 'COUNTRY', strength: 0.1 },
      'discriminator without reversal': {
        collaboration: 'DOMAIN_ADVERSARIAL',
        domain: 'COUNTRY',
        strength: 0,
      },
    },
  },
  'few-labels': {
    make: fewLabelsCase,
    // As many steps as with the examples without a label.
    alone: { ...NET, epochs: 6, batchSize: 256, fraudPasses: 32 },
    trials: {
      'co-training': { collaboration: 'CO_TRAINING', views: FEW_LABELS_VIEWS, fraudPasses: 4 },
      'co-training, more pseudo-labels': {
        collaboration: 'CO_TRAINING',
        views: FEW_LABELS_VIEWS,
        fraudPasses: 4,
        strength: 1,
        perRound: 0.25,
      },
      'co-training without pseudo-labels': {
        collaboration: 'CO_TRAINING',
        views: FEW_LABELS_VIEWS,
        fraudPasses: 4,
        strength: 0,
      },
    },
  },
};

/** AUC of fraud among the judged orders. @param trial name; null = the net by itself. @param more settings beside the case's own */
export async function caseAuc(
  { make, alone, trials }: Case,
  trial: string | null,
  seed: number,
  more: Settings = {},
): Promise<number> {
  const { COLLABORATIVE_TYPES } = await import('../src/pipeline/collaborate/index.js');
  const { ARCHITECTURES, multiTaskType } = await import('../src/pipeline/multi-task/index.js');
  const { auc } = await import('../src/pipeline/evaluate/index.js');
  const { history, cut, judged, labels } = make(seed);
  const given: Settings = trial === null ? {} : trials[trial];
  const type =
    COLLABORATIVE_TYPES.find(({ collaboration }) => collaboration === given.collaboration) ??
    multiTaskType(ARCHITECTURES[0]);
  const model: Model = type.create(['FRAUD'], { ...alone, ...given, ...(trial === null ? {} : more) });
  try {
    await model.fit({ history, cut }, contextOf(seed));
    const contexts = judged.map((transaction) => ({ transaction, earlier: [] }));
    return auc(labels, await model.fraud!.scoreTransactions(contexts));
  } finally {
    model.dispose();
  }
}

/** Measures a case over seeds; prints rows as they come, and all of them as one JSON object. @param more settings of the collaborations */
export async function runCase(name: string, seeds: readonly number[], more: Settings = {}): Promise<void> {
  const found = Object.hasOwn(CONSTRUCTED, name) ? CONSTRUCTED[name] : undefined;
  if (!found) throw new Error(`Expected --case ${Object.keys(CONSTRUCTED).join(' or ')}; got "${name}".`);
  const rows: object[] = [];
  let alone: number[] = [];
  for (const trial of [null, ...Object.keys(found.trials)]) {
    const began = performance.now();
    const reached: number[] = [];
    for (const seed of seeds) reached.push(await caseAuc(found, trial, seed, more));
    if (trial === null) alone = reached;
    const gains = reached.map((value, at) => value - alone[at]);
    const row = {
      name: trial ?? 'alone',
      auc: meanAndSpread(reached),
      gain: meanAndSpread(gains),
      least_gain: Math.min(...gains),
      seconds_a_seed: (performance.now() - began) / 1000 / seeds.length,
    };
    rows.push(row);
    process.stderr.write(
      `| ${row.name} | ${shown(row.auc)} | ${shown(row.gain)} | ${row.seconds_a_seed.toFixed(1)} s |\n`,
    );
  }
  const protocol = `AUC of fraud in the constructed case ${name}: mean and standard deviation over ${seeds.length} seeds, and the gain over the net alone, paired`;
  console.log(JSON.stringify({ protocol, rows }));
}

interface Spread {
  readonly mean: number;
  readonly deviation: number;
}

function meanAndSpread(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}

const shown = ({ mean, deviation }: Spread): string => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
