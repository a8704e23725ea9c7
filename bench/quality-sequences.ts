/**
 * Quality of item recommenders on a folder of interactions: a user's last item is the test item, the one before it validation, the rest
 * history; or a tenth of each user's items at random is.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { runInProcesses } from '../src/nn/parallel.js';
import { bert4rec, itemKnn, popular, sasrec, softmaxRanker } from '../src/pipeline/single-task/index.js';
import type { SequenceFigures, SequenceUnit, Split } from './quality-sequence-unit.js';

const MODELS = [popular, itemKnn, softmaxRanker, sasrec, bert4rec];

export interface SequenceOptions {
  readonly seeds: readonly number[];
  readonly processes: number;
  readonly split: Split;
  /** Rank against so many sampled items instead of all. */
  readonly negatives: number | null;
}

interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}
type Spreads = Readonly<Record<keyof SequenceFigures, Spread>>;

/** Every model's figures over the seeds, and at the top the test figures of the one that is best on validation. */
export async function sequenceQuality(
  folder: string,
  { seeds, processes, split, negatives }: SequenceOptions,
): Promise<object> {
  const names = readdirSync(folder);
  const name =
    names.find((found) => found.endsWith('.inter')) ?? names.find((found) => /\.(txt|tsv|seq)$/.test(found));
  if (!name) throw new Error(`There is no .inter file and no list of "user item" lines in ${folder}.`);
  const units = MODELS.flatMap(({ architecture, family }) =>
    // A baseline starts from nothing random.
    (family === 'BASELINE' ? seeds.slice(0, 1) : seeds).flatMap((seed) =>
      (['validation', 'test'] as const).map((part): SequenceUnit => {
        return { file: join(folder, name), architecture, seed, split, part, negatives };
      }),
    ),
  );
  const module = new URL('./quality-sequence-unit.js', import.meta.url);
  const figures = await runInProcesses<SequenceUnit, SequenceFigures>(module, units, { processes });
  const models = Object.fromEntries(
    MODELS.map(({ architecture }) => {
      const of = (part: SequenceUnit['part']) =>
        spreads(
          figures.filter((_, at) => units[at].architecture === architecture && units[at].part === part),
        );
      return [architecture, { validation: of('validation'), test: of('test') }];
    }),
  );
  const [[chosen, { test }]] = Object.entries(models).sort(
    ([, a], [, b]) => b.validation.ndcg10.mean - a.validation.ndcg10.mean,
  );
  const protocols: Record<Split, string> = {
    LEAVE_ONE_OUT: 'leave one out',
    RANDOM: 'a tenth of each user’s items at random, another tenth for validation',
  };
  return {
    protocol: `${protocols[split]}, items already seen left out, ${negatives === null ? 'full ranking' : `against ${negatives} sampled items`}`,
    seeds,
    chosen,
    hr10: test.hr10.mean,
    ndcg10: test.ndcg10.mean,
    recall10: test.recall10.mean,
    spread: test,
    models,
  };
}

function spreads(figures: readonly SequenceFigures[]): Spreads {
  const of = (name: keyof SequenceFigures): Spread => {
    const values = figures.map((figure) => figure[name]);
    return {
      mean: values.reduce((a, b) => a + b, 0) / values.length,
      low: Math.min(...values),
      high: Math.max(...values),
    };
  };
  return { hr10: of('hr10'), ndcg10: of('ndcg10'), recall10: of('recall10') };
}
